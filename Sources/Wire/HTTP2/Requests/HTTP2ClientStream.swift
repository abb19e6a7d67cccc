public import NIOCore

/// One HTTP/2 request of a client: its body, and the reply to it.
//
// Unchecked: touched on the loop; the asynchronous functions hop there.
public final class HTTP2ClientStream: HTTP2ByteStream, @unchecked Sendable {
    private let lease: ConnectionLease
    private var head: HTTP2ResponseHead?

    init(lease: ConnectionLease) {
        self.lease = lease
        super.init(context: lease.connection.context)
    }

    /// Waits for the head of the reply.
    ///
    /// - Throws: `HTTP2Error` if the stream ended before; `CancellationError`.
    public func response() async throws -> HTTP2ResponseHead {
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
        builder.add(":method", head.method)
        builder.add(":scheme", head.scheme)
        builder.add(":authority", head.authority)
        builder.add(":path", head.path)
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
        let stream = HTTP2ClientStream(lease: lease)
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
        return stream
    }
}
