import NIOCore
import Wire

/// What waits to be sent on an HTTP/1.1 connection, and who waits for that.
//
// A class, as what is written may call back here at once: no access to a property may be open then.
final class HTTP1Output {
    /// Bytes of an answer that are handed over at once; longer ones go piece by piece as the client takes them.
    static let pieceSize = 64 * 1024
    /// Storage that an idle connection keeps for its next answer.
    private static let keptCapacity = 4 * 1024

    /// What is to be sent: answers put themselves here, as a copy would keep its storage from being used again.
    @safe @exclusivity(unchecked) var bytes = ByteBuffer()
    @safe @exclusivity(unchecked) fileprivate var isFlushScheduled = false
    @safe @exclusivity(unchecked) fileprivate var writers: [CheckedContinuation<Void, Never>] = []
    /// Whether the client takes what is written, as the channel last said.
    @safe @exclusivity(unchecked) var isWritable = true
    /// Since when somebody waits for the client to take something.
    @safe @exclusivity(unchecked) fileprivate(set) var waitsSince: NIODeadline?
    @safe @exclusivity(unchecked) private(set) var isClosing = false

    fileprivate func flush(_ context: ChannelHandlerContext) {
        guard bytes.readableBytes > 0 else { return }
        context.writeAndFlush(NIOAny(bytes), promise: nil)
        // The storage is used again where the socket has taken all; a large one goes.
        if bytes.storageCapacity > Self.keptCapacity { bytes = ByteBuffer() } else { bytes.clear() }
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
    /// Sends what was put into the output; at once, unless further answers follow in this turn.
    func send() {
        if hasMore { scheduleFlush() } else { flush() }
    }

    func scheduleFlush() {
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
            output.bytes.writeBytes(body[start..<end])
            flush()
            start = end
            await waitForRoom()
        }
    }

    /// Suspends while the client takes less than was written.
    func waitForRoom() async {
        guard !output.isWritable, !isClosed else { return }
        if output.waitsSince == nil { output.waitsSince = .now() }
        await withCheckedContinuation { output.writers.append($0) }
    }

    /// Tells a client that waits for it to send its body.
    func inviteBody(of exchange: HTTP1Exchange) {
        guard exchange.terms.expectsContinue else { return }
        exchange.terms.expectsContinue = false
        guard !exchange.hasBegun else { return }
        output.bytes.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        send()
    }
}
