/// A list of selectors, as read: Selectors Level 4, section 3.
struct SelectorList: Sendable, Hashable {
    var selectors: [ComplexSelector]
}

/// Compounds and what stands between them, from left to right.
struct ComplexSelector: Sendable, Hashable {
    var compounds: [CompoundSelector]
    /// The combinator before each compound; `nil` before the first one unless the selector is relative.
    var combinators: [Combinator?]
}

struct CompoundSelector: Sendable, Hashable {
    var simples: [SimpleSelector]
}

enum Combinator: UInt8, Sendable, Hashable {
    case descendant
    case child
    case nextSibling
    case subsequentSibling
}

indirect enum SimpleSelector: Sendable, Hashable {
    case universal
    case type(String)
    case id(String)
    case className(String)
    case attribute(AttributeSelector)
    case not(SelectorList)
    /// `:is()` and `:where()`, which differ in what does not matter here.
    case matches(SelectorList)
    /// Relative selectors.
    case has(SelectorList)
    case nth(NthSelector)
    case empty
    case root
    case scope
    /// `:text-contains("…")`: not of the standard.
    case textContains([String])
}

struct AttributeSelector: Sendable, Hashable {
    enum Match: UInt8, Sendable, Hashable {
        case exists
        case equals
        case includes
        case dashPrefix
        case prefix
        case suffix
        case substring
    }
    enum Case: UInt8, Sendable, Hashable {
        /// By the attribute: HTML has some whose values know no case.
        case automatic
        case insensitive
        case sensitive
    }
    var name: String
    var match: Match
    var value: String
    var letterCase: Case
}

/// `:nth-child()` and its relatives: positions `step · n + offset` for n = 0, 1, ….
struct NthSelector: Sendable, Hashable {
    var step: Int32
    var offset: Int32
    var fromEnd: Bool
    var ofType: Bool
    /// `of S`.
    var among: SelectorList?

    /// If a position, from 1, is one of those.
    @inline(__always)
    static func holds(step: Int32, offset: Int32, position: Int32) -> Bool {
        let distance = Int64(position) - Int64(offset)
        if step == 0 { return distance == 0 }
        return distance % Int64(step) == 0 && distance / Int64(step) >= 0
    }
}

/// What is wrong with a selector.
struct SelectorError: Error, Sendable, Hashable {
    var message: String
    /// In bytes of UTF-8.
    var position: Int
    var isTooLarge = false
}
