/// Why nothing was collected, or not all of it: one sentence, and what to do about it.
public struct CollectFailure: Error, Sendable, CustomStringConvertible {
    /// What the process ends with.
    public enum Kind: Int32, Sendable, CaseIterable {
        /// Something failed on the way that is not the caller's to mend.
        case failed = 1
        /// An argument, a file, a selector is wrong.
        case argument = 2
        /// The suite does not answer, or is not ready.
        case unreachable = 3
        /// The caller may not: credentials, a permission, an address that the operator has not allowed.
        case refused = 4
        /// The site gave nothing: robots.txt forbids it, it cannot be reached, no page has what is wanted.
        case nothing = 5
        /// The records are there, but the log could not be proved to be whole.
        case unproved = 6
        /// Ctrl-C.
        case cancelled = 130
    }

    public var kind: Kind
    /// What happened.
    public var message: String
    /// What to do; empty where nobody can say.
    public var advice: String

    public init(_ kind: Kind, _ message: String, advice: String = "") {
        (self.kind, self.message, self.advice) = (kind, message, advice)
    }

    public var description: String { advice.isEmpty ? message : "\(message)\n\(advice)" }
}
