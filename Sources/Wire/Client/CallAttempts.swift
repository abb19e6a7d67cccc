import NIOCore
import Synchronization

/// Sends one request with a single message again and again, as its policy allows.
struct CallAttempts {
    /// Sent again although the policy allows no retry, as the server never saw the call: a bound against a server that
    /// refuses for ever.
    private static let maxTransparent = 5
    /// The longest pause, in milliseconds, that a server can ask for: whoever wants to be left alone for longer says no.
    private static let maxPushback: Int64 = 86_400_000

    let channel: ClientChannel
    let policy: RetryPolicy
    let deadline: NIODeadline
    private var attempt = 1
    private var transparent = 0

    init(channel: ClientChannel, policy: RetryPolicy, deadline: NIODeadline) {
        self.channel = channel
        self.policy = policy
        self.deadline = deadline
    }

    /// The request's head for the attempt at hand: servers learn of retries (gRFC A6), but not of transparent ones.
    func head(_ head: RequestHead) -> RequestHead {
        guard attempt > 1 else { return head }
        var head = head
        head.previousAttempts = attempt - 1
        return head
    }

    /// Whether to try again after `error`; waits as long as it must before. False: the error is the call's.
    mutating func shouldRetry(after error: RPCError, isCommitted: Bool) async -> Bool {
        if Task.isCancelled || error.code == .deadlineExceeded { return false }
        if error.isUnprocessed, transparent < Self.maxTransparent {
            transparent += 1
            // At once the first time; after that the refusals may have a reason that lasts a moment.
            guard transparent > 1 else { return true }
            let pause = UInt64.random(in: 1_000_000...5_000_000) << UInt64(transparent)
            return (try? await Task.sleep(nanoseconds: pause)) != nil
        }
        guard policy.maxAttempts > 1, policy.codes.contains(error.code), !isCommitted else { return false }
        let isAllowed = channel.throttle.withLock { $0.failed() }
        guard isAllowed, attempt < policy.maxAttempts else { return false }
        attempt += 1
        let longest = policy.longestWait(before: attempt).nanoseconds
        var wait = Int64.random(in: 0...max(longest, 1))
        if let pushback = error.metadata["grpc-retry-pushback-ms"] {
            // The server knows better; what is no number, or none that fits, means: do not.
            guard let milliseconds = Int64(pushback), (0...Self.maxPushback).contains(milliseconds) else {
                return false
            }
            wait = milliseconds * 1_000_000
        }
        guard NIODeadline.now() + .nanoseconds(wait) < deadline else { return false }
        return (try? await Task.sleep(nanoseconds: UInt64(wait))) != nil
    }
}
