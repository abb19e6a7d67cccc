public import NIOCore

/// One HTTP/2 request of a client: its body, and the reply to it. Dropping it resets the stream.
public final class HTTP2ClientStream: Sendable {
    let stream: HTTP2ClientByteStream

    init(_ stream: HTTP2ClientByteStream) { self.stream = stream }

    deinit {
        // The connection holds its open streams, so the end of this handle is the only sign that nobody wants the reply.
        let stream = self.stream
        stream.context.run { stream.reset(.cancel) }
    }

    /// Waits for the head of the reply.
    ///
    /// - Throws: `HTTP2Error` if the stream ended before; `CancellationError`.
    public func response() async throws -> HTTP2ResponseHead { try await stream.response() }

    /// The next bytes of the reply's body; nil at its end. Bytes go back to the server's window as they are taken.
    ///
    /// - Throws: `HTTP2Error` if the stream ended before its body; `CancellationError`.
    public func nextChunk() async throws -> ByteBuffer? { try await stream.nextChunk() }

    /// The fields after the reply's body; empty before its end.
    public func receivedTrailers() async -> HTTP2Fields { await stream.receivedTrailers() }

    /// Sends bytes of the request's body; suspends while the server takes less than was written.
    ///
    /// - Throws: `HTTP2Error` if the stream has ended.
    public func write(_ bytes: ByteBuffer) async throws { try await stream.write(bytes) }

    /// Ends the request's body, with `trailers` after it.
    public func finish(trailers: HTTP2Fields = HTTP2Fields()) async throws {
        try await stream.finish(trailers: trailers)
    }

    /// Ends the stream at once in both directions.
    public func reset(with code: HTTP2ErrorCode) async { await stream.reset(with: code) }
}

/// The stream behind an `HTTP2ClientStream`.
//
// Unchecked: touched on the loop; the asynchronous functions hop there.
final class HTTP2ClientByteStream: HTTP2ByteStream, @unchecked Sendable {
    private let lease: ConnectionLease
    private var head: HTTP2ResponseHead?

    init(lease: ConnectionLease) {
        self.lease = lease
        super.init(context: lease.connection.context)
    }

    func response() async throws -> HTTP2ResponseHead {
        while await !hasHead() {
            try Task.checkCancellation()
            await waitForNews { $0.headersAreComplete || $0.isClosed }
        }
        guard let head else { throw failure ?? Self.ended }
        return head
    }

    /// Whether the reply's head or the stream's end has come; neither changes any more after that.
    private func hasHead() async -> Bool {
        await context.hop {
            if self.headersAreComplete, self.head == nil {
                let status = Int(self.headers.first(":status") ?? "") ?? 0
                self.head = HTTP2ResponseHead(status: status, fields: HTTP2Fields(self.headers))
            }
            return self.head != nil || self.isClosed
        }
    }

    // MARK: Loop

    func open(on connection: HTTP2Connection, _ head: HTTP2RequestHead, endsStream: Bool) throws {
        let builder = context.headerBuilder
        builder.reset()
        builder.add(constant: ":method", head.method)
        builder.add(constant: ":scheme", head.scheme)
        builder.add(constant: ":authority", head.authority)
        builder.add(constant: ":path", head.path)
        head.fields.write(to: builder)
        outboundEnded = endsStream
        try connection.open(self, hasBody: !endsStream)
    }

    override func process(_ events: Events) { wakeReader() }

    override func closed(_ error: HTTP2Error?) {
        lease.end()
        ended(error)
    }
}

extension ClientChannel {
    /// Sends a plain HTTP/2 request over the channel's connections; with `endsStream` it has no body.
    ///
    /// The scheme and, where the head has none, the authority are the channel's.
    ///
    /// - Throws: `RPCError` if there is no connection; `HTTP2Error` if the head must not be sent.
    public func request(
        _ head: HTTP2RequestHead,
        endsStream: Bool = false,
        deadline: NIODeadline = .distantFuture
    ) async throws -> HTTP2ClientStream {
        if let name = head.firstInvalid { throw HTTP2Error.invalidField(name) }
        var head = head
        head.scheme = isEncrypted ? "https" : "http"
        if head.authority.isEmpty { head.authority = authority }
        let lease = try await pool.lease(waitForReady: configuration.waitForReady, deadline: deadline)
        let stream = HTTP2ClientByteStream(lease: lease)
        let complete = head
        let outcome: Result<Void, any Error> = await stream.context.hop {
            Result {
                do {
                    guard let http2 = lease.connection.http2 else { throw HTTP2ByteStream.ended }
                    try stream.open(on: http2, complete, endsStream: endsStream)
                } catch {
                    lease.end()
                    throw error
                }
            }
        }
        try outcome.get()
        return HTTP2ClientStream(stream)
    }
}
