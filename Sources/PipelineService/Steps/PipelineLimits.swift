/// Bounds on a pipeline and on what a run of it holds in memory.
struct PipelineLimits: Sendable {
    var schema = SchemaLimits()
    var expression = ExpressionLimits()
    /// How many steps a pipeline may have.
    var maximumSteps = 100
    /// How long a quality rule's name may be, in bytes of UTF-8.
    var maximumRuleNameBytes = 128
    /// How many keys all dedupe steps of a run may remember. A key takes 16 bytes of state and up to 64 bytes of memory.
    var maximumDedupeKeys = 10_000_000
}
