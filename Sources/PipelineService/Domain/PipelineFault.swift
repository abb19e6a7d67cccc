/// Why the service refuses something, or why a run failed: `RPC/PipelineFault+RPC.swift` says what callers are told.
enum PipelineFault: Error, Hashable, Sendable {
    /// Nothing of this name is there for the caller, whether it belongs to others or to nobody.
    case resourceUnknown(name: String)
    case etagMismatch
    case fieldImmutable(String)
    case pageTokenInvalid
    case limitReached(limit: String, maximum: Int)
    case invalidExpression(field: String, message: String, line: Int, column: Int)
    case invalidStep(field: String, message: String)
    case schemaInvalid(field: String, message: String)
    /// What comes in or goes out is not what was expected; `column` names the first that differs, if it is one.
    case schemaMismatch(message: String, column: String)
    case inputMissing
    /// What the pipeline names in `field` is not there.
    case referenceUnknown(field: String, name: String)
    case jobNotEnded(name: String)
    /// `field` is `rows[3].price`.
    case rowInvalid(field: String, message: String)
    case fileFormatUnknown
    case fileInvalid(message: String, record: Int)
    case fileTooLarge(maximum: Int)
    case pipelineRunning
    case runEnded
    /// Bytes that a row names are damaged or gone.
    case dataUnreadable(message: String)
    /// Object storage cannot serve now.
    case storageUnavailable
    /// A field breaks a rule that the contract cannot state; `problem` is the end of a sentence: "must …".
    case fieldInvalid(field: String, problem: String)

    // Of runs alone.
    case inputUnreadable(message: String)
    case datasetGone
    case ruleThresholdExceeded(message: String, field: String)
    case stepFailed(message: String, field: String)
    case runLimitReached(message: String)
    case runAbandoned(message: String)
}
