/// The five bytes before each message (PROTOCOL-HTTP2.md, "Length-Prefixed-Message").
struct MessagePrefix: Equatable {
    static let size = 5

    var isCompressed: Bool
    var length: Int

    /// What the front of a stream's bytes holds.
    enum Front: Equatable {
        /// Not even a prefix.
        case none
        /// A prefix whose message has not arrived whole.
        case partial(MessagePrefix)
        case whole(MessagePrefix)
        /// The first byte is neither 0 nor 1.
        case malformed
    }

    static func front(of bytes: UnsafeRawBufferPointer) -> Front {
        guard bytes.count >= size else { return .none }
        let flag = unsafe bytes[0]
        guard flag <= 1 else { return .malformed }
        let length = unsafe Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
        let prefix = MessagePrefix(isCompressed: flag == 1, length: length)
        return bytes.count - size >= length ? .whole(prefix) : .partial(prefix)
    }

    func write(to queue: inout ByteQueue) {
        let room = unsafe queue.reserve(Self.size)
        unsafe room[0] = isCompressed ? 1 : 0
        unsafe room.storeBytes(of: UInt32(length).bigEndian, toByteOffset: 1, as: UInt32.self)
        queue.commit(Self.size)
    }
}

extension EncodedMessage {
    /// Appends the message compressed by gzip, with the prefix that says so.
    func compress(to queue: inout ByteQueue) {
        if isPacked { return unsafe withFrame { unsafe queue.append($0) } }
        let packed = unsafe withUnsafeBytes { unsafe Gzip.compress($0) }
        MessagePrefix(isCompressed: true, length: packed.count).write(to: &queue)
        queue.append(packed)
    }
}
