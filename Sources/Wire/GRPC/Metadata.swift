/// The metadata of a call: an ordered list of names with values, names lower-case and possibly repeated.
///
/// Names that end in `-bin` hold bytes, others printable ASCII.
public struct Metadata: Sendable, Hashable {
    public enum Value: Sendable, Hashable {
        case text(String)
        case bytes([UInt8])
    }

    private var fields: [(name: String, value: Value)] = []

    public init() {}

    /// Metadata of text values, in order.
    public init(_ fields: KeyValuePairs<String, String>) {
        for (name, value) in fields { add(name, value) }
    }

    public static func == (left: Metadata, right: Metadata) -> Bool {
        left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
    }

    public func hash(into hasher: inout Hasher) {
        for field in fields {
            hasher.combine(field.name)
            hasher.combine(field.value)
        }
    }

    public var isEmpty: Bool { fields.isEmpty }
    public var count: Int { fields.count }

    /// The first text value of `name`.
    public subscript(name: String) -> String? {
        for field in fields where field.name == name {
            if case .text(let text) = field.value { return text }
        }
        return nil
    }

    /// The first bytes of `name`, which ends in `-bin`.
    public subscript(bytes name: String) -> [UInt8]? {
        for field in fields where field.name == name {
            if case .bytes(let bytes) = field.value { return bytes }
        }
        return nil
    }

    /// All values of `name`, in order.
    public func values(_ name: String) -> [Value] {
        fields.compactMap { $0.name == name ? $0.value : nil }
    }

    /// Appends a text value. The name is lower-cased.
    public mutating func add(_ name: String, _ value: String) {
        fields.append((Self.lowerCased(name), .text(value)))
    }

    /// Appends bytes; `name` must end in `-bin`.
    public mutating func add(_ name: String, bytes: [UInt8]) {
        fields.append((Self.lowerCased(name), .bytes(bytes)))
    }

    private static func lowerCased(_ name: String) -> String {
        name.utf8.allSatisfy(isNameByte) ? name : name.lowercased()
    }

    public mutating func remove(_ name: String) {
        fields.removeAll { $0.name == name }
    }

    /// The first name that may not be sent, with the reason; nil if all may.
    package var firstInvalid: String? {
        for (name, value) in fields {
            if name.isEmpty || !name.utf8.allSatisfy(Self.isNameByte) { return "\(name): not a metadata name" }
            if Self.isReserved(name) { return "\(name): reserved for gRPC" }
            switch value {
            case .text(let text):
                if name.hasSuffix("-bin") { return "\(name): must hold bytes" }
                if !text.utf8.allSatisfy({ $0 >= 0x20 && $0 <= 0x7E }) { return "\(name): not printable ASCII" }
            case .bytes:
                if !name.hasSuffix("-bin") { return "\(name): bytes need a name that ends in -bin" }
            }
        }
        return nil
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// Names that begin as the protocol's own but are the users': when a server may be asked again (gRFC A6), traces.
    private static let open: Set<String> = ["grpc-retry-pushback-ms", "grpc-trace-bin", "grpc-tags-bin"]

    /// Whether the protocol sets a field of this name itself, or HTTP/2 forbids it as one of HTTP/1 connections.
    static func isReserved(_ name: String) -> Bool {
        // By length first: this is asked for each field of each call.
        switch name.utf8.count {
        case 2: name == "te"
        case 4: name == "host"
        case 7: name == "upgrade"
        case 10: name == "connection" || name == "keep-alive"
        case 12: name == "content-type" || isProtocols(name)
        case 14: name == "content-length" || isProtocols(name)
        case 16: name == "proxy-connection" || isProtocols(name)
        case 17: name == "transfer-encoding" || isProtocols(name)
        default: isProtocols(name)
        }
    }

    private static func isProtocols(_ name: String) -> Bool { name.hasPrefix("grpc-") && !open.contains(name) }

    /// Fields that hardly ever have the same value twice: kept out of the compression's table, where they would only
    /// push out those that do.
    private static func isUnique(_ name: String) -> Bool {
        switch name.utf8.count {
        case 11: name == "traceparent"
        case 12: name == "x-request-id"
        default: false
        }
    }

    /// Appends the fields to a block; bytes as unpadded base64.
    func write(to builder: HeaderBlockBuilder) {
        for (name, value) in fields {
            switch value {
            case .text(let text): builder.add(name, text, isIndexed: !Self.isUnique(name))
            case .bytes(let bytes): builder.add(name, Base64.encode(bytes))
            }
        }
    }
}

extension Metadata: Sequence {
    public func makeIterator() -> some IteratorProtocol<(name: String, value: Value)> { fields.makeIterator() }
}

extension Metadata {
    /// The custom metadata of a received block: all but pseudo-headers and the protocol's own fields.
    ///
    /// Bytes that are no base64 are left out, as they cannot be told from an attack.
    init(_ block: borrowing HeaderBlock) {
        var result = Metadata()
        unsafe block.forEach { name, value in
            guard unsafe !name.isEmpty && name[0] != UInt8(ascii: ":") && !Self.isProtocolField(name) else { return }
            let nameText = unsafe String(decoding: name, as: UTF8.self)
            if nameText.hasSuffix("-bin") {
                unsafe HeaderBlock.decodeBytes(value) { bytes in
                    if let bytes { result.add(nameText, bytes: bytes) }
                }
            } else {
                unsafe result.add(nameText, String(decoding: value, as: UTF8.self))
            }
        }
        self = result
    }

    private static func isProtocolField(_ name: UnsafeRawBufferPointer) -> Bool {
        unsafe name.equals("te") || name.equals("content-type") || name.equals("content-length")
            || name.equals("grpc-timeout") || name.equals("grpc-encoding") || name.equals("grpc-accept-encoding")
            || name.equals("grpc-status") || name.equals("grpc-message") || name.equals("grpc-status-details-bin")
            || name.equals("grpc-message-type")
    }
}

extension HeaderBlock {
    /// The values of a name that ends in `-bin`; nil for one that is no base64.
    func bytes(_ name: StaticString) -> [[UInt8]?] {
        var result: [[UInt8]?] = []
        unsafe forEach { fieldName, value in
            guard unsafe fieldName.equals(name) else { return }
            unsafe Self.decodeBytes(value) { result.append($0) }
        }
        return result
    }

    /// Several values may have been joined by commas on the way; an empty one is a value, too.
    fileprivate static func decodeBytes(_ value: UnsafeRawBufferPointer, _ body: ([UInt8]?) -> Void) {
        var start = value.startIndex
        while true {
            let rest = unsafe value[start...]
            let end = unsafe rest.firstIndex(of: UInt8(ascii: ",")) ?? value.endIndex
            unsafe body(Base64.decode(rest[start..<end].drop { $0 == UInt8(ascii: " ") }))
            if end == value.endIndex { return }
            start = end + 1
        }
    }
}
