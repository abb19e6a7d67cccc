public import Persistence

/// Where a job stands.
///
///     scheduled ─┬→ ready ⇄ held
///                └───↑ ↓
///     scheduled ←── running ──→ succeeded, cancelled, dead
public enum JobState: String, Sendable, CaseIterable, SQLConvertible {
    /// Waits for its time: enqueued for later, or between two attempts.
    case scheduled
    /// Can be claimed.
    case ready
    /// Waits for its limit key: as many jobs with this key run as may, or the next may not start yet.
    case held
    /// Claimed by a worker.
    case running
    case succeeded
    case cancelled
    /// Failed for good; stays until it is driven again, or its retention ends.
    case dead

    /// Whether the job is over, unless somebody drives it again.
    public var isFinished: Bool {
        switch self {
        case .scheduled, .ready, .held, .running: false
        case .succeeded, .cancelled, .dead: true
        }
    }
}
