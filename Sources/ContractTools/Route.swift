import GoogleAPIContract
import SwiftProtobuf

/// A route of a method, as callers of REST see it.
struct Route: Hashable {
    let verb: String
    /// The path without the names of its variables, which no caller sees: `/api/v1/libraries/*/books/*`.
    let path: String
    let body: String
    let responseBody: String
    /// The names of query parameters, in JSON's spelling.
    let queryNames: Set<String>

    var name: String { "\(verb) \(path)" }

    static func all(
        of method: Google_Protobuf_MethodDescriptorProto,
        _ messages: [String: [Int32: Google_Protobuf_FieldDescriptorProto]]
    ) -> [Route] {
        guard method.options.hasGoogle_Api_http else { return [] }
        let rule = method.options.Google_Api_http
        let request = String(method.inputType.drop { $0 == "." })
        let fields = messages[request].map { Array($0.values) } ?? []
        return ([rule] + rule.additionalBindings).compactMap { Route($0, fields) }
    }

    private init?(_ rule: Google_Api_HttpRule, _ fields: [Google_Protobuf_FieldDescriptorProto]) {
        let template: String
        switch rule.pattern {
        case .get(let path): (verb, template) = ("GET", path)
        case .put(let path): (verb, template) = ("PUT", path)
        case .post(let path): (verb, template) = ("POST", path)
        case .delete(let path): (verb, template) = ("DELETE", path)
        case .patch(let path): (verb, template) = ("PATCH", path)
        case .custom(let custom): (verb, template) = (custom.kind, custom.path)
        case nil: return nil
        }
        let (path, variables) = Self.withoutNames(template)
        self.path = path
        (body, responseBody) = (rule.body, rule.responseBody)
        let taken = Set(variables.map { $0.prefix { $0 != "." } } + [Substring(rule.body)])
        let query = rule.body == "*" ? [] : fields.filter { !taken.contains(Substring($0.name)) }
        queryNames = Set(query.map(\.jsonName))
    }

    /// `/v1/{name=shelves/*}/{book}` as `/v1/shelves/*/*`, with the names.
    private static func withoutNames(_ template: String) -> (path: String, variables: [Substring]) {
        var path = ""
        var variables: [Substring] = []
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let variable = rest[rest.index(after: open)..<close]
            let parts = variable.split(separator: "=", maxSplits: 1)
            path += rest[..<open]
            path += parts.count == 2 ? parts[1] : "*"
            variables.append(parts.first ?? "")
            rest = rest[rest.index(after: close)...]
        }
        return (path + rest, variables)
    }
}
