import Synchronization

/// What callers tell the loop.
enum LoopCommand: Sendable {
    case start(Transfer)
    case resumeBody(Int)
    case resumeUpload(Int)
    case cancel(Int)
    case endAll
}

/// The loop's bounded post: commands, and the one way to wake its thread.
final class Mailbox: Sendable {
    private struct State {
        var commands: [LoopCommand] = []
        /// Transfers that were admitted and have not ended.
        var admitted = 0
        var lastID = 0
        /// Whether the thread has been woken for what is in `commands`.
        var isAwake = false
        var isClosed = false
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// Says how the thread is woken; nil once it can no longer be.
    func connect(_ wake: (@Sendable () -> Void)?) { state.withLock { $0.wake = wake } }

    /// A number for a transfer.
    func makeID() -> Int {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    func submit(_ transfer: Transfer) throws(OutboundError) {
        try state.withLock { state throws(OutboundError) in
            guard !state.isClosed else { throw OutboundError(.shutDown, "the client is shut down") }
            guard state.admitted < capacity else {
                throw OutboundError(.queueFull, "\(capacity) requests are under way or waiting")
            }
            state.admitted += 1
            state.commands.append(.start(transfer))
            Self.wakeUp(&state)
        }
    }

    /// Commands about a transfer that was admitted: their number is bounded by that of transfers.
    func post(_ command: LoopCommand) {
        state.withLock { state in
            state.commands.append(command)
            Self.wakeUp(&state)
        }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            Self.wakeUp(&state)
        }
    }

    func ended() { state.withLock { $0.admitted -= 1 } }

    /// All that came since the last time, and whether the client is to end.
    func take() -> (commands: [LoopCommand], isClosed: Bool) {
        state.withLock { state in
            defer {
                state.commands = []
                state.isAwake = false
            }
            return (state.commands, state.isClosed)
        }
    }

    // Under the lock, so that the handle that is woken cannot go away meanwhile.
    private static func wakeUp(_ state: inout State) {
        guard !state.isAwake else { return }
        state.isAwake = true
        state.wake?()
    }
}
