/// What a call on the queue was refused for.
public struct JobError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Reason: String, Sendable {
        /// A field of a request is out of its bounds.
        case invalid
        /// There is no such job, or it belongs to another organization.
        case notFound
        /// The job is in a state in which this cannot be done.
        case wrongState
        /// The worker's lease on the job is over: somebody else may run it by now. What the transaction did is undone.
        case leaseLost
    }

    public var reason: Reason
    /// The field that is wrong, for `invalid`.
    public var field: String?
    public var message: String

    public init(_ reason: Reason, field: String? = nil, _ message: String) {
        self.reason = reason
        self.field = field
        self.message = message
    }

    public var description: String { field.map { "\($0): \(message)" } ?? message }
}

/// Thrown by a handler: another attempt would fail, too. The job is dead at once.
public struct PermanentJobFailure: Error, Sendable, CustomStringConvertible {
    /// A word for operators: "payload", "refused", "gone".
    public var reason: String
    public var description: String

    public init(_ reason: String, _ description: String) {
        self.reason = reason
        self.description = description
    }
}

/// Thrown by a handler: the next attempt is due after this time instead of after the usual backoff.
public struct JobRetry: Error, Sendable, CustomStringConvertible {
    public var after: Duration
    /// False if this attempt is not to count, as when nothing was wrong but the time.
    public var countsAsAttempt: Bool
    public var description: String

    public init(after: Duration, countsAsAttempt: Bool = true, _ description: String) {
        self.after = after
        self.countsAsAttempt = countsAsAttempt
        self.description = description
    }
}
