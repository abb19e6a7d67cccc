import ServiceKit
import Synchronization
import Wire

/// What one stream has to be told, until it takes that.
///
/// Bounded: a stream that takes nothing for a time, or lets too much pile up, is cut off. Heartbeats do not pile up: a later
/// one says all that an earlier one did.
final class CredentialSubscription: Sendable {
    /// What a stream takes at a time.
    struct Delivery: Sendable {
        let events: [CredentialPayload]
        /// Up to when the store had been read, in milliseconds since 1970.
        let asOf: Int64
    }

    private struct State {
        var events: [CredentialPayload] = []
        var asOf: Int64?
        var lastTaken = ContinuousClock.now
        var end: RPCError?
    }

    /// Whose it is: the SHA-256 of the peer's certificate.
    let peer: String
    private let maximumPending: Int
    private let state = Mutex(State())
    private let news = Wakeup()
    private let ended = Wakeup()

    init(peer: String, maximumPending: Int) { (self.peer, self.maximumPending) = (peer, maximumPending) }

    /// Adds what is new.
    ///
    /// - Parameter stall: How long a stream may take nothing.
    func offer(_ events: [CredentialPayload], asOf: Int64, stall: Duration) {
        let isTooSlow = state.withLock { state in
            guard state.end == nil else { return false }
            guard state.events.count + events.count <= maximumPending, ContinuousClock.now - state.lastTaken <= stall
            else { return true }
            state.events += events
            state.asOf = asOf
            return false
        }
        if isTooSlow {
            end(RPCError(code: .unavailable, message: "the peer does not read what it is told; it has to begin anew"))
        } else {
            news.wake()
        }
    }

    /// Says that the stream is alive: it has written something.
    func progress() { state.withLock { $0.lastTaken = .now } }

    /// Waits for news.
    ///
    /// - Throws: What ended the subscription; `CancellationError`.
    func next() async throws -> Delivery {
        while true {
            let delivery = try state.withLock { state -> Delivery? in
                if let end = state.end { throw end }
                state.lastTaken = .now
                guard let asOf = state.asOf else { return nil }
                defer { (state.events, state.asOf) = ([], nil) }
                return Delivery(events: state.events, asOf: asOf)
            }
            if let delivery { return delivery }
            try Task.checkCancellation()
            await news.wait(for: nil)
        }
    }

    func end(_ error: RPCError) {
        state.withLock { state in
            if state.end == nil { state.end = error }
            state.events = []
        }
        news.wake()
        ended.wake()
    }

    /// Waits until the subscription is ended, whatever the stream does meanwhile.
    func untilEnd() async throws {
        while true {
            if let end = state.withLock({ $0.end }) { throw end }
            try Task.checkCancellation()
            await ended.wait(for: nil)
        }
    }
}
