/// An etag of a resource's version.
enum Etag {
    static func text(_ version: Int64) -> String { "v\(version)" }

    /// - Throws: `etagMismatch` if the caller sent the etag of another version.
    static func check(_ sent: String, _ version: Int64) throws(PipelineFault) {
        guard sent.isEmpty || sent == text(version) else { throw .etagMismatch }
    }
}

/// Which fields of a resource a request changes (AIP-134).
struct UpdateMask: Sendable {
    /// Fields that a mask may name although nothing changes them: they say which resource, and which version of it.
    private static let steering: Set<String> = ["name", "etag"]

    private let fields: Set<String>

    /// Reads a mask.
    ///
    /// - Parameters:
    ///   - paths: The mask's; none: the fields that are set; `*`: all that can change. A path below a field that changes
    ///     as a whole, as a mask made of a JSON body has, stands for that field.
    ///   - changeable: Fields that can change.
    ///   - isSet: Whether the resource in the request has a value for the field.
    /// - Throws: `fieldImmutable` for a path that is no field that can change.
    init(_ paths: [String], changeable: [String], isSet: (String) -> Bool) throws(PipelineFault) {
        if paths.isEmpty {
            fields = Set(changeable.filter(isSet))
        } else if paths == ["*"] {
            fields = Set(changeable)
        } else {
            var named: Set<String> = []
            for path in paths {
                let field = String(path.prefix { $0 != "." })
                if Self.steering.contains(path) { continue }
                guard changeable.contains(field) else { throw .fieldImmutable(path) }
                named.insert(field)
            }
            fields = named
        }
    }

    func contains(_ field: String) -> Bool { fields.contains(field) }
}

/// Rules of texts that the contract cannot state.
enum TextRules {
    /// A text that people are shown: without control characters, which PostgreSQL (NUL) and terminals do not take.
    static func check(shown text: String, field: String) throws(PipelineFault) {
        for scalar in text.unicodeScalars where scalar.properties.generalCategory == .control {
            throw .fieldInvalid(field: field, problem: "must have no control characters")
        }
    }
}
