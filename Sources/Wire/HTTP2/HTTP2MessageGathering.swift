import CNghttp2

/// What a connection holds of messages that have come only in part.
///
/// Such bytes go back to the peer's windows before they are used, as the rest of the message could not come otherwise.
/// Past the limit they go back to the connection's window alone: other streams run on, and the held-back one goes on
/// when there is room again. One stream is always let through, so that what is held can become whole and be used.
struct HTTP2MessageGathering {
    let limit: Int
    private(set) var held = 0
    /// The one stream that goes on past the limit.
    private var favored: ObjectIdentifier?
    /// Streams that were held back, longest first.
    private(set) var waiting: [HTTP2Stream] = []

    init(limit: Int) { self.limit = limit }

    mutating func add(_ count: Int) { held += count }

    /// Whether the rest of the stream's message may come now.
    mutating func admits(_ stream: HTTP2Stream) -> Bool {
        if held <= limit || favored == ObjectIdentifier(stream) { return true }
        guard favored == nil else { return false }
        favored = ObjectIdentifier(stream)
        return true
    }

    mutating func wait(_ stream: HTTP2Stream) { waiting.append(stream) }

    mutating func leave(_ stream: HTTP2Stream, _ count: Int, isWaiting: Bool) {
        held -= count
        if favored == ObjectIdentifier(stream) { favored = nil }
        if isWaiting { waiting.removeAll { $0 === stream } }
    }

    /// The next stream that may go on, if there is one.
    mutating func nextAdmitted() -> HTTP2Stream? {
        guard let first = waiting.first, admits(first) else { return nil }
        return waiting.removeFirst()
    }
}

extension HTTP2Connection {
    /// Lets the rest of a message come of which `stream` holds the first bytes.
    func gather(_ stream: HTTP2Stream) {
        let count = stream.uncredited
        guard count > 0 else { return }
        gathering.add(count)
        stream.gathered += count
        // What came before the stream was held back may still be on its way.
        if !stream.isHeldBack, gathering.admits(stream) { return stream.credit(count) }
        stream.uncredited = 0
        stream.heldBack += count
        connectionCredit += count
        context.markDirty(self)
        guard !stream.isHeldBack else { return }
        stream.isHeldBack = true
        gathering.wait(stream)
        delegate?.abused(.gatheredMessages, on: self)
        stream.heldBackChanged()
    }

    /// The message of which `stream` held parts was taken, or is not wanted any more.
    func endGathering(_ stream: HTTP2Stream) {
        guard stream.gathered > 0 else { return }
        gathering.leave(stream, stream.gathered, isWaiting: stream.isHeldBack)
        stream.gathered = 0
        if stream.isHeldBack { goOn(stream) }
        while let next = gathering.nextAdmitted() { goOn(next) }
    }

    private func goOn(_ stream: HTTP2Stream) {
        stream.isHeldBack = false
        let count = stream.heldBack
        stream.heldBack = 0
        if unsafe session != nil, !stream.inboundEnded, !stream.isClosed {
            unsafe nghttp2_session_consume_stream(session, stream.id, count)
            context.markDirty(self)
        }
        stream.heldBackChanged()
    }
}
