/// One field of a serialized message, by its number.
struct WireField {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(ArraySlice<UInt8>)
    }

    let number: Int32
    let value: Value

    /// The fields of a message in order; nil where the bytes are none, or have groups.
    static func all(in bytes: ArraySlice<UInt8>) -> [WireField]? {
        var rest = bytes
        var fields: [WireField] = []
        while !rest.isEmpty {
            guard let key = varint(&rest), let number = Int32(exactly: key >> 3), number > 0 else { return nil }
            let value: Value
            switch key & 7 {
            case 0:
                guard let number = varint(&rest) else { return nil }
                value = .varint(number)
            case 1:
                guard let number = fixed(&rest, 8) else { return nil }
                value = .fixed64(number)
            case 2:
                guard let count = varint(&rest), count <= UInt64(rest.count) else { return nil }
                value = .bytes(rest.prefix(Int(count)))
                rest = rest.dropFirst(Int(count))
            case 5:
                guard let number = fixed(&rest, 4) else { return nil }
                value = .fixed32(UInt32(truncatingIfNeeded: number))
            default: return nil
            }
            fields.append(WireField(number: number, value: value))
        }
        return fields
    }

    static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            result |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return result }
        }
        return nil
    }

    private static func fixed(_ rest: inout ArraySlice<UInt8>, _ count: Int) -> UInt64? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
