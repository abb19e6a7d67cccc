/// A mail address, and the form in which two are compared.
struct EmailAddress: Sendable, Hashable {
    /// As it was given.
    let text: String

    init(_ text: String) { self.text = text }

    /// Case is of no meaning to us, although RFC 5321 lets a host tell `Ada@` from `ada@`: two such people in one
    /// organization would be taken for each other. The contract's format is ASCII, so this is all there is to fold.
    var folded: String { Self.fold(text) }

    static func fold(_ text: String) -> String { text.lowercased() }
}
