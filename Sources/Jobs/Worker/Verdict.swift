import Foundation

/// Why a running job's task was cancelled.
enum CancelCause: Sendable {
    case requested
    case timeout
    case shutdown
    /// The worker's lease is over.
    case lost
}

/// Decides what becomes of an attempt that threw.
struct Verdict: Sendable {
    var attempt: Int
    var maximumAttempts: Int
    var backoff: Backoff
    var timeout: Duration
    var now: Date
    var random: Double

    func outcome(_ error: any Error, cause: CancelCause?) -> Ending.Outcome {
        switch (cause, error) {
        case (.requested, _): .cancelled(error: "\(error)")
        case (.shutdown, _), (.lost, _): .released
        case (_, let failure as PermanentJobFailure): .dead(reason: failure.reason, error: failure.description)
        case (.timeout, _): failed("the attempt took longer than \(timeout)")
        case (nil, let retry as JobRetry):
            if retry.countsAsAttempt, attempt >= maximumAttempts {
                .dead(reason: "attempts", error: retry.description)
            } else {
                .retry(at: now + retry.after, error: retry.description, countsAsAttempt: retry.countsAsAttempt)
            }
        default: failed("\(error)")
        }
    }

    private func failed(_ error: String) -> Ending.Outcome {
        guard attempt < maximumAttempts else { return .dead(reason: "attempts", error: error) }
        let pause = backoff.pause(after: attempt, random: random)
        return .retry(at: now + pause, error: error, countsAsAttempt: true)
    }
}
