/// A path template as OpenAPI writes it: `/api/v1/{name=users/*}:disable` becomes `/api/v1/users/{user}:disable`.
///
/// OpenAPI's variables are single segments, so a variable of more than one becomes its literals with a variable for each
/// `*`, which takes its name from the literal before it.
struct OpenAPIPath {
    struct Parameter {
        /// In OpenAPI's path.
        let name: String
        /// The field that it is a part of, as `user.name`.
        let field: String
        /// What comes before it in that field's value, as `users/`.
        let prefix: String
        /// Whether it may hold several segments.
        let isRest: Bool
    }

    private(set) var text = ""
    private(set) var parameters: [Parameter] = []

    /// Reads a template that the generator has accepted.
    init(_ template: String) {
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            text += rest[..<open]
            let variable = rest[rest.index(after: open)..<close].split(separator: "=", maxSplits: 1)
            add(field: String(variable.first ?? ""), pattern: variable.count == 2 ? String(variable[1]) : "*")
            rest = rest[rest.index(after: close)...]
        }
        text += rest
    }

    private mutating func add(field: String, pattern: String) {
        var prefix = ""
        var literal: Substring?
        for (index, segment) in pattern.split(separator: "/").enumerated() {
            if index > 0 {
                text += "/"
                prefix += "/"
            }
            if segment == "*" || segment == "**" {
                let name = unique(literal.map(Self.singular) ?? String(field.split(separator: ".").last ?? ""))
                parameters.append(Parameter(name: name, field: field, prefix: prefix, isRest: segment == "**"))
                text += "{\(name)}"
            } else {
                text += segment
                prefix += segment
                literal = segment
            }
        }
    }

    private func unique(_ name: String) -> String {
        var (candidate, count) = (name, 1)
        while parameters.contains(where: { $0.name == candidate }) {
            count += 1
            candidate = "\(name)_\(count)"
        }
        return candidate
    }

    /// `api-keys` as `api_key`.
    private static func singular(_ noun: Substring) -> String {
        var name = String(noun.map { $0 == "-" ? "_" : $0 })
        if name.hasSuffix("ies") {
            name = name.dropLast(3) + "y"
        } else if name.hasSuffix("s"), !name.hasSuffix("ss") {
            name.removeLast()
        }
        return name
    }
}
