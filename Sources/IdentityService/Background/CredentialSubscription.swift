import ServiceKit
import Synchronization
import Wire

/// How far the first part of a stream, all that is good now, has been read.
enum SnapshotCursor: Sendable, Hashable {
    case tokenKeys
    case revocations(after: Int64)
    case networks(after: String)
    case keys(after: String)
    case done
}

/// What one stream has to be told, until it takes that.
///
/// Bounded: a stream that takes nothing for a time, or lets too much pile up, is cut off. Heartbeats do not pile up: a later
/// one says all that an earlier one did.
final class CredentialSubscription: Sendable {
    /// What a stream takes at a time.
    struct Delivery: Sendable {
        let events: [CredentialPayload]
        /// Where the first part goes on, if a page of it is among the events.
        let page: SnapshotCursor?
        /// Up to when the store had been read, in milliseconds since 1970.
        let asOf: Int64
    }

    private struct State {
        var events: [CredentialPayload] = []
        /// Where the first part goes on.
        var cursor = SnapshotCursor.tokenKeys
        /// Whether a page has come that the stream has not taken yet.
        var hasPage = false
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

    /// Where the first part goes on.
    var cursor: SnapshotCursor { state.withLock { $0.cursor } }

    /// Adds what is new.
    ///
    /// - Parameters:
    ///   - page: A page of the first part, of the same state of the store, and where it goes on.
    ///   - stall: How long a stream may take nothing.
    func offer(
        _ events: [CredentialPayload], page: (events: [CredentialPayload], next: SnapshotCursor)? = nil, asOf: Int64,
        stall: Duration
    ) {
        let isTooSlow = state.withLock { state in
            guard state.end == nil else { return false }
            guard state.events.count + events.count + (page?.events.count ?? 0) <= maximumPending,
                ContinuousClock.now - state.lastTaken <= stall
            else { return true }
            state.events += events
            if let page {
                state.events += page.events
                (state.cursor, state.hasPage) = (page.next, true)
            }
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
                defer { (state.events, state.asOf, state.hasPage) = ([], nil, false) }
                return Delivery(events: state.events, page: state.hasPage ? state.cursor : nil, asOf: asOf)
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
