/// Bounds on an expression, checked when it is saved, and on what one evaluation may hold and do.
struct ExpressionLimits: Sendable {
    /// How long an expression may be, in bytes of UTF-8.
    var maximumBytes = 16_384
    /// How deep operators, calls and brackets may nest.
    var maximumDepth = 64
    /// How many literals, names, operators and calls an expression may hold.
    var maximumNodes = 2_000
    /// How many elements a list or map literal may have.
    var maximumListElements = 1_000
    /// How deep macros (all, exists, map …) may nest in each other.
    var maximumMacroDepth = 2
    /// How many elements the lists of one batch may hold together while an expression is evaluated.
    var maximumBatchElements = 4_000_000
    /// How many bytes the texts that one operator makes for a batch may take.
    var maximumBatchTextBytes = 64 << 20
    /// How many bytes the values of all operators together may take while a batch is evaluated.
    var maximumEvaluationBytes = 128 << 20
    /// What one row may cost: an operator costs 1, and a function over text or a list 1 more for each ten bytes or
    /// element, where that is known when the expression is saved.
    var maximumCost = 1_000_000
    /// How much memory a pattern's program and automata may take, in bytes.
    var maximumPatternMemory: Int64 = 8 << 20
}
