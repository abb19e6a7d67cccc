/// Why a suite cannot start or go on, in words for whoever started it: what is wrong and what to do.
public struct SuiteFailure: Error, CustomStringConvertible {
    /// The words.
    public let description: String

    /// Takes the words.
    public init(_ description: String) { self.description = description }
}
