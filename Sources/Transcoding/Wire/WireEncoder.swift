#if canImport(Glibc)
    internal import Glibc
#endif

/// Writes message memory as protobuf bytes, from the last byte to the first: a message's length is known once its content
/// stands, so one pass does. protobuf-c's own packing moves a message once for each level above it, and goes through all
/// once more for the size: docs/decisions/0007-transcoding.md.
@safe struct WireEncoder: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var end: UnsafeMutablePointer<UInt8>
    private var limit = 0

    private static let firstCapacity = 4096
    /// What stays for the next message.
    private static let kept = 256 * 1024

    init() {
        unsafe start = .allocate(capacity: Self.firstCapacity)
        unsafe end = unsafe start + Self.firstCapacity
    }

    deinit { unsafe start.deallocate() }

    /// Bytes that it has of the system.
    var capacity: Int { unsafe end - start }

    /// Forgets what was written, and bounds what will be.
    mutating func reset(limit: Int) {
        self.limit = limit
        if unsafe end - start > Self.kept {
            unsafe start.deallocate()
            unsafe start = .allocate(capacity: Self.firstCapacity)
            unsafe end = unsafe start + Self.firstCapacity
        }
    }

    /// The bytes of a message, in an array of exactly their size.
    mutating func array(
        _ message: MessagePointer, _ type: UnsafePointer<MessageEntry>, limit: Int
    ) throws(TranscodingError) -> [UInt8] {
        reset(limit: limit)
        let first = unsafe try encode(message, type, before: end)
        return unsafe Array(UnsafeBufferPointer(start: first, count: end - first))
    }

    /// The bytes of a message, in the arena: what an Any holds.
    mutating func slice(
        _ message: MessagePointer, _ type: UnsafePointer<MessageEntry>, limit: Int, _ arena: Arena
    ) throws(TranscodingError) -> TextSlice {
        reset(limit: limit)
        let first = unsafe try encode(message, type, before: end)
        let count = unsafe end - first
        let bytes = unsafe try arena.allocate(count).assumingMemoryBound(to: UInt8.self)
        unsafe memcpy(bytes, first, count)
        return unsafe TextSlice(start: bytes, count: count)
    }

    // MARK: Messages

    // The first byte written is handed from function to function, so that it stays in a register: through `self` each
    // byte would wait for the one before it to come back from memory.

    private mutating func encode(
        _ message: MessagePointer, _ type: UnsafePointer<MessageEntry>, before last: UnsafeMutablePointer<UInt8>
    ) throws(TranscodingError) -> UnsafeMutablePointer<UInt8> {
        var cursor = unsafe last
        var field = unsafe type.pointee.fields + type.pointee.fieldCount
        while unsafe field > type.pointee.fields {
            unsafe field -= 1
            if unsafe field.pointee.shape == .singular {
                guard unsafe message.isSet(field) else { continue }
                unsafe try encodeValue(field, message + field.pointee.offset, &cursor)
                unsafe try writeTag(field, &cursor)
            } else {
                let count = unsafe message.count(field)
                guard count > 0, let elements = unsafe message.elements(field) else { continue }
                if unsafe field.pointee.isPacked {
                    unsafe cursor = unsafe try encodePacked(field, elements, count, before: cursor)
                } else {
                    unsafe cursor = unsafe try encodeElements(field, elements, count, before: cursor)
                }
            }
        }
        return unsafe cursor
    }

    private mutating func encodeElements(
        _ field: UnsafePointer<FieldEntry>, _ elements: UnsafeMutableRawPointer, _ count: Int,
        before last: UnsafeMutablePointer<UInt8>
    ) throws(TranscodingError) -> UnsafeMutablePointer<UInt8> {
        var cursor = unsafe last
        let size = unsafe field.pointee.kind.size
        var element = unsafe elements + count * size
        while unsafe element > elements {
            unsafe element -= size
            unsafe try encodeValue(field, element, &cursor)
            unsafe try writeTag(field, &cursor)
        }
        return unsafe cursor
    }

    @inline(__always)
    private mutating func encodeValue(
        _ field: UnsafePointer<FieldEntry>, _ value: UnsafeMutableRawPointer,
        _ cursor: inout UnsafeMutablePointer<UInt8>
    ) throws(TranscodingError) {
        switch unsafe field.pointee.kind {
        case .message:
            guard let type = unsafe field.pointee.message, let inner = unsafe value.load(as: MessagePointer?.self)
            else { return }
            let before = unsafe end - cursor
            unsafe cursor = unsafe try encode(inner, type, before: cursor)
            unsafe try writeVarint(UInt64(end - cursor - before), &cursor)
        case .string, .bytes:
            let bytes = unsafe loadBytes(value)
            if let source = bytes.baseAddress {
                unsafe try reserve(bytes.count, &cursor)
                unsafe cursor -= bytes.count
                unsafe copyBytes(cursor, source, bytes.count)
            }
            unsafe try writeVarint(UInt64(bytes.count), &cursor)
        default: unsafe try encodeScalar(field.pointee.kind, value, &cursor)
        }
    }

    @inline(__always)
    private mutating func encodeScalar(
        _ kind: FieldKind, _ value: UnsafeMutableRawPointer, _ cursor: inout UnsafeMutablePointer<UInt8>
    ) throws(TranscodingError) {
        switch kind {
        case .double, .fixed64, .sfixed64:
            unsafe try reserve(8, &cursor)
            unsafe cursor -= 8
            unsafe UnsafeMutableRawPointer(cursor).storeBytes(
                of: value.load(as: UInt64.self).littleEndian, as: UInt64.self)
        case .float, .fixed32, .sfixed32:
            unsafe try reserve(4, &cursor)
            unsafe cursor -= 4
            unsafe UnsafeMutableRawPointer(cursor).storeBytes(
                of: value.load(as: UInt32.self).littleEndian, as: UInt32.self)
        default: unsafe try writeVarint(Self.varint(kind, value), &cursor)
        }
    }

    /// What a varint of a kind says.
    @inline(__always)
    private static func varint(_ kind: FieldKind, _ value: UnsafeMutableRawPointer) -> UInt64 {
        switch kind {
        case .int64, .uint64: return unsafe value.load(as: UInt64.self)
        case .uint32, .bool: return UInt64(unsafe value.load(as: UInt32.self))
        case .sint32:
            let number = unsafe value.load(as: Int32.self)
            return UInt64(UInt32(bitPattern: number << 1 ^ number >> 31))
        case .sint64:
            let number = unsafe value.load(as: Int64.self)
            return UInt64(bitPattern: number << 1 ^ number >> 63)
        // Negative ones are as long as those of 64 bits, so that int32 can become int64.
        default: return UInt64(bitPattern: Int64(unsafe value.load(as: Int32.self)))
        }
    }

    private mutating func encodePacked(
        _ field: UnsafePointer<FieldEntry>, _ elements: UnsafeMutableRawPointer, _ count: Int,
        before last: UnsafeMutablePointer<UInt8>
    ) throws(TranscodingError) -> UnsafeMutablePointer<UInt8> {
        var cursor = unsafe last
        let size = unsafe field.pointee.kind.size
        let before = unsafe end - cursor
        var element = unsafe elements + count * size
        while unsafe element > elements {
            unsafe element -= size
            unsafe try encodeScalar(field.pointee.kind, element, &cursor)
        }
        unsafe try writeVarint(UInt64(end - cursor - before), &cursor)
        unsafe try writeTag(field, &cursor)
        return unsafe cursor
    }

    // MARK: Bytes

    @inline(__always)
    private mutating func writeTag(
        _ field: UnsafePointer<FieldEntry>, _ cursor: inout UnsafeMutablePointer<UInt8>
    ) throws(TranscodingError) {
        unsafe try writeVarint(UInt64(field.pointee.tag), &cursor)
    }

    @inline(__always)
    private mutating func writeVarint(
        _ value: UInt64, _ cursor: inout UnsafeMutablePointer<UInt8>
    ) throws(TranscodingError) {
        unsafe try reserve(10, &cursor)
        if value < 0x80 {
            unsafe cursor -= 1
            unsafe cursor.pointee = UInt8(truncatingIfNeeded: value)
            return
        }
        unsafe cursor = unsafe Self.writeLongVarint(value, before: cursor)
    }

    private static func writeLongVarint(
        _ value: UInt64, before last: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        let bits = 64 - value.leadingZeroBitCount
        let count = (bits + 6) / 7
        let first = unsafe last - count
        var rest = value
        for place in 0..<(count - 1) {
            unsafe first[place] = UInt8(truncatingIfNeeded: rest) | 0x80
            rest >>= 7
        }
        unsafe first[count - 1] = UInt8(truncatingIfNeeded: rest)
        return unsafe first
    }

    /// Makes room for some bytes in front of the cursor.
    @inline(__always)
    private mutating func reserve(
        _ bytes: Int, _ cursor: inout UnsafeMutablePointer<UInt8>
    ) throws(TranscodingError) {
        if unsafe cursor - start < bytes { unsafe cursor = unsafe try grow(bytes, cursor) }
    }

    @inline(never)
    private mutating func grow(
        _ bytes: Int, _ cursor: UnsafeMutablePointer<UInt8>
    ) throws(TranscodingError) -> UnsafeMutablePointer<UInt8> {
        let count = unsafe end - cursor
        guard count + bytes <= limit else {
            throw .exceeded("maxOutputBytes", "the output is longer than \(limit) bytes")
        }
        let capacity = unsafe max((end - start) * 2, count + bytes)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        unsafe memcpy(larger + capacity - count, cursor, count)
        unsafe start.deallocate()
        unsafe start = unsafe larger
        unsafe end = unsafe larger + capacity
        return unsafe end - count
    }
}
