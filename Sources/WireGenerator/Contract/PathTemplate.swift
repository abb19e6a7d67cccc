/// A path of `google.api.http`, as `/api/v1/{name=shelves/*}/books/{book.id}:lend`.
///
/// The grammar is that of google/api/http.proto:
///
///     Template = "/" Segments [ Verb ] ;        Segments = Segment { "/" Segment } ;
///     Segment  = "*" | "**" | LITERAL | Variable ;
///     Variable = "{" FieldPath [ "=" Segments ] "}" ;
struct PathTemplate {
    enum Segment: Hashable {
        case literal(String)
        /// One segment, whatever it is.
        case one
        /// All that is left.
        case rest
    }

    private(set) var segments: [Segment] = []
    private(set) var verb = ""
    /// The paths of fields that variables stand for.
    private(set) var variables: [String] = []

    /// Why a path is no template, as the end of a sentence.
    struct Malformed: Error {
        let reason: String
    }

    init(_ text: String) throws(Malformed) {
        guard text.first == "/" else { throw Malformed(reason: "does not begin with '/'") }
        var rest = text.dropFirst()
        try readSegments(&rest, inVariable: false)
        if rest.first == ":" {
            verb = String(rest.dropFirst())
            rest = ""
            guard Self.isLiteral(verb) else { throw Malformed(reason: "has the verb '\(verb)', which is no word") }
        }
        guard rest.isEmpty else { throw Malformed(reason: "cannot be read from '\(rest)' on") }
        if let index = segments.firstIndex(of: .rest), index != segments.count - 1 {
            throw Malformed(reason: "has '**' before its last segment")
        }
        if Set(variables).count < variables.count { throw Malformed(reason: "has a variable twice") }
    }

    private mutating func readSegments(_ text: inout Substring, inVariable: Bool) throws(Malformed) {
        repeat {
            try readSegment(&text, inVariable: inVariable)
            guard text.first == "/" else { return }
            text.removeFirst()
        } while true
    }

    private mutating func readSegment(_ text: inout Substring, inVariable: Bool) throws(Malformed) {
        if text.hasPrefix("**") {
            text.removeFirst(2)
            segments.append(.rest)
        } else if text.first == "*" {
            text.removeFirst()
            segments.append(.one)
        } else if text.first == "{" {
            guard !inVariable else { throw Malformed(reason: "has a variable inside a variable") }
            text.removeFirst()
            let name = text.prefix { $0 != "=" && $0 != "}" }
            text.removeFirst(name.count)
            variables.append(String(name))
            if text.first == "=" {
                text.removeFirst()
                try readSegments(&text, inVariable: true)
            } else {
                segments.append(.one)
            }
            guard text.first == "}" else { throw Malformed(reason: "has a '{' that is not closed") }
            text.removeFirst()
        } else {
            let word = text.prefix { !"/:{}=*".contains($0) }
            guard Self.isLiteral(word) else { throw Malformed(reason: "has a segment that is no word: '\(word)'") }
            text.removeFirst(word.count)
            segments.append(.literal(String(word)))
        }
    }

    /// RFC 3986, 2.3: what stands for itself everywhere.
    private static func isLiteral(_ text: some StringProtocol) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
                default: false
                }
            }
    }
}

extension PathTemplate {
    /// How the paths that two templates match lie to each other.
    enum Overlap {
        /// No path matches both.
        case none
        /// One matches some of what the other does, and is preferred there.
        case nested
        /// Both match the same.
        case same
        /// Some paths match both, and neither is the closer one.
        case ambiguous
    }

    func overlap(with other: PathTemplate) -> Overlap {
        guard verb == other.verb else { return .none }
        var (isCloser, otherIsCloser) = (false, false)
        var index = 0
        while true {
            let mine = index < segments.count ? segments[index] : nil
            let theirs = index < other.segments.count ? other.segments[index] : nil
            index += 1
            switch (mine, theirs) {
            case (nil, nil), (.rest, .rest): return Self.overlap(isCloser, otherIsCloser)
            case (.rest, _): return Self.overlap(isCloser, true)
            case (_, .rest): return Self.overlap(true, otherIsCloser)
            case (nil, _), (_, nil): return .none
            case (.literal(let left), .literal(let right)): if left != right { return .none }
            case (.literal, .one): isCloser = true
            case (.one, .literal): otherIsCloser = true
            case (.one, .one): break
            }
        }
    }

    private static func overlap(_ isCloser: Bool, _ otherIsCloser: Bool) -> Overlap {
        switch (isCloser, otherIsCloser) {
        case (false, false): .same
        case (true, true): .ambiguous
        default: .nested
        }
    }
}
