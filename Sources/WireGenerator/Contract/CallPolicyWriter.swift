import PolicyContract
import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// Writes a policy as the arguments of `CallPolicy(…)`.
struct CallPolicyWriter {
    /// An argument: a value, or a call whose own arguments can stand on lines of their own.
    struct Argument {
        let head: String
        var items: [String]?

        var joined: String { items.map { "\(head)(\($0.joined(separator: ", ")))" } ?? head }
    }

    let arguments: [Argument]

    /// Nil for a method without a policy.
    init?(_ method: MethodDescriptor, namer: SwiftProtobufNamer) {
        guard let policy = method.policy else { return nil }
        var arguments = [Argument(head: "access: \(Self.access(policy))")]
        let roles = policy.roles.map { ".\($0)" }
        if !roles.isEmpty, roles != [".gateway"] {
            arguments.append(Argument(head: "roles: [\(roles.joined(separator: ", "))]"))
        }
        if !policy.audit.isEmpty {
            arguments.append(Argument(head: "audit: AuditRule", items: Self.audit(policy, method, namer)))
        }
        if policy.hasCost { arguments.append(Argument(head: "cost: \(NumberText.grouped(policy.cost))")) }
        if policy.hasDeprecation {
            arguments.append(Argument(head: "deprecation: Deprecation", items: Self.deprecation(policy.deprecation)))
        }
        if let stream = Self.stream(policy.stream) { arguments.append(Argument(head: "stream: \(stream)")) }
        if method.inputType.file.hasMessageRules {
            arguments.append(Argument(head: "request: \(namer.fullName(message: method.inputType)).self"))
        }
        self.arguments = arguments
    }

    func write(_ head: String, to writer: inout SourceWriter) {
        let joined = "\(head)(\(arguments.map(\.joined).joined(separator: ", ")))"
        guard !writer.fits(joined) else { return writer.line(joined) }
        writer.line("\(head)(")
        writer.indented { writer in
            for (index, argument) in arguments.enumerated() {
                let comma = index == arguments.count - 1 ? "" : ","
                if let items = argument.items {
                    writer.list(argument.head, items, comma)
                } else {
                    writer.line(argument.head + comma)
                }
            }
        }
        writer.line(")")
    }

    private static func access(_ policy: Datavault_Policy_V1_CallPolicy) -> String {
        switch policy.access {
        case .permission(let name): ".permission(\(name.swiftLiteral))"
        case .authenticated: ".authenticated"
        case .public: ".public"
        case .internal, nil: ".internal"
        }
    }

    private static func audit(
        _ policy: Datavault_Policy_V1_CallPolicy,
        _ method: MethodDescriptor,
        _ namer: SwiftProtobufNamer
    ) -> [String] {
        let action = policy.audit.swiftLiteral
        for (label, path, message) in [
            ("request", policy.auditResource, method.inputType), ("response", policy.auditCreated, method.outputType),
        ] where !path.isEmpty {
            guard let message, let fields = try? FieldPath(path, in: message).fields else { continue }
            let properties = fields.map { field in
                namer.messagePropertyNames(field: field, prefixed: "", includeHasAndClear: false).name
            }
            let type = namer.fullName(message: message)
            return [action, "\(label): \\\(type).\(properties.joined(separator: "."))"]
        }
        return [action]
    }

    private static func deprecation(_ deprecation: Datavault_Policy_V1_Deprecation) -> [String] {
        var arguments = [
            "since: \(deprecation.since.swiftLiteral)", "sunset: \(deprecation.sunset.swiftLiteral)",
        ]
        if !deprecation.replacement.isEmpty {
            arguments.append("replacement: \(deprecation.replacement.swiftLiteral)")
        }
        return arguments
    }

    private static func stream(_ stream: Datavault_Policy_V1_StreamPresentation) -> String? {
        switch stream {
        case .jsonLines: ".jsonLines"
        case .events: ".events"
        case .bytes: ".bytes"
        case .websocket: ".webSocket"
        case .unspecified, .UNRECOGNIZED: nil
        }
    }
}

/// Numbers as Swift's style writes them.
enum NumberText {
    /// `1048576` as `1_048_576`.
    static func grouped(_ number: some BinaryInteger) -> String {
        var digits = Array(String(number.magnitude))
        guard digits.count > 3 else { return String(number) }
        for index in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert("_", at: index) }
        return (number < 0 ? "-" : "") + String(digits)
    }
}

extension String {
    /// The text as a literal of Swift source; raw where it holds what a plain one would have to escape.
    var swiftLiteral: String {
        guard contains("\\") || contains("\"") else { return "\"\(self)\"" }
        var marks = "#"
        while contains("\"\(marks)") || contains("\\\(marks)") { marks += "#" }
        return "\(marks)\"\(self)\"\(marks)"
    }
}
