public import Tracing

/// What one span may hold. What is over is left out or cut, and counted in the span.
public struct SpanLimits: Sendable, Hashable {
    public var maxAttributes = 64
    public var maxEvents = 64
    public var maxLinks = 32
    /// Attributes of one event or link.
    public var maxNestedAttributes = 16
    /// Bytes of an attribute's name.
    public var maxKeyLength = 128
    /// Bytes of a text, each element of an array for itself.
    public var maxValueLength = 1024
    /// Elements of an array.
    public var maxElements = 64
    /// Bytes of the name of a span or an event.
    public var maxNameLength = 256

    public init() {}
}

/// What may leave the process.
public struct SpanMask: Sendable {
    let apply: @Sendable (_ key: String, _ value: SpanAttribute) -> SpanAttribute?

    /// - Parameter apply: Gives the value that is kept in the place of the one that came, nil for none. Called when a
    ///   span ends, on its thread.
    public init(_ apply: @escaping @Sendable (_ key: String, _ value: SpanAttribute) -> SpanAttribute?) {
        self.apply = apply
    }

    /// Hides the values of attributes that are named like secrets.
    public static let secrets = SpanMask { key, value in
        SecretNames.contains(key) ? .string(SecretNames.hidden) : value
    }
}

/// Attributes as they are kept: masked, cut, and few enough.
struct BoundedAttributes: Sendable {
    private(set) var fields: [(key: String, value: SpanAttribute)] = []
    private(set) var dropped = 0
    /// Bytes, estimated.
    private(set) var size = 0

    static let fieldOverhead = 48

    init(_ attributes: SpanAttributes, max: Int, _ limits: SpanLimits, _ mask: SpanMask) {
        fields.reserveCapacity(min(attributes.count, max))
        attributes.forEach { key, value in
            guard fields.count < max, !key.isEmpty, key.utf8.count <= limits.maxKeyLength,
                let masked = mask.apply(key, value)
            else {
                dropped += 1
                return
            }
            let bounded = masked.bounded(limits)
            fields.append((key, bounded))
            size += key.utf8.count + bounded.estimatedSize + Self.fieldOverhead
        }
    }
}

extension SpanAttribute {
    /// Texts cut, arrays shortened, and what is described only when it is printed described now.
    func bounded(_ limits: SpanLimits) -> SpanAttribute {
        switch self {
        case .string(let text): .string(text.cut(to: limits.maxValueLength))
        case .stringConvertible(let value): .string("\(value)".cut(to: limits.maxValueLength))
        case .stringArray(let texts):
            .stringArray(texts.prefix(limits.maxElements).map { $0.cut(to: limits.maxValueLength) })
        case .stringConvertibleArray(let values):
            // What swift-distributed-tracing makes of `[Int]` where it does not see the type.
            if let numbers = values.prefix(limits.maxElements).map({ $0 as? Int }) as? [Int] {
                .int64Array(numbers.map(Int64.init))
            } else {
                .stringArray(values.prefix(limits.maxElements).map { "\($0)".cut(to: limits.maxValueLength) })
            }
        case .int32Array(let values): .int32Array(Array(values.prefix(limits.maxElements)))
        case .int64Array(let values): .int64Array(Array(values.prefix(limits.maxElements)))
        case .doubleArray(let values): .doubleArray(Array(values.prefix(limits.maxElements)))
        case .boolArray(let values): .boolArray(Array(values.prefix(limits.maxElements)))
        default: self
        }
    }

    /// Bytes, roughly as they are sent.
    var estimatedSize: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .stringArray(let texts): texts.reduce(0) { $0 + $1.utf8.count + 16 }
        case .int32Array(let values): values.count * 12
        case .int64Array(let values): values.count * 12
        case .doubleArray(let values): values.count * 12
        case .boolArray(let values): values.count * 4
        default: 10
        }
    }
}

extension String {
    /// At most so many bytes of UTF-8, with no character cut in two.
    func cut(to length: Int) -> String {
        guard utf8.count > length else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: Swift.max(0, length))
        while end > startIndex, String.Index(end, within: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
