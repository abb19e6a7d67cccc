extension MessageParser {
    /// Reads a scalar, string, bytes or enum to where it belongs; false where an unknown enum name is ignored.
    @inline(__always)
    mutating func parseScalar(
        _ field: UnsafePointer<FieldEntry>, to target: UnsafeMutableRawPointer
    ) throws(TranscodingError) -> Bool {
        let kind = unsafe field.pointee.kind
        switch kind {
        case .string:
            guard json.peek == UInt8(ascii: "\"") else { throw json.wrongType("a string") }
            let text = try json.string()
            unsafe target.storeBytes(text.start, text.count)
        case .bytes:
            guard json.peek == UInt8(ascii: "\"") else { throw json.wrongType("a string of base64") }
            let text = try json.string()
            // What is decoded is shorter, and takes the text's place.
            guard let count = unsafe Base64.decode(text.start, text.count, to: text.start) else {
                throw TranscodingError(.invalidValue, "the string is not base64")
            }
            unsafe target.storeBytes(text.start, count)
        case .bool:
            let bits: UInt32
            if json.peek == UInt8(ascii: "t") {
                try json.literal("true")
                bits = 1
            } else if json.peek == UInt8(ascii: "f") {
                try json.literal("false")
                bits = 0
            } else {
                throw json.wrongType("true or false")
            }
            unsafe target.storeBytes(of: bits, as: UInt32.self)
        case .enumeration:
            guard let bits = unsafe try enumeration(field) else { return false }
            unsafe target.storeBytes(of: UInt32(truncatingIfNeeded: bits), as: UInt32.self)
        default:
            let bits = try number(kind)
            if kind.size == 4 {
                unsafe target.storeBytes(of: UInt32(truncatingIfNeeded: bits), as: UInt32.self)
            } else {
                unsafe target.storeBytes(of: bits, as: UInt64.self)
            }
        }
        return true
    }

    @inline(__always)
    private mutating func number(_ kind: FieldKind) throws(TranscodingError) -> UInt64 {
        switch json.peek {
        case UInt8(ascii: "\""): return try ScalarText.number(try json.string(), kind)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let number = try json.number()
            return kind == .double || kind == .float
                ? try ScalarText.floatingPoint(number, kind) : try ScalarText.integer(number, kind)
        default: throw json.wrongType("a number")
        }
    }

    private mutating func enumeration(_ field: UnsafePointer<FieldEntry>) throws(TranscodingError) -> UInt64? {
        guard let type = unsafe field.pointee.enumeration else { return nil }
        switch json.peek {
        case UInt8(ascii: "\""):
            return unsafe try ScalarText.enumeration(try json.string(), type, ignoresUnknown: ignoresUnknown)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return unsafe try ScalarText.enumeration(try json.number(), type, ignoresUnknown: ignoresUnknown)
        case UInt8(ascii: "n") where unsafe type.pointee.isNullValue:
            try json.literal("null")
            return 0
        default: throw json.wrongType("the name of an enum's value")
        }
    }
}
