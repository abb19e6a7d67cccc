import PolicyContract
import SwiftProtobuf

/// The schemas of messages and enums in their canonical JSON, with the bounds that the contract gives their fields.
///
/// A message is described once, however often it is used. What the contract requires is required of requests; a message
/// that is the body of a PATCH requires nothing, as what is left out stays as it is.
struct OpenAPISchemas {
    /// What a message is described for.
    enum Use: Hashable {
        case whole
        case patch
    }

    private struct Wanted: Hashable {
        let name: String
        let use: Use
    }

    private let index: DescriptorIndex
    private var written: [Wanted: JSONTree] = [:]
    private var waiting: [Wanted] = []

    init(_ index: DescriptorIndex) { self.index = index }

    /// The schemas that have been referred to, by name.
    mutating func components() -> JSONTree {
        while let wanted = waiting.popLast() {
            // Taken before its fields are, which may refer to it.
            written[wanted] = .flag(true)
            written[wanted] = schema(wanted)
        }
        let all = written.map { (Self.component($0.key), $0.value) }
        return .object(all.sorted { $0.0 < $1.0 })
    }

    /// A reference to a message's or enum's schema, or the schema itself where it is JSON's own.
    mutating func reference(_ type: String, _ use: Use = .whole) -> JSONTree {
        if let known = Self.wellKnown(type) { return known }
        let wanted = Wanted(name: type, use: index.enums[type] == nil ? use : .whole)
        if written[wanted] == nil, !waiting.contains(wanted) { waiting.append(wanted) }
        return .object(("$ref", .text("#/components/schemas/\(Self.component(wanted))")))
    }

    /// A message's schema without the fields that a request's path or query gives.
    mutating func body(_ type: String, without taken: Set<String>) -> JSONTree {
        guard !taken.isEmpty, let message = index.messages[type] else { return reference(type) }
        return schema(message, .whole) { !taken.contains($0.name) }
    }

    /// `datavault.identity.v1.User` as `identity.v1.User`: names within the suite are known by its packages.
    private static func component(_ wanted: Wanted) -> String {
        let name = wanted.name.hasPrefix("datavault.") ? String(wanted.name.dropFirst("datavault.".count)) : wanted.name
        return wanted.use == .patch ? "\(name).Patch" : name
    }

    private mutating func schema(_ wanted: Wanted) -> JSONTree {
        if let message = index.messages[wanted.name] { return schema(message, wanted.use) { _ in true } }
        guard let type = index.enums[wanted.name] else { return .object(("type", .text("object"))) }
        let lines = zip(type.proto.value, type.valueComments).map { "- `\($0.name)`: \($1.firstSentence)" }
        return .object(
            ("type", .text("string")), ("description", .text(([type.comment, ""] + lines).joined(separator: "\n"))),
            ("enum", .texts(type.proto.value.map(\.name))))
    }

    private mutating func schema(
        _ message: DescriptorIndex.Message, _ use: Use,
        _ isWanted: (Google_Protobuf_FieldDescriptorProto) -> Bool
    ) -> JSONTree {
        var members: [(String, JSONTree)] = []
        var required: [String] = []
        for (field, comment) in zip(message.proto.field, message.fieldComments) where isWanted(field) {
            members.append((field.jsonName, schema(field, of: message, comment, use)))
            if use == .whole, field.options.Datavault_Policy_V1_field.required { required.append(field.jsonName) }
        }
        let choices = Self.exclusions(message.proto, isPatch: use == .patch, isWanted)
        return .object(
            ("type", .text("object")), ("description", message.comment.isEmpty ? nil : .text(message.comment)),
            ("properties", .object(members)), ("required", required.isEmpty ? nil : .texts(required)),
            ("additionalProperties", .flag(false)), ("allOf", choices.isEmpty ? nil : .list(choices)))
    }

    /// Of a oneof's fields at most one is there, and one where the contract requires it.
    private static func exclusions(
        _ message: Google_Protobuf_DescriptorProto, isPatch: Bool,
        _ isWanted: (Google_Protobuf_FieldDescriptorProto) -> Bool
    ) -> [JSONTree] {
        var groups: [Int32: [String]] = [:]
        var given: Set<Int32> = []
        for field in message.field where field.hasOneofIndex && !field.proto3Optional {
            // One that the path gives is the one.
            if isWanted(field) {
                groups[field.oneofIndex, default: []].append(field.jsonName)
            } else {
                given.insert(field.oneofIndex)
            }
        }
        return groups.sorted { $0.key < $1.key }.compactMap { index, names in
            let rule = message.oneofDecl[Int(index)].options.Datavault_Policy_V1_oneof
            let one = names.map { JSONTree.object(("required", .texts([$0]))) }
            let none = JSONTree.object(("not", .object(("anyOf", .list(one)))))
            if given.contains(index) { return none }
            if rule.required, !isPatch { return one.count == 1 ? one[0] : .object(("oneOf", .list(one))) }
            return one.count > 1 ? .object(("oneOf", .list(one + [none]))) : nil
        }
    }

    /// A field, as a query parameter or a member.
    mutating func schema(
        _ field: Google_Protobuf_FieldDescriptorProto, of message: DescriptorIndex.Message, _ comment: String,
        _ use: Use = .whole
    ) -> JSONTree {
        let rule = field.options.Datavault_Policy_V1_field
        let description = comment.isEmpty ? nil : JSONTree.text(comment)
        let isSecret: JSONTree? = rule.sensitivity == .secret ? .text("password") : nil
        guard field.label == .repeated else {
            return Self.describe(value(field, rule, use), description, format: isSecret)
        }
        let count: [(String, JSONTree?)] = [
            ("min", rule.count.min > 0 ? .integer(Int64(rule.count.min)) : rule.required ? .integer(1) : nil),
            ("max", rule.count.max > 0 ? .integer(Int64(rule.count.max)) : nil),
        ]
        func counted(_ noun: String) -> [(String, JSONTree?)] { count.map { ("\($0.0)\(noun)", $0.1) } }
        let type = String(field.typeName.drop { $0 == "." })
        if let entry = index.messages[type], entry.proto.options.mapEntry {
            let element = entry.proto.field.first { $0.number == 2 }
            let keys = rule.hasKeys ? OpenAPIScalars.key(entry.proto.field.first { $0.number == 1 }, rule.keys) : nil
            let members: [(String, JSONTree?)] = [
                ("description", description), ("additionalProperties", element.map { value($0, rule, .whole) }),
                ("propertyNames", keys),
            ]
            return .object(
                [("type", JSONTree.text("object"))]
                    + (members + counted("Properties")).compactMap { name, tree in tree.map { (name, $0) } })
        }
        let items = value(field, rule, .whole)
        return .object(
            [("type", .text("array"))]
                + ([("description", description), ("items", items)] + counted("Items"))
                .compactMap { name, tree in tree.map { (name, $0) } })
    }

    /// Adds a description to a schema; beside a reference both hold, in OpenAPI 3.1.
    private static func describe(_ schema: JSONTree, _ description: JSONTree?, format: JSONTree?) -> JSONTree {
        guard case .object(var members) = schema else { return schema }
        if let description { members.append(("description", description)) }
        if let format, !members.contains(where: { $0.0 == "format" }) { members.append(("format", format)) }
        return .object(members)
    }

    private mutating func value(
        _ field: Google_Protobuf_FieldDescriptorProto, _ rule: Datavault_Policy_V1_FieldRule, _ use: Use
    ) -> JSONTree {
        switch field.type {
        case .enum: enumeration(field, rule)
        case .message where field.typeName == ".google.protobuf.Duration": OpenAPIScalars.duration(rule)
        case .message, .group: reference(String(field.typeName.drop { $0 == "." }), use)
        default: OpenAPIScalars.schema(field, rule)
        }
    }

    /// A value of an enum; its zero is none where one is required, and where it is an element of a list.
    private mutating func enumeration(
        _ field: Google_Protobuf_FieldDescriptorProto, _ rule: Datavault_Policy_V1_FieldRule
    ) -> JSONTree {
        let type = String(field.typeName.drop { $0 == "." })
        let schema = reference(type)
        guard rule.required, field.label != .repeated, !field.proto3Optional, case .object(let members) = schema,
            let zero = index.enums[type]?.proto.value.first(where: { $0.number == 0 })
        else { return schema }
        return .object(members + [("not", .object(("const", .text(zero.name))))])
    }

    /// Messages whose canonical JSON is of their own kind.
    private static func wellKnown(_ type: String) -> JSONTree? {
        switch type {
        case "google.protobuf.Timestamp":
            .object(("type", .text("string")), ("format", .text("date-time")))
        case "google.protobuf.Duration": OpenAPIScalars.duration(.init())
        case "google.protobuf.FieldMask":
            .object(
                ("type", .text("string")),
                (
                    "pattern",
                    .text("^([a-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*)*(,[a-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*)*)*)?$")
                ))
        case "google.protobuf.Empty": .object(("type", .text("object")), ("additionalProperties", .flag(false)))
        case "google.protobuf.Struct": .object(("type", .text("object")))
        case "google.protobuf.Value": .object(("description", .text("Any JSON.")))
        case "google.protobuf.ListValue": .object(("type", .text("array")))
        case "google.protobuf.Any":
            .object(
                ("type", .text("object")), ("properties", .object(("@type", .object(("type", .text("string")))))),
                ("required", .texts(["@type"])))
        case "google.protobuf.StringValue": .object(("type", .texts(["string", "null"])))
        case "google.protobuf.BytesValue":
            .object(("type", .texts(["string", "null"])), ("contentEncoding", .text("base64")))
        case "google.protobuf.BoolValue": .object(("type", .texts(["boolean", "null"])))
        case "google.protobuf.Int32Value", "google.protobuf.UInt32Value":
            .object(("type", .texts(["integer", "null"])))
        case "google.protobuf.Int64Value", "google.protobuf.UInt64Value":
            .object(("type", .texts(["string", "null"])), ("pattern", .text("^-?[0-9]+$")))
        case "google.protobuf.DoubleValue", "google.protobuf.FloatValue": .object(("type", .texts(["number", "null"])))
        default: nil
        }
    }
}
