/// Header fields in the order in which they stand, names compared without case.
public struct HTTPHeaders: Sendable, Hashable, ExpressibleByDictionaryLiteral, CustomStringConvertible {
    public struct Field: Sendable, Hashable {
        public var name: String
        public var value: String
    }

    public private(set) var fields: [Field] = []

    public init() {}

    public init(dictionaryLiteral elements: (String, String)...) {
        elements.forEach { add($0.0, $0.1) }
    }

    /// Appends a field, beside those of the same name.
    public mutating func add(_ name: String, _ value: String) { fields.append(Field(name: name, value: value)) }

    /// All values of a name.
    public subscript(all name: String) -> [String] {
        fields.compactMap { Self.same($0.name, name) ? $0.value : nil }
    }

    /// The first value of a name. Setting it replaces all fields of that name, and nil removes them.
    public subscript(_ name: String) -> String? {
        get { fields.first { Self.same($0.name, name) }?.value }
        set {
            fields.removeAll { Self.same($0.name, name) }
            if let newValue { add(name, newValue) }
        }
    }

    static func same(_ one: String, _ other: String) -> Bool {
        one.utf8.count == other.utf8.count
            && zip(one.utf8, other.utf8).allSatisfy { lower($0) == lower($1) }
    }

    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    /// Names only: values may be secrets.
    public var description: String { fields.map(\.name).joined(separator: ", ") }

    /// Fields that only the client sets, as they decide where a message ends and whom it is for.
    private static let managed: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect",
        "http2-settings",
    ]

    /// Refuses what would break out of its line, or change how the message is framed.
    func validate(maximumCount: Int, maximumBytes: Int) throws(OutboundError) {
        guard fields.count <= maximumCount else {
            throw OutboundError(.invalidRequest, "the request has more than \(maximumCount) headers")
        }
        guard fields.reduce(0, { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }) <= maximumBytes else {
            throw OutboundError(.invalidRequest, "the request's headers are longer than \(maximumBytes) bytes")
        }
        for field in fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(Self.isToken) else {
                throw OutboundError(.invalidRequest, "a header's name is no token (RFC 9110 section 5.1)")
            }
            guard field.value.utf8.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else {
                throw OutboundError(.invalidRequest, "the header \(field.name) has control characters in its value")
            }
            let name = field.name.lowercased()
            guard !Self.managed.contains(name), !name.hasPrefix("proxy-") else {
                throw OutboundError(.invalidRequest, "the header \(field.name) is the client's own to set")
            }
        }
    }

    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
