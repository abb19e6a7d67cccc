/// The wire types of protobuf's encoding.
enum WireType {
    static let varint: UInt32 = 0
    static let fixed64: UInt32 = 1
    static let bytes: UInt32 = 2
    static let startGroup: UInt32 = 3
    static let endGroup: UInt32 = 4
    static let fixed32: UInt32 = 5
}

extension FieldKind {
    /// The wire type of one value.
    @inline(__always)
    var wireType: UInt32 {
        switch self {
        case .double, .fixed64, .sfixed64: WireType.fixed64
        case .float, .fixed32, .sfixed32: WireType.fixed32
        case .string, .bytes, .message: WireType.bytes
        default: WireType.varint
        }
    }
}

/// A place in protobuf bytes, and where they end.
@safe struct WireReader {
    var cursor: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>

    @inline(__always)
    var isAtEnd: Bool { unsafe cursor >= end }

    @inline(__always)
    mutating func varint() throws(TranscodingError) -> UInt64 {
        guard unsafe cursor < end else { throw Self.truncated() }
        let byte = unsafe cursor.pointee
        if byte < 0x80 {
            unsafe cursor += 1
            return UInt64(byte)
        }
        return try longVarint()
    }

    private mutating func longVarint() throws(TranscodingError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while unsafe cursor < end {
            let byte = unsafe cursor.pointee
            unsafe cursor += 1
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 {
                // Bits of the tenth byte beyond the 64th fall, as in all other readers.
                return value
            }
            shift += 7
            guard shift < 70 else { throw Self.malformed("a varint is longer than ten bytes") }
        }
        throw Self.truncated()
    }

    @inline(__always)
    mutating func fixed32() throws(TranscodingError) -> UInt32 {
        guard unsafe end - cursor >= 4 else { throw Self.truncated() }
        let value = unsafe UInt32(littleEndian: UnsafeRawPointer(cursor).loadUnaligned(as: UInt32.self))
        unsafe cursor += 4
        return value
    }

    @inline(__always)
    mutating func fixed64() throws(TranscodingError) -> UInt64 {
        guard unsafe end - cursor >= 8 else { throw Self.truncated() }
        let value = unsafe UInt64(littleEndian: UnsafeRawPointer(cursor).loadUnaligned(as: UInt64.self))
        unsafe cursor += 8
        return value
    }

    /// A length, and a reader of as many bytes; the cursor stands behind them.
    @inline(__always)
    mutating func lengthDelimited() throws(TranscodingError) -> WireReader {
        let length = try varint()
        guard unsafe length <= UInt64(end - cursor) else { throw Self.truncated() }
        let start = unsafe cursor
        unsafe cursor += Int(length)
        return unsafe WireReader(cursor: start, end: cursor)
    }

    /// A field's number and wire type.
    @inline(__always)
    mutating func tag() throws(TranscodingError) -> (number: UInt32, wireType: UInt32) {
        let tag = try varint()
        guard tag <= UInt64(UInt32.max), tag >= 8 else { throw Self.malformed("a field has no valid number") }
        return (UInt32(tag >> 3), UInt32(tag & 7))
    }

    /// Passes over the value of a field that nobody knows; groups may lie `depth` deep.
    mutating func skip(_ number: UInt32, _ wireType: UInt32, depth: Int) throws(TranscodingError) {
        switch wireType {
        case WireType.varint: _ = try varint()
        case WireType.fixed64: _ = try fixed64()
        case WireType.fixed32: _ = try fixed32()
        case WireType.bytes: _ = try lengthDelimited()
        case WireType.startGroup:
            guard depth > 0 else { throw Self.tooDeep() }
            while true {
                let (inner, innerType) = try tag()
                if innerType == WireType.endGroup {
                    guard inner == number else { throw Self.malformed("a group ends with another's number") }
                    return
                }
                try skip(inner, innerType, depth: depth - 1)
            }
        case WireType.endGroup: throw Self.malformed("a group ends that has not begun")
        default: throw Self.malformed("wire type \(wireType) does not exist")
        }
    }

    /// One value of a kind that is no string, bytes or message, as its bits in memory.
    @inline(__always)
    mutating func scalar(_ kind: FieldKind) throws(TranscodingError) -> UInt64 {
        switch kind {
        case .double, .fixed64, .sfixed64: return try fixed64()
        case .float, .fixed32, .sfixed32: return UInt64(try fixed32())
        case .bool: return try varint() == 0 ? 0 : 1
        case .sint32:
            let value = UInt32(truncatingIfNeeded: try varint())
            return UInt64((value >> 1) ^ (0 &- (value & 1)))
        case .sint64:
            let value = try varint()
            return (value >> 1) ^ (0 &- (value & 1))
        default: return try varint()
        }
    }

    @inline(never)
    static func truncated() -> TranscodingError {
        TranscodingError(.malformedProtobuf, "the bytes end inside a field")
    }

    @inline(never)
    static func malformed(_ message: String) -> TranscodingError { TranscodingError(.malformedProtobuf, message) }

    @inline(never)
    static func tooDeep() -> TranscodingError { .exceeded("maxDepth", "messages lie too deep within each other") }
}
