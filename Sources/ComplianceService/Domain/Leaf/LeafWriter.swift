/// Writes a leaf's bytes: integers with the most significant byte first, texts and bytes with their length before them.
struct LeafWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write<Value: FixedWidthInteger>(_ value: Value) {
        for shift in stride(from: Value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> Value(shift)))
        }
    }

    mutating func write(exactly raw: [UInt8]) { bytes += raw }

    /// - Throws: `LeafError.tooLong` if the length does not fit into two bytes.
    mutating func write(_ raw: [UInt8], _ field: StaticString) throws(LeafError) {
        guard raw.count <= UInt16.max else { throw .tooLong(field: "\(field)") }
        write(UInt16(raw.count))
        bytes += raw
    }

    mutating func write(_ text: String, _ field: StaticString) throws(LeafError) {
        try write(Array(text.utf8), field)
    }
}

/// Reads what `LeafWriter` wrote.
struct LeafReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws(LeafError) -> Value {
        try raw(Value.bitWidth / 8).reduce(0) { $0 << 8 | Value(truncatingIfNeeded: $1) }
    }

    mutating func raw(_ count: Int) throws(LeafError) -> [UInt8] {
        guard rest.count >= count else { throw .truncated }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func bytes() throws(LeafError) -> [UInt8] { try raw(Int(integer(UInt16.self))) }

    mutating func text(_ field: StaticString) throws(LeafError) -> String {
        guard let text = String(validating: try bytes(), as: UTF8.self) else { throw .notText(field: "\(field)") }
        return text
    }
}

/// Why bytes are no leaf, or a leaf has no bytes.
package enum LeafError: Error, Hashable, CustomStringConvertible {
    case tooLong(field: String)
    case truncated
    case excess
    case notText(field: String)
    case unknownVersion(UInt8)
    case unknownOutcome(UInt8)

    package var description: String {
        switch self {
        case .tooLong(let field): "\(field) is longer than 65535 bytes"
        case .truncated: "the leaf ends too early"
        case .excess: "the leaf has bytes behind its end"
        case .notText(let field): "\(field) is not UTF-8"
        case .unknownVersion(let version): "the leaf is of version \(version), which this program does not know"
        case .unknownOutcome(let outcome): "the leaf's outcome is \(outcome), which there is none of"
        }
    }
}
