import PolicyContract
import SwiftProtobuf

/// A route of a method, as an operation of OpenAPI.
struct OpenAPIOperation {
    let path: OpenAPIPath
    /// As `UsersService_CreateUser`.
    var name: String
    private let route: OpenAPIRoute
    private let method: DescriptorIndex.Method
    private let index: DescriptorIndex

    init(_ route: OpenAPIRoute, _ method: DescriptorIndex.Method, _ index: DescriptorIndex) {
        (self.route, self.method, self.index) = (route, method, index)
        path = OpenAPIPath(route.template)
        name = "\(method.service.split(separator: ".").last ?? "")_\(method.proto.name)"
    }

    func tree(_ schemas: inout OpenAPISchemas) -> JSONTree {
        let policy = method.policy
        var parameters = path.parameters.map { pathParameter($0, &schemas) }
        parameters += queryParameters(&schemas)
        if method.proto.inputFields(index).contains("request_id") { parameters.append(Self.idempotencyKey) }
        let cost = policy.hasCost ? Int64(policy.cost) : 1
        return .object(
            ("operationId", .text(name)),
            ("tags", .texts([String(method.service.split(separator: ".").last ?? "")])),
            ("summary", .text(method.comment.firstSentence)), ("description", .text(description(cost))),
            ("deprecated", method.proto.options.deprecated ? .flag(true) : nil),
            ("parameters", parameters.isEmpty ? nil : .list(parameters)),
            ("requestBody", requestBody(&schemas)),
            (
                "responses",
                .object(
                    ("200", answer(&schemas)),
                    ("default", .object(("$ref", .text("#/components/responses/Error")))))
            ),
            ("security", security), ("x-datavault-method", .text(route.method)), ("x-datavault-cost", .integer(cost)),
            ("x-datavault-permission", policy.permission.isEmpty ? nil : .text(policy.permission)))
    }

    private func description(_ cost: Int64) -> String {
        let policy = method.policy
        let needs =
            switch policy.access {
            case .permission(let permission): "Needs the permission `\(permission)`."
            case .authenticated: "Needs a caller, whatever its permissions."
            default: "Open to everyone."
            }
        return "\(method.comment)\n\n\(needs) Costs \(cost) of the caller's budget."
    }

    private var security: JSONTree {
        if case .public = method.policy.access { return .list([]) }
        return .list(["accessToken", "apiKey", "signature"].map { .object([($0, .list([]))]) })
    }

    private func answer(_ schemas: inout OpenAPISchemas) -> JSONTree {
        .object(("description", .text("Done.")), ("content", .object(answerContent(&schemas))))
    }

    private func answerContent(_ schemas: inout OpenAPISchemas) -> [(String, JSONTree)] {
        let bytes = JSONTree.object(("schema", .object(("type", .text("string")), ("format", .text("binary")))))
        if method.output == "google.api.HttpBody" || method.policy.stream == .bytes { return [("*/*", bytes)] }
        let schema: JSONTree =
            if let field = field(route.responseBody, of: method.output) {
                schemas.schema(field.proto, of: field.message, "")
            } else {
                schemas.reference(method.output)
            }
        guard method.proto.serverStreaming else { return [("application/json", .object(("schema", schema)))] }
        let text = JSONTree.object(("schema", .object(("type", .text("string")))))
        return [
            ("application/json", .object(("schema", .object(("type", .text("array")), ("items", schema))))),
            ("application/x-ndjson", text), ("text/event-stream", .object(("schema", Self.event))),
        ]
    }

    /// One event of a stream, as the HTML standard names its fields; a message is JSON in `data`.
    private static let event = JSONTree.object(
        ("type", .text("object")),
        (
            "properties",
            .object(
                ("event", .object(("type", .text("string")))), ("data", .object(("type", .text("string")))))
        ))

    private func requestBody(_ schemas: inout OpenAPISchemas) -> JSONTree? {
        guard !route.body.isEmpty else { return nil }
        let use: OpenAPISchemas.Use = route.verb == "PATCH" ? .patch : .whole
        var type = method.input
        if route.body != "*" {
            guard let field = field(route.body, of: method.input) else { return nil }
            guard field.proto.type == .message else {
                return Self.body(schemas.schema(field.proto, of: field.message, ""))
            }
            type = String(field.proto.typeName.drop { $0 == "." })
        }
        if type == "google.api.HttpBody" {
            return .object(
                ("required", .flag(true)),
                (
                    "content",
                    .object(
                        [("*/*", .object(("schema", .object(("type", .text("string")), ("format", .text("binary"))))))])
                ))
        }
        guard route.body == "*" else { return Self.body(schemas.reference(type, use)) }
        let taken = Set(path.parameters.map(\.field).filter { !$0.contains(".") })
        return Self.body(schemas.body(type, without: taken))
    }

    private static func body(_ schema: JSONTree) -> JSONTree {
        .object(
            ("required", .flag(true)),
            ("content", .object([("application/json", .object(("schema", schema)))])))
    }

    private func pathParameter(_ parameter: OpenAPIPath.Parameter, _ schemas: inout OpenAPISchemas) -> JSONTree {
        var members: [(String, JSONTree)] = [("type", .text("string")), ("minLength", .integer(1))]
        if let field = field(parameter.field, of: method.input) {
            let rule = field.proto.options.Datavault_Policy_V1_field
            if !parameter.prefix.isEmpty, rule.pattern.hasPrefix(parameter.prefix) {
                members.append(("pattern", .text("^(?:\(rule.pattern.dropFirst(parameter.prefix.count)))$")))
            } else if parameter.prefix.isEmpty,
                case .object(let whole) = schemas.schema(field.proto, of: field.message, "")
            {
                // The parameter is the field.
                members = whole.filter { $0.0 != "description" && $0.0 != "minLength" } + [("minLength", .integer(1))]
            }
            let longest = Int64(rule.length.max) - Int64(parameter.prefix.utf8.count)
            if longest > 0, !members.contains(where: { $0.0 == "maxLength" }) {
                members.append(("maxLength", .integer(longest)))
            }
        }
        if !members.contains(where: { $0.0 == "pattern" || $0.0 == "format" || $0.0 == "enum" || $0.0 == "$ref" }) {
            members += [("pattern", .text(Self.segment)), ("not", .object(("enum", .texts([".", ".."]))))]
        }
        return .object(
            ("name", .text(parameter.name)), ("in", .text("path")), ("required", .flag(true)),
            (
                "description",
                .text(
                    "Part of `\(parameter.field)`, after `\(parameter.prefix)`\(parameter.isRest ? "; may hold `/`" : "")."
                )
            ),
            ("schema", .object(members)))
    }

    /// What a path may have in it: no control character, encoded or not.
    private static let segment = "^[^\\x00-\\x1f\\x7f]+$"

    /// Scalars, enums and lists of them; what is deeper is named by paths that the reference of the contract tells.
    private func queryParameters(_ schemas: inout OpenAPISchemas) -> [JSONTree] {
        guard route.body != "*", let message = index.messages[method.input] else { return [] }
        let taken = Set(path.parameters.map { String($0.field.prefix { $0 != "." }) } + [route.body])
        var parameters: [JSONTree] = []
        for (field, comment) in zip(message.proto.field, message.fieldComments) where !taken.contains(field.name) {
            if field.type == .message, !Self.isText(field.typeName) { continue }
            let isRequired = field.options.Datavault_Policy_V1_field.required
            parameters.append(
                .object(
                    ("name", .text(field.jsonName)), ("in", .text("query")),
                    ("required", isRequired ? .flag(true) : nil),
                    ("description", comment.isEmpty ? nil : .text(comment)),
                    ("schema", schemas.schema(field, of: message, ""))))
        }
        return parameters
    }

    /// Whether a message is a text in JSON, and so in a query.
    private static func isText(_ type: String) -> Bool {
        [".google.protobuf.Timestamp", ".google.protobuf.Duration", ".google.protobuf.FieldMask"].contains(type)
    }

    private static let idempotencyKey = JSONTree.object(
        ("name", .text("Idempotency-Key")), ("in", .text("header")),
        (
            "description",
            .text("A UUID of the caller's making: the same request under the same key is done once (as `requestId`).")
        ),
        ("schema", .object(("type", .text("string")), ("format", .text("uuid")))))

    private func field(
        _ path: String, of type: String
    ) -> (proto: Google_Protobuf_FieldDescriptorProto, message: DescriptorIndex.Message)? {
        var type = type
        var found: (Google_Protobuf_FieldDescriptorProto, DescriptorIndex.Message)?
        for name in path.split(separator: ".") {
            guard let message = index.messages[type], let field = message.proto.field.first(where: { $0.name == name })
            else { return nil }
            found = (field, message)
            type = String(field.typeName.drop { $0 == "." })
        }
        return found
    }
}

extension Google_Protobuf_MethodDescriptorProto {
    /// The names of a request's fields.
    fileprivate func inputFields(_ index: DescriptorIndex) -> Set<String> {
        Set(index.messages[String(inputType.drop { $0 == "." })]?.proto.field.map(\.name) ?? [])
    }
}
