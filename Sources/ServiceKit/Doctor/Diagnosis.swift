/// What `datavault doctor` found at one place.
public struct Diagnosis: Sendable, Encodable, Equatable {
    /// How bad it is.
    public enum Verdict: String, Sendable, Encodable {
        /// As it should be.
        case ok
        /// It works, and something about it should be known.
        case warning
        /// The suite cannot work like this.
        case failure
    }

    /// What was looked at.
    public let subject: String
    /// How it is.
    public let verdict: Verdict
    /// What was found, in a sentence.
    public let finding: String
    /// What to do; empty if nothing.
    public let advice: String

    init(_ subject: String, _ verdict: Verdict, _ finding: String, _ advice: String = "") {
        (self.subject, self.verdict, self.finding, self.advice) = (subject, verdict, finding, advice)
    }
}
