import SwiftProtobuf

/// Writes definitions as they stand in a proto, with their comments where the descriptors have them.
struct DefinitionText {
    let schema: Schema
    private let options: OptionText
    /// Longer options go over several lines.
    private static let width = 100

    init(_ schema: Schema) {
        self.schema = schema
        options = OptionText(schema: schema)
    }

    // MARK: Services

    func lines(_ service: Schema.Place<Google_Protobuf_ServiceDescriptorProto>) -> [String] {
        var lines = comment(service.file, service.path) + ["service \(service.proto.name) {"]
        let options = optionLines(service.proto.options, "google.protobuf.ServiceOptions")
        if !options.isEmpty { lines += indented(options) + [""] }
        for (index, method) in service.proto.method.enumerated() {
            if index > 0 { lines.append("") }
            lines += indented(self.lines(method, of: service, index))
        }
        return lines + ["}"]
    }

    func lines(
        _ method: Google_Protobuf_MethodDescriptorProto,
        of service: Schema.Place<Google_Protobuf_ServiceDescriptorProto>, _ index: Int
    ) -> [String] {
        var inner: [String] = []
        if method.options.deprecated { inner.append("option deprecated = true;") }
        if method.options.hasIdempotencyLevel {
            let level = ["IDEMPOTENCY_UNKNOWN", "NO_SIDE_EFFECTS", "IDEMPOTENT"]
            let number = method.options.idempotencyLevel.rawValue
            inner.append("option idempotency_level = \(level.indices.contains(number) ? level[number] : "\(number)");")
        }
        inner += optionLines(method.options, "google.protobuf.MethodOptions")
        let head = signature(method, in: service.file)
        return comment(service.file, service.path + [2, Int32(index)])
            + (inner.isEmpty ? ["\(head);"] : ["\(head) {"] + indented(inner) + ["}"])
    }

    /// `rpc Name(Request) returns (stream Reply)`.
    func signature(_ method: Google_Protobuf_MethodDescriptorProto, in file: Int) -> String {
        let (input, output) = (typeName(method.inputType, file), typeName(method.outputType, file))
        return "rpc \(method.name)(\(method.clientStreaming ? "stream " : "")\(input)) returns "
            + "(\(method.serverStreaming ? "stream " : "")\(output))"
    }

    // MARK: Types

    func lines(_ message: Schema.Place<Google_Protobuf_DescriptorProto>) -> [String] {
        let proto = message.proto
        var blocks: [[String]] = []
        let options = optionLines(proto.options, "google.protobuf.MessageOptions")
        if !options.isEmpty { blocks.append(options) }
        let reserved = reserved(proto)
        if !reserved.isEmpty { blocks.append(reserved) }
        let maps = Set(proto.nestedType.filter(\.options.mapEntry).map(\.name))
        var shownOneofs: Set<Int32> = []
        for (index, field) in proto.field.enumerated() {
            guard field.hasOneofIndex, !field.proto3Optional else {
                blocks.append(lines(field, of: message, index))
                continue
            }
            guard shownOneofs.insert(field.oneofIndex).inserted else { continue }
            blocks.append(oneof(field.oneofIndex, of: message))
        }
        for (index, nested) in proto.nestedType.enumerated() where !maps.contains(nested.name) {
            blocks.append(
                lines(
                    Schema.Place(
                        name: "\(message.name).\(nested.name)", proto: nested, file: message.file,
                        path: message.path + [3, Int32(index)])))
        }
        for (index, nested) in proto.enumType.enumerated() {
            blocks.append(
                lines(
                    Schema.Place(
                        name: "\(message.name).\(nested.name)", proto: nested, file: message.file,
                        path: message.path + [4, Int32(index)])))
        }
        return comment(message.file, message.path) + body("message \(proto.name)", blocks)
    }

    func lines(_ type: Schema.Place<Google_Protobuf_EnumDescriptorProto>) -> [String] {
        var blocks = type.proto.value.enumerated().map { index, value in
            let options = self.options.extensions(value.options, of: "google.protobuf.EnumValueOptions")
            return comment(type.file, type.path + [2, Int32(index)])
                + bracketed("\(value.name) = \(value.number)", options, isDeprecated: value.options.deprecated)
        }
        let ownOptions = optionLines(type.proto.options, "google.protobuf.EnumOptions")
        if !ownOptions.isEmpty { blocks.insert(ownOptions, at: 0) }
        return comment(type.file, type.path) + body("enum \(type.proto.name)", blocks)
    }

    private func oneof(_ oneof: Int32, of message: Schema.Place<Google_Protobuf_DescriptorProto>) -> [String] {
        let proto = message.proto.oneofDecl[Int(oneof)]
        var blocks: [[String]] = []
        let options = optionLines(proto.options, "google.protobuf.OneofOptions")
        if !options.isEmpty { blocks.append(options) }
        for (index, field) in message.proto.field.enumerated() where field.hasOneofIndex && field.oneofIndex == oneof {
            blocks.append(lines(field, of: message, index))
        }
        return comment(message.file, message.path + [8, oneof]) + body("oneof \(proto.name)", blocks)
    }

    private func lines(
        _ field: Google_Protobuf_FieldDescriptorProto, of message: Schema.Place<Google_Protobuf_DescriptorProto>,
        _ index: Int
    ) -> [String] {
        var label = ""
        var type = fieldType(field, message.file)
        if let entry = message.proto.nestedType.first(where: {
            $0.options.mapEntry && Schema.plain(field.typeName) == "\(message.name).\($0.name)"
        }), entry.field.count == 2 {
            type = "map<\(fieldType(entry.field[0], message.file)), \(fieldType(entry.field[1], message.file))>"
        } else if field.label == .repeated {
            label = "repeated "
        } else if field.proto3Optional {
            label = "optional "
        } else if field.label == .required {
            label = "required "
        }
        let head = "\(label)\(type) \(field.name) = \(field.number)"
        let options = self.options.extensions(field.options, of: "google.protobuf.FieldOptions")
        return comment(message.file, message.path + [2, Int32(index)])
            + bracketed(head, options, isDeprecated: field.options.deprecated)
    }

    // MARK: Parts

    /// `head [options];`
    private func bracketed(_ head: String, _ options: [OptionText.Option], isDeprecated: Bool) -> [String] {
        let deprecated = OptionText.Option(name: "deprecated", value: .scalar("true"))
        let options = (isDeprecated ? [deprecated] : []) + options
        guard !options.isEmpty else { return ["\(head);"] }
        let line = "\(head) [\(options.map { "\($0.name) = \($0.value.line)" }.joined(separator: ", "))];"
        if line.count <= Self.width { return [line] }
        var lines = ["\(head) ["]
        for (index, option) in options.enumerated() {
            var part = option.value.lines(prefix: "\(option.name) = ", width: Self.width)
            if index < options.count - 1 { part[part.count - 1] += "," }
            lines += indented(part)
        }
        return lines + ["];"]
    }

    private func reserved(_ proto: Google_Protobuf_DescriptorProto) -> [String] {
        let ranges = proto.reservedRange.map { range in
            range.end - range.start == 1 ? "\(range.start)" : "\(range.start) to \(range.end - 1)"
        }
        let names = proto.reservedName.map { "\"\($0)\"" }
        return [ranges, names].filter { !$0.isEmpty }.map { "reserved \($0.joined(separator: ", "));" }
    }

    private func optionLines(_ proto: some Message, _ extendee: String) -> [String] {
        options.extensions(proto, of: extendee).flatMap { option in
            var lines = option.value.lines(prefix: "option \(option.name) = ", width: Self.width)
            lines[lines.count - 1] += ";"
            return lines
        }
    }

    private func fieldType(_ field: Google_Protobuf_FieldDescriptorProto, _ file: Int) -> String {
        switch field.type {
        case .message, .enum, .group: typeName(field.typeName, file)
        case .double: "double"
        case .float: "float"
        case .int64: "int64"
        case .uint64: "uint64"
        case .int32: "int32"
        case .fixed64: "fixed64"
        case .fixed32: "fixed32"
        case .bool: "bool"
        case .string: "string"
        case .bytes: "bytes"
        case .uint32: "uint32"
        case .sfixed32: "sfixed32"
        case .sfixed64: "sfixed64"
        case .sint32: "sint32"
        case .sint64: "sint64"
        }
    }

    /// Without the package, where it is the file's own.
    private func typeName(_ name: String, _ file: Int) -> String {
        let plain = Schema.plain(name)
        let package = schema.files[file].package + "."
        return plain.hasPrefix(package) ? String(plain.dropFirst(package.count)) : plain
    }

    private func comment(_ file: Int, _ path: [Int32]) -> [String] {
        schema.comment(file, path).map { FailureReport.printable("//\($0)") }
    }

    /// A block of lines after another is set apart if either is long.
    private func body(_ head: String, _ blocks: [[String]]) -> [String] {
        guard !blocks.isEmpty else { return ["\(head) {}"] }
        var lines = ["\(head) {"]
        for (index, block) in blocks.enumerated() {
            if index > 0, block.count > 1 || blocks[index - 1].count > 1 { lines.append("") }
            lines += indented(block)
        }
        return lines + ["}"]
    }

    private func indented(_ lines: [String]) -> [String] { lines.map { $0.isEmpty ? $0 : "  \($0)" } }
}
