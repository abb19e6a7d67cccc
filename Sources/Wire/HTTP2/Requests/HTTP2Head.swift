/// Header fields in order: names lower-case, values as they came.
public struct HTTP2Fields: Sendable, Hashable {
    /// One field.
    public struct Field: Sendable, Hashable {
        public var name: String
        public var value: String
    }

    public private(set) var list: [Field] = []

    public init() {}

    /// Fields in the order given; names are lower-cased.
    public init(_ fields: KeyValuePairs<String, String>) {
        for (name, value) in fields { add(name, value) }
    }

    /// The first value of `name`.
    public subscript(name: String) -> String? { list.first { $0.name == name }?.value }

    /// All values of `name`.
    public func values(_ name: String) -> [String] { list.filter { $0.name == name }.map(\.value) }

    public mutating func add(_ name: String, _ value: String) {
        list.append(Field(name: name.lowercased(), value: value))
    }

    /// The regular fields of a block, without pseudo-headers.
    init(_ block: borrowing HeaderBlock) {
        var fields: [Field] = []
        unsafe block.forEach { name, value in
            guard unsafe !name.isEmpty && name[0] != UInt8(ascii: ":") else { return }
            unsafe fields.append(
                Field(name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self)))
        }
        list = fields
    }

    /// The first field that must not be sent: RFC 9113, section 8.2.
    var firstInvalid: String? {
        for field in list {
            let isName = !field.name.isEmpty && field.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }
            let isValue = field.value.utf8.allSatisfy { $0 != 0 && $0 != 0x0A && $0 != 0x0D }
            if !isName || !isValue { return field.name }
            let isOfConnection = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]
            if isOfConnection.contains(field.name) { return field.name }
        }
        return nil
    }

    func write(to builder: HeaderBlockBuilder) {
        for field in list { builder.add(field.name, field.value) }
    }
}

/// The head of a request.
public struct HTTP2RequestHead: Sendable, Hashable {
    public var method: String
    public var scheme: String
    public var authority: String
    /// Path and query.
    public var path: String
    public var fields: HTTP2Fields

    public init(
        method: String,
        scheme: String = "http",
        authority: String = "",
        path: String,
        fields: HTTP2Fields = HTTP2Fields()
    ) {
        self.method = method
        self.scheme = scheme
        self.authority = authority
        self.path = path
        self.fields = fields
    }

    /// What must not be sent: a part with a control character or a space, or a field (RFC 9113, section 8.3).
    var firstInvalid: String? {
        for (name, part) in [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path)]
        where !part.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) { return name }
        return method.isEmpty ? ":method" : path.isEmpty ? ":path" : fields.firstInvalid
    }

    init(_ block: borrowing HeaderBlock) {
        self.init(
            method: block.first(":method") ?? "",
            scheme: block.first(":scheme") ?? "",
            authority: block.first(":authority") ?? block.first("host") ?? "",
            path: block.first(":path") ?? "",
            fields: HTTP2Fields(block)
        )
    }
}

/// The head of a reply.
public struct HTTP2ResponseHead: Sendable, Hashable {
    public var status: Int
    public var fields: HTTP2Fields

    public init(status: Int, fields: HTTP2Fields = HTTP2Fields()) {
        self.status = status
        self.fields = fields
    }
}
