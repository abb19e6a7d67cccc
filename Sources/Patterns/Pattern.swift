/// A regular expression that is matched in linear time: a table is made once, and each byte takes one look into it.
///
/// The language is what RE2, ECMAScript and Java read alike: literals, `.`, classes of ASCII characters, `\d \w \s`,
/// groups, `|` and `? * + {n,m}`. It has no look-around and no back references, which no such table could match. A text
/// matches as a whole or not at all.
public final class Pattern: Sendable, CustomStringConvertible {
    /// The expression as it was given.
    public let source: String
    private let automaton: PatternAutomaton

    /// Reads an expression and makes its table.
    ///
    /// - Throws: `PatternError` for what is not of the language, or would need too large a table.
    public init(_ source: String) throws(PatternError) {
        self.source = source
        automaton = try PatternAutomaton(PatternParser.parse(source))
    }

    /// An expression of the contract, which has been read when its code was generated.
    ///
    /// A source that cannot be read is a programming error, and stops the program.
    public convenience init(checked source: String) {
        do {
            try self.init(source)
        } catch {
            preconditionFailure("the pattern '\(source)' cannot be used: \(error)")
        }
    }

    /// Whether the whole of `text` matches.
    public func matches(_ text: String) -> Bool { automaton.matches(text.utf8) }

    public var description: String { source }
}

/// Why a pattern cannot be used.
public struct PatternError: Error, Hashable, CustomStringConvertible {
    /// The reason, as the end of a sentence.
    public let description: String

    init(_ description: String) { self.description = description }
}
