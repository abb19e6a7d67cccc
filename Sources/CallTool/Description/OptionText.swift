import SwiftProtobuf

/// Writes options as they stand in a proto, for options of any contract: extensions come by their descriptors.
struct OptionText {
    /// A value in protobuf's text format, before it is set on lines.
    indirect enum Value {
        case scalar(String)
        case message([Option])
        case list([Value])
    }

    /// A name with its value.
    struct Option {
        let name: String
        let value: Value
    }

    let schema: Schema

    /// Messages within messages that are shown.
    private static let maxDepth = 32

    /// The options of a definition that come from elsewhere, as `(package.name)` and value.
    ///
    /// - Parameter extendee: The options' own message, as google.protobuf.MethodOptions.
    func extensions(_ options: some Message, of extendee: String) -> [Option] {
        guard let fields = WireField.all(in: Array(options.unknownFields.data)[...]) else { return [] }
        let known = schema.definitions.extensions[extendee] ?? [:]
        return grouped(fields).flatMap { number, values in
            guard let place = known[number] else { return [Option(name: "(\(number))", value: .scalar("\"…\""))] }
            let name = "(\(place.name))"
            // An option that is a list is set once for each element.
            switch value(place.proto, values, Self.maxDepth) {
            case .list(let elements): return elements.map { Option(name: name, value: $0) }
            case let single: return [Option(name: name, value: single)]
            }
        }
    }

    private func grouped(_ fields: [WireField]) -> [(Int32, [WireField.Value])] {
        var order: [Int32] = []
        var values: [Int32: [WireField.Value]] = [:]
        for field in fields {
            if values[field.number] == nil { order.append(field.number) }
            values[field.number, default: []].append(field.value)
        }
        return order.map { ($0, values[$0] ?? []) }
    }

    private func value(
        _ field: Google_Protobuf_FieldDescriptorProto, _ values: [WireField.Value], _ depth: Int
    ) -> Value {
        let elements = values.flatMap { unpacked($0, field) }.map { element($0, field, depth) }
        if field.label == .repeated { return .list(elements) }
        // The last one counts.
        return elements.last ?? .scalar("\"\"")
    }

    private func element(
        _ value: WireField.Value, _ field: Google_Protobuf_FieldDescriptorProto, _ depth: Int
    ) -> Value {
        guard field.type == .message else { return .scalar(ScalarOption.text(value, field, schema)) }
        guard depth > 0, case .bytes(let bytes) = value, let fields = WireField.all(in: bytes),
            let type = schema.definitions.messages[Schema.plain(field.typeName)]?.proto
        else { return .scalar("{…}") }
        return .message(
            grouped(fields).map { number, values in
                guard let inner = type.field.first(where: { $0.number == number }) else {
                    return Option(name: "\(number)", value: .scalar("\"…\""))
                }
                return Option(name: inner.name, value: self.value(inner, values, depth - 1))
            })
    }

    /// The numbers of a packed list.
    private func unpacked(
        _ value: WireField.Value, _ field: Google_Protobuf_FieldDescriptorProto
    ) -> [WireField.Value] {
        guard case .bytes(var bytes) = value, field.label == .repeated, ScalarOption.isVarint(field.type) else {
            return [value]
        }
        var numbers: [WireField.Value] = []
        while !bytes.isEmpty, let number = WireField.varint(&bytes) { numbers.append(.varint(number)) }
        return numbers
    }
}

extension OptionText.Value {
    /// All on one line.
    var line: String {
        switch self {
        case .scalar(let text): text
        case .list(let values): "[\(values.map(\.line).joined(separator: ", "))]"
        case .message(let fields): "{\(fields.map { "\($0.name): \($0.value.line)" }.joined(separator: ", "))}"
        }
    }

    /// On one line if it is short, on several otherwise.
    func lines(prefix: String, width: Int) -> [String] {
        guard prefix.count + line.count > width, case .message(let fields) = self else { return [prefix + line] }
        return ["\(prefix){"]
            + fields.flatMap { $0.value.lines(prefix: "\($0.name): ", width: width - 2) }.map { "  \($0)" } + ["}"]
    }
}
