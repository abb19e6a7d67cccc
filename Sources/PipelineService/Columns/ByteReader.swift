/// Reads numbers in little-endian order; none where the bytes end.
struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }
    var remaining: Int { rest.count }

    mutating func byte() -> UInt8? { rest.popFirst() }

    mutating func uint32() -> UInt32? { number() }
    mutating func uint64() -> UInt64? { number() }

    /// A count that fits an Int.
    mutating func count() -> Int? { uint64().flatMap { Int(exactly: $0) } }

    mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private mutating func number<Number: FixedWidthInteger>() -> Number? {
        bytes(Number.bitWidth / 8).map { bytes in
            bytes.reversed().reduce(0 as Number) { $0 << 8 | Number($1) }
        }
    }
}

extension [UInt8] {
    /// Appends a number in little-endian order.
    mutating func put<Number: FixedWidthInteger>(_ number: Number) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
}

extension ByteReader {
    /// A text with its length in front.
    mutating func text() -> String? {
        guard let length = uint32(), let bytes = bytes(Int(length)) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
