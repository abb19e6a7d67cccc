import Foundation

/// A JSON value as the gateway takes and gives it: the tool needs no types of the contract, as any caller of REST does
/// without.
public enum JSONValue: Sendable, Equatable, Codable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    /// Reads a document.
    public init(parsing bytes: [UInt8]) throws { self = try JSONDecoder().decode(JSONValue.self, from: Data(bytes)) }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value):
            if let whole = Int64(exactly: value) { try container.encode(whole) } else { try container.encode(value) }
        case .text(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let values): try container.encode(values)
        }
    }

    /// The document, keys in their order.
    public func bytes(isPretty: Bool = false) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        // Only a number that is none could fail, and there is no such in JSON.
        return [UInt8]((try? encoder.encode(self)) ?? Data("null".utf8))
    }

    /// A member; null where there is none.
    public subscript(key: String) -> JSONValue {
        if case .object(let values) = self { values[key] ?? .null } else { .null }
    }

    /// The text; empty where it is none, as protobuf's JSON leaves empty texts out.
    public var text: String { if case .text(let value) = self { value } else { "" } }

    /// The elements; none where it is no list.
    public var elements: [JSONValue] { if case .list(let values) = self { values } else { [] } }

    /// A whole number, which protobuf's JSON writes as text beyond 32 bits; zero where it is none.
    public var count: Int64 {
        switch self {
        case .number(let value): Int64(exactly: value.rounded()) ?? 0
        case .text(let value): Int64(value) ?? 0
        default: 0
        }
    }

    /// The number; nil where it is none.
    public var number: Double? { if case .number(let value) = self { value } else { nil } }

    /// Whether it is true.
    public var isTrue: Bool { self == .bool(true) }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}
