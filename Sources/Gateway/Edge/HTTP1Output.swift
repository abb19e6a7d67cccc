import NIOCore
import Wire

/// What waits to be sent on an HTTP/1.1 connection, and who waits for that.
//
// A class, as what is written may call back here at once: no access to a property may be open then.
final class HTTP1Output {
    /// Bytes of an answer that are handed over at once; longer ones go piece by piece as the client takes them.
    static let pieceSize = 64 * 1024

    @safe @exclusivity(unchecked) fileprivate var bytes = ByteBuffer()
    @safe @exclusivity(unchecked) fileprivate var isFlushScheduled = false
    @safe @exclusivity(unchecked) fileprivate var writers: [CheckedContinuation<Void, Never>] = []
    /// Since when somebody waits for the client to take something.
    @safe @exclusivity(unchecked) fileprivate(set) var waitsSince: NIODeadline?
    @safe @exclusivity(unchecked) private(set) var isClosing = false

    fileprivate func flush(_ context: ChannelHandlerContext) {
        guard bytes.readableBytes > 0 else { return }
        context.writeAndFlush(NIOAny(bytes), promise: nil)
        // The storage is used again where the socket has taken all.
        bytes.clear()
    }

    func wakeWriters() {
        waitsSince = nil
        guard !writers.isEmpty else { return }
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume() }
    }

    /// Closes the channel once all that was written has left.
    func close(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        isClosing = true
        let rest = bytes
        bytes = ByteBuffer()
        let channel = context.channel
        context.writeAndFlush(NIOAny(rest)).whenComplete { _ in channel.close(promise: nil) }
    }
}

// From answers to bytes.
extension HTTP1Connection {
    /// A buffer to put an answer into, which `send` gives back.
    func makeBuffer() -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &output.bytes)
        return buffer
    }

    /// Sends what `makeBuffer` gave; at once, unless further answers follow in this turn.
    func send(_ buffer: ByteBuffer) {
        output.bytes = buffer
        if hasMore { scheduleFlush() } else { flush() }
    }

    func sendSoon(_ buffer: ByteBuffer) {
        output.bytes = buffer
        scheduleFlush()
    }

    private func scheduleFlush() {
        guard !output.isFlushScheduled else { return }
        output.isFlushScheduled = true
        loop.context.afterTurn {
            self.output.isFlushScheduled = false
            self.flush()
        }
    }

    func flush() {
        guard let context else { return }
        output.flush(context)
    }

    /// Sends a large body piece by piece, as the client takes it.
    func send(_ body: [UInt8]) async {
        var start = 0
        while start < body.count, !isClosed {
            let end = min(start + HTTP1Output.pieceSize, body.count)
            var buffer = makeBuffer()
            buffer.writeBytes(body[start..<end])
            output.bytes = buffer
            flush()
            start = end
            await waitForRoom()
        }
    }

    /// Suspends while the client takes less than was written.
    func waitForRoom() async {
        guard let context, !context.channel.isWritable, !isClosed else { return }
        if output.waitsSince == nil { output.waitsSince = .now() }
        await withCheckedContinuation { output.writers.append($0) }
    }

    /// Tells a client that waits for it to send its body.
    func inviteBody(of exchange: HTTP1Exchange) {
        guard exchange.terms.expectsContinue else { return }
        exchange.terms.expectsContinue = false
        guard !exchange.hasBegun else { return }
        var buffer = makeBuffer()
        buffer.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        send(buffer)
    }
}
