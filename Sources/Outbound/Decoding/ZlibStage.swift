internal import CZlib

/// gzip (RFC 1952, of any number of members) and deflate (RFC 1950, or as some send it RFC 1951 alone).
@safe
final class ZlibStage: DecodingStage {
    enum Form { case gzip, deflate }

    // On the heap: zlib's state points back to its stream.
    private let stream: UnsafeMutablePointer<z_stream>
    private let form: Form
    private var input: [UInt8] = []
    private var position = 0
    private var isReady = false
    private(set) var isAtEnd = false

    init(_ form: Form) {
        self.form = form
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
    }

    deinit {
        if isReady { unsafe inflateEnd(stream) }
        unsafe stream.deallocate()
    }

    func push(_ bytes: [UInt8]) {
        input = position < input.count ? Array(input[position...]) + bytes : bytes
        position = 0
    }

    func pull() throws(OutboundError) -> [UInt8]? {
        if isAtEnd, !beginsNextMember() { return nil }
        guard position < input.count else { return nil }
        if !isReady, try !begin() { return nil }
        return try inflateOnce()
    }

    /// After a member's end: another one, or rubbish such as padding, which is left alone.
    private func beginsNextMember() -> Bool {
        guard form == .gzip, position < input.count, input[position] == 0x1F, unsafe inflateReset(stream) == Z_OK else {
            position = input.count
            return false
        }
        isAtEnd = false
        return true
    }

    /// Whether enough has come to tell which form it is.
    private func begin() throws(OutboundError) -> Bool {
        var bits: Int32 = 15 + 16
        if form == .deflate {
            guard input.count - position >= 2 else { return false }
            let (first, second) = (Int(input[position]), Int(input[position + 1]))
            bits = first & 0x0F == 8 && (first << 8 | second).isMultiple(of: 31) ? 15 : -15
        }
        guard unsafe zlib_inflate_init(stream, bits) == Z_OK else {
            throw OutboundError(.unexpected, "no memory to decode a body")
        }
        isReady = true
        return true
    }

    private func inflateOnce() throws(OutboundError) -> [UInt8]? {
        var code = Z_OK
        let output = unsafe [UInt8](unsafeUninitializedCapacity: DecodingBuffer.size) { buffer, count in
            unsafe input.withUnsafeMutableBytes { bytes in
                unsafe stream.pointee.next_in = bytes.baseAddress.map {
                    unsafe $0.assumingMemoryBound(to: UInt8.self) + position
                }
                unsafe stream.pointee.avail_in = UInt32(bytes.count - position)
                unsafe stream.pointee.next_out = buffer.baseAddress
                unsafe stream.pointee.avail_out = UInt32(buffer.count)
                code = unsafe inflate(stream, Z_NO_FLUSH)
                position = unsafe bytes.count - Int(stream.pointee.avail_in)
                count = unsafe buffer.count - Int(stream.pointee.avail_out)
            }
        }
        switch code {
        case Z_STREAM_END: isAtEnd = true
        // Z_BUF_ERROR: nothing could be done without more input, which is no error.
        case Z_OK, Z_BUF_ERROR: break
        default: throw OutboundError(.decodingFailed, "the body is not what its encoding says")
        }
        if output.isEmpty { return isAtEnd || position < input.count && code == Z_OK ? try pull() : nil }
        return output
    }
}
