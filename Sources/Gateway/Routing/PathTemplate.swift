/// A path of `google.api.http`: `/api/v1/{name=users/*}:setPassword`.
///
/// Literals, `*` (one segment), `**` (the rest, last only), variables over any of these, and a verb at the end.
public struct PathTemplate: Sendable, Hashable, CustomStringConvertible {
    /// What one segment of a path has to be.
    public enum Segment: Sendable, Hashable {
        /// This text.
        case literal(String)
        /// Any text but the empty one.
        case any
        /// All that is left, which may be nothing.
        case rest
    }

    /// A field that segments of the path give a value to.
    public struct Variable: Sendable, Hashable {
        /// The field, as `api_key.name`.
        public let field: String
        /// The first of its segments.
        public let start: Int
        /// Behind the last of its segments; nil: as many as there are.
        public let end: Int?
        /// Whether it is more than one `*`: an encoded slash in it then stays encoded.
        public let hasSeveralSegments: Bool
    }

    /// As the contract writes it.
    public let text: String
    /// What paths have to be.
    public let segments: [Segment]
    /// What paths tell.
    public let variables: [Variable]
    /// What stands behind the last segment's colon; nil: no verb.
    public let verb: String?

    /// The template without the names of its variables, which no caller sees: `/api/v1/users/*:setPassword`.
    public var shape: String {
        var shape = ""
        for segment in segments {
            switch segment {
            case .literal(let text): shape += "/" + text
            case .any: shape += "/*"
            case .rest: shape += "/**"
            }
        }
        return verb.map { "\(shape):\($0)" } ?? shape
    }

    public var description: String { text }

    /// Whether its text is the one path that it takes.
    var isLiteral: Bool {
        variables.isEmpty
            && segments.allSatisfy { segment in
                if case .literal = segment { true } else { false }
            }
    }

    /// Reads a template.
    public init(_ text: String) throws(RouteError) {
        var reader = PathTemplateReader(text)
        try reader.read()
        self.text = text
        (segments, variables, verb) = (reader.segments, reader.variables, reader.verb)
    }
}

/// Reads the grammar of google/api/http.proto.
private struct PathTemplateReader {
    let text: String
    private var rest: Substring
    var segments: [PathTemplate.Segment] = []
    var variables: [PathTemplate.Variable] = []
    var verb: String?

    init(_ text: String) {
        self.text = text
        rest = text[...]
    }

    mutating func read() throws(RouteError) {
        guard take("/") else { throw error("does not begin with a slash") }
        repeat { try segment(isInVariable: false) } while take("/")
        if take(":") {
            guard !rest.isEmpty, rest.allSatisfy(Self.isLiteral) else { throw error("has no proper verb") }
            verb = String(rest)
            rest = rest[rest.endIndex...]
        }
        guard rest.isEmpty else { throw error("is no template from \"\(rest)\" on") }
        if let place = segments.firstIndex(of: .rest), place != segments.count - 1 {
            throw error("has ** before its end")
        }
    }

    private mutating func segment(isInVariable: Bool) throws(RouteError) {
        if take("**") { return segments.append(.rest) }
        if take("*") { return segments.append(.any) }
        if take("{") {
            guard !isInVariable else { throw error("has a variable within a variable") }
            return try variable()
        }
        let literal = rest.prefix { Self.isLiteral($0) }
        guard !literal.isEmpty else { throw error("has an empty segment") }
        rest = rest[literal.endIndex...]
        segments.append(.literal(String(literal)))
    }

    private mutating func variable() throws(RouteError) {
        let field = rest.prefix { $0 != "=" && $0 != "}" }
        guard !field.isEmpty else { throw error("has a variable without a field") }
        rest = rest[field.endIndex...]
        let start = segments.count
        if take("=") {
            repeat { try segment(isInVariable: true) } while take("/")
        } else {
            segments.append(.any)
        }
        guard take("}") else { throw error("has a variable without an end") }
        let inner = segments[start...]
        variables.append(
            PathTemplate.Variable(
                field: String(field), start: start, end: inner.last == .rest ? nil : segments.count,
                hasSeveralSegments: inner.count > 1 || inner.first == .rest))
    }

    private mutating func take(_ token: String) -> Bool {
        guard rest.hasPrefix(token) else { return false }
        rest = rest.dropFirst(token.count)
        return true
    }

    private static func isLiteral(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "-_.~!$&'()+,;@".contains(character))
    }

    private func error(_ reason: String) -> RouteError { RouteError(text, reason) }
}
