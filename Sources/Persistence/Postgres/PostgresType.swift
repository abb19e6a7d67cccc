internal import CPostgres

/// The types that the store knows by number (`pg_type.dat`), and their text forms.
enum PostgresType {
    static let bool: Oid = 16
    static let bytea: Oid = 17
    static let int8: Oid = 20
    static let int2: Oid = 21
    static let int4: Oid = 23
    static let oid: Oid = 26
    static let float4: Oid = 700
    static let float8: Oid = 701
    static let numeric: Oid = 1700

    /// A value from its text form; types not listed stay text. A `numeric`, as `sum` makes of integers, is an integer
    /// where it is whole and fits, else a double.
    ///
    /// - Returns: nil if the bytes are not of this type.
    static func value(_ bytes: UnsafeRawBufferPointer, type: Oid) -> SQLValue? {
        if type == bytea { return unsafe blob(bytes) }
        let text = unsafe String(decoding: bytes, as: UTF8.self)
        switch type {
        case bool: return .boolean(text == "t")
        case int8, int4, int2, oid: return Int64(text).map(SQLValue.integer)
        case float8, float4: return Double(text).map(SQLValue.real)
        case numeric: return Int64(text).map(SQLValue.integer) ?? Double(text).map(SQLValue.real)
        default: return .text(text)
        }
    }

    /// `\x` and two hexadecimal digits a byte.
    private static func blob(_ bytes: UnsafeRawBufferPointer) -> SQLValue? {
        guard bytes.count >= 2, bytes.count.isMultiple(of: 2), unsafe bytes[1] == UInt8(ascii: "x") else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count / 2 - 1)
        for index in stride(from: 2, to: bytes.count, by: 2) {
            guard let high = unsafe digit(bytes[index]), let low = unsafe digit(bytes[index + 1]) else { return nil }
            result.append(high << 4 | low)
        }
        return .blob(result)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
