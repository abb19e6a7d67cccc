import Foundation

/// How a claim of a job ended, to be written down.
struct Ending: Sendable {
    enum Outcome: Sendable {
        case succeeded
        /// The handler has written the end in its own transaction.
        case completed
        case retry(at: Date, error: String, countsAsAttempt: Bool)
        case dead(reason: String, error: String)
        case cancelled(error: String)
        /// Given back as if it had not been claimed: the worker shuts down.
        case released
    }

    var job: Job
    var outcome: Outcome

    var name: String {
        switch outcome {
        case .succeeded, .completed: "succeeded"
        case .retry: "failed"
        case .dead: "dead"
        case .cancelled: "cancelled"
        case .released: "released"
        }
    }
}
