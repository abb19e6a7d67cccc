public import NIOCore

/// A stream whose bodies are plain bytes, in both directions, with flow control that follows who reads and writes.
//
// Unchecked: touched on the loop; the asynchronous functions hop there.
@safe
public class HTTP2ByteStream: HTTP2Stream, @unchecked Sendable {
    @safe @exclusivity(unchecked) final var failure: HTTP2Error?
    /// Why nobody waits for the rest of the peer's body any more.
    @safe @exclusivity(unchecked) private final var readingFailure: HTTP2Error?
    @safe @exclusivity(unchecked) final var trailersToSend = HTTP2Fields()
    @exclusivity(unchecked) private final var readers: [UnsafeContinuation<Void, Never>] = unsafe []
    @exclusivity(unchecked) private final var writers: [UnsafeContinuation<Void, Never>] = unsafe []

    // MARK: Reading

    /// The next bytes of the peer's body; nil at its end. Bytes go back to the peer's window as they are taken.
    ///
    /// - Throws: `HTTP2Error` if the stream ended before its body; `CancellationError`.
    public final func nextChunk() async throws -> ByteBuffer? {
        while true {
            let step: Result<ByteBuffer?, HTTP2Error>? = await context.hop { self.takeChunk() }
            if let step { return try step.get() }
            try Task.checkCancellation()
            await waitForNews {
                !$0.inbound.isEmpty || $0.inboundEnded || $0.isClosed || $0.readingFailure != nil
            }
        }
    }

    /// Makes `nextChunk` throw as soon as nothing more is there: the body comes too slowly. The stream goes on. On the
    /// loop.
    package final func failReading(_ message: String) {
        readingFailure = HTTP2Error(kind: .resetLocally, code: .cancel, message: message)
        wakeReader()
    }

    /// Whether the peer's whole body has come and lies here. On the loop.
    package final var hasWholeBody: Bool { inboundEnded }

    private func takeChunk() -> Result<ByteBuffer?, HTTP2Error>? {
        if !inbound.isEmpty {
            let chunk = unsafe ByteBuffer(bytes: inbound.readable)
            inbound.consume(chunk.readableBytes)
            credit(chunk.readableBytes)
            return .success(chunk)
        }
        if inboundEnded { return .success(nil) }
        if let readingFailure { return .failure(readingFailure) }
        if isClosed { return .failure(failure ?? Self.ended) }
        return nil
    }

    /// The fields after the peer's body; empty before its end.
    public final func receivedTrailers() async -> HTTP2Fields {
        await context.hop { HTTP2Fields(self.trailers) }
    }

    // MARK: Writing

    /// Sends bytes; suspends while the peer takes less than was written.
    ///
    /// - Throws: `HTTP2Error` if the stream has ended.
    public final func write(_ bytes: ByteBuffer) async throws {
        let outcome: Result<Bool, HTTP2Error> = await context.hop {
            guard !self.isClosed, !self.outboundEnded else { return .failure(self.failure ?? Self.ended) }
            unsafe bytes.withUnsafeReadableBytes { unsafe self.outbound.append($0) }
            self.outputAdded()
            return .success(self.outbound.count > self.maxBufferedOutput)
        }
        guard try outcome.get() else { return }
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                context.run {
                    if self.outbound.count > self.maxBufferedOutput / 2, !self.isClosed {
                        self.isWriterWaiting = true
                        unsafe self.writers.append(continuation)
                    } else {
                        unsafe continuation.resume()
                    }
                }
                if Task.isCancelled { context.run { self.wakeWriters() } }
            }
        } onCancel: {
            context.run { self.wakeWriters() }
        }
        try Task.checkCancellation()
    }

    /// Ends this side's body, with `trailers` after it.
    public final func finish(trailers: HTTP2Fields = HTTP2Fields()) async throws {
        if let name = trailers.firstInvalid { throw HTTP2Error.invalidField(name) }
        await context.hop {
            guard !self.isClosed, !self.outboundEnded else { return }
            self.trailersToSend = trailers
            self.endsWithTrailers = !trailers.list.isEmpty
            self.outboundEnded = true
            self.outputAdded()
        }
    }

    /// Ends the stream at once in both directions.
    public final func reset(with code: HTTP2ErrorCode) async {
        await context.hop { self.reset(code) }
    }

    static let ended = HTTP2Error(kind: .streamEnded, code: .noError, message: "the stream has ended")

    // MARK: Loop

    override func buildTrailers(_ builder: HeaderBlockBuilder) { trailersToSend.write(to: builder) }

    override func outputDrained() { wakeWriters() }

    final func ended(_ error: HTTP2Error?) {
        failure = error
        wakeReader()
        wakeWriters()
    }

    /// Suspends until `isThere`, or something has happened, or the task is cancelled.
    final func waitForNews(_ isThere: @escaping @Sendable (HTTP2ByteStream) -> Bool) async {
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                context.run {
                    if isThere(self) {
                        unsafe continuation.resume()
                    } else {
                        unsafe self.readers.append(continuation)
                    }
                }
                // Cancelled before it waited: the handler below has run, and found nobody to wake.
                if Task.isCancelled { context.run { self.wakeReader() } }
            }
        } onCancel: {
            context.run { self.wakeReader() }
        }
    }

    final func wakeReader() {
        guard unsafe !readers.isEmpty else { return }
        let waiting = unsafe readers
        unsafe readers.removeAll(keepingCapacity: true)
        unsafe waiting.forEach { unsafe $0.resume() }
    }

    private func wakeWriters() {
        let waiting = unsafe writers
        unsafe writers = []
        unsafe waiting.forEach { unsafe $0.resume() }
    }
}

extension HTTP2Error {
    static func invalidField(_ name: String) -> HTTP2Error {
        HTTP2Error(kind: .streamEnded, code: .protocolError, message: "the field \(name) must not be sent")
    }
}
