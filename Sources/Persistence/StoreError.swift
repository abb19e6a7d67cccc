/// What went wrong in a store, the same on SQLite and PostgreSQL.
///
/// Errors that a transaction's closure throws itself pass through unchanged; everything the store finds is a
/// `StoreError`.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    public enum Reason: String, Sendable, CaseIterable {
        /// The database cannot be reached, is starting or stopping, or the connection broke before the commit.
        case unavailable
        /// A statement, a connection attempt or an idle transaction took longer than its bound.
        case timeout
        /// No connection came free in time, or too many callers wait already.
        case exhausted
        /// Another transaction was in the way (serialization failure, deadlock, lock held); all attempts were used up.
        case serialization
        /// The connection broke while committing: nobody knows whether the change took place.
        case outcomeUnknown
        /// A unique constraint is violated; `constraint` names it.
        case conflict
        /// A foreign key, check or not-null constraint is violated; `constraint` or `column` names it where the store
        /// says so.
        case constraint
        /// The statement, a value or a row's decoding is wrong: a defect of the caller.
        case invalid
        /// The role may not do this, or row-level security refuses the row.
        case denied
        /// The caller's task was cancelled, or the store was closed.
        case cancelled
        /// No space, or no memory, is left.
        case full
        /// The database file or a page of it is damaged.
        case corrupt
        /// The schema is not what this binary needs: behind, ahead, or changed.
        case schema
        /// Anything else; `code` says what the store said.
        case unexpected
    }

    public var reason: Reason
    public var message: String
    /// The violated constraint: its name, for unique constraints the index's name on both stores.
    public var constraint: String?
    /// The column that a not-null violation is about.
    public var column: String?
    /// PostgreSQL's SQLSTATE, or SQLite's extended result code in decimal.
    public var code: String?

    /// Whether the transaction is worth another attempt at once: nothing of it has taken effect.
    var isTransient = false
    /// Whether the transaction is still there after the error, so that a savepoint in it can be rolled back to.
    var leavesTransaction = true

    public init(
        _ reason: Reason,
        _ message: String,
        constraint: String? = nil,
        column: String? = nil,
        code: String? = nil
    ) {
        self.reason = reason
        self.message = message
        self.constraint = constraint
        self.column = column
        self.code = code
    }

    /// Whether the same call can succeed later without anything being changed, and cannot take effect twice.
    ///
    /// `outcomeUnknown` is not retryable by this measure: ask again with the same request id, whose replay record
    /// commits with the change.
    public var isRetryable: Bool {
        switch reason {
        case .unavailable, .timeout, .exhausted, .serialization: true
        default: false
        }
    }

    public var description: String {
        var text = "\(reason.rawValue): \(message)"
        if let constraint { text += " (constraint \(constraint))" }
        if let column { text += " (column \(column))" }
        if let code { text += " [\(code)]" }
        return text
    }
}
