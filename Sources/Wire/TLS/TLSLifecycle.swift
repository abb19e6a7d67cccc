/// Where a connection stands between its first byte and its end: decisions only, no I/O.
struct TLSLifecycle {
    /// The stages, passed in this order; any may lead to `closed`.
    enum Phase: Hashable {
        case idle
        case handshaking
        case open
        /// close_notify is on its way out; the transport closes after it.
        case closing
        case closed
    }

    /// What to do about the peer's close_notify.
    enum PeerClose: Hashable {
        case ignore
        case announceHalfClosure
        case close
    }

    /// What to do about a wish to close.
    enum Close: Hashable {
        /// Send what is flushed and close_notify, then close the transport.
        case notifyThenTransport
        /// Close the transport at once: there is nobody to notify, or it was done.
        case transport
        /// Wait for the end of the handshake.
        case afterHandshake
        case alreadyClosed
    }

    /// What the end of the transport means.
    enum End: Hashable {
        case clean
        case handshakeInterrupted
        case truncated
    }

    private(set) var phase = Phase.idle
    /// The peer said close_notify: nothing more comes from it.
    private(set) var inputClosed = false
    /// This side said it: nothing more may be written.
    private(set) var outputClosed = false

    var canRead: Bool { phase == .open && !inputClosed }
    var canEncrypt: Bool { phase == .open && !outputClosed }
    var acceptsWrites: Bool { phase != .closing && phase != .closed && !outputClosed }

    /// True for the one who may start the handshake.
    mutating func start() -> Bool {
        guard phase == .idle else { return false }
        phase = .handshaking
        return true
    }

    mutating func handshakeDone() {
        if phase == .handshaking { phase = .open }
    }

    mutating func peerSentCloseNotify(halfClosureAllowed: Bool) -> PeerClose {
        guard phase == .open, !inputClosed else { return .ignore }
        inputClosed = true
        return halfClosureAllowed && !outputClosed ? .announceHalfClosure : .close
    }

    /// A wish to end both directions.
    mutating func close() -> Close {
        switch phase {
        case .open where !outputClosed:
            phase = .closing
            return .notifyThenTransport
        case .idle, .handshaking, .open, .closing, .closed:
            // A second wish while closing forces the first.
            phase = .closed
            return .transport
        }
    }

    /// A wish to end this side's direction.
    mutating func closeOutput() -> Close {
        switch phase {
        case .idle, .handshaking: return .afterHandshake
        case .open where !outputClosed: return .notifyThenTransport
        case .open, .closing, .closed: return .alreadyClosed
        }
    }

    mutating func sentCloseNotify() {
        outputClosed = true
    }

    /// The transport has ended for input, or altogether.
    mutating func transportEnded() -> End {
        defer { phase = .closed }
        switch phase {
        case .handshaking: return .handshakeInterrupted
        case .open: return inputClosed ? .clean : .truncated
        case .idle, .closing, .closed: return .clean
        }
    }

    /// True for the first failure, which alone is reported.
    mutating func fail() -> Bool {
        guard phase != .closed else { return false }
        phase = .closed
        return true
    }
}
