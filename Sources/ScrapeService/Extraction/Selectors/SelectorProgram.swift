/// What one step of a compound tests of an element.
enum SelectorOperation: UInt8, Sendable {
    /// a: name.
    case type
    /// a: value.
    case id
    /// a: value.
    case className
    /// a: name, b: value (its lower case behind it).
    case attribute
    case root
    case scope
    /// The element that `:has()` stands at.
    case anchor
    case empty
    /// a: step, b: offset, c: list or -1.
    case nth
    /// a: list.
    case matches
    /// a: list.
    case not
    /// a: first value, b: how many.
    case textContains
    /// a: list.
    case has
}

/// One test; what the numbers mean stands with the operation.
struct SelectorTest: Sendable, BitwiseCopyable {
    var operation: SelectorOperation
    var match = AttributeSelector.Match.exists
    var ignoresCase = false
    /// As `ignoresCase`, for elements of HTML alone.
    var ignoresCaseInHTML = false
    var fromEnd = false
    var ofType = false
    var a: Int32 = 0
    var b: Int32 = 0
    var c: Int32 = -1
}

/// A compound: the keys that an element must have, and the tests that remain.
struct CompiledCompound: Sendable, BitwiseCopyable {
    var keys: UInt64 = 0
    var firstTest: Int32 = 0
    var testCount: Int32 = 0
    /// What stands between this compound and the one to its left, which is the next in the program.
    var combinator = Combinator.descendant
}

/// A selector, its compounds from right to left.
struct CompiledSelector: Sendable, BitwiseCopyable {
    var firstCompound: Int32
    var compoundCount: Int32
    /// Keys that an element or its ancestors must have for the selector to match.
    var ancestorKeys: UInt64
    /// For selectors of `:has()`: what stands between the anchor and the leftmost compound.
    var leading: Combinator
}

/// The number of a list of selectors in a program.
typealias SelectorListID = Int32

/// All selectors of a plan, as tables of plain values: immutable, so that threads may share them.
final class SelectorProgram: Sendable {
    let tests: Column<SelectorTest>
    let compounds: Column<CompiledCompound>
    let selectors: Column<CompiledSelector>
    /// Selectors of each list.
    let lists: Column<ByteRange>
    /// Names that tests ask for, each in lower case (for HTML) and as it was written (for SVG and MathML).
    let lowerNames: [[UInt8]]
    let exactNames: [[UInt8]]
    let values: [[UInt8]]
    let keys: SelectorKeys
    /// If a test asks for positions among siblings, or among those of its type.
    let usesPositions: Bool
    let usesTypePositions: Bool

    init(_ compiler: consuming SelectorCompiler) {
        tests = Column(compiler.tests)
        compounds = Column(compiler.compounds)
        selectors = Column(compiler.selectors)
        lists = Column(compiler.lists)
        lowerNames = compiler.names.map { $0.map(\.asciiLowercased) }
        exactNames = compiler.names
        values = compiler.values
        keys = compiler.keys
        usesPositions = compiler.usesPositions
        usesTypePositions = compiler.usesTypePositions
    }
}
