/// Rules of texts that the contract cannot state.
enum TextRules {
    /// A text that people are shown: without control characters, which PostgreSQL (NUL) and terminals do not take.
    static func check(shown text: String, field: String) throws(IdentityError) {
        for scalar in text.unicodeScalars where scalar.properties.generalCategory == .control {
            throw .fieldInvalid(field: field, problem: "must have no control characters")
        }
    }
}
