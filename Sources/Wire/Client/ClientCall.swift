import NIOCore

/// One call's stream on a client, confined to its connection's loop.
///
/// It knows one attempt; retries make new ones. Unary calls wait once, for the end; streams wait for each message.
//
// Unchecked: touched on the loop only.
@usableFromInline
@safe
final class ClientCall: HTTP2Stream, @unchecked Sendable {
    @safe @exclusivity(unchecked) private var method: MethodDescriptor?
    /// Takes the stream off its connection's count; nil once that has been done.
    @safe @exclusivity(unchecked) private var lease: ConnectionLease?
    /// Held until the stream has closed, as the request's headers refer to its memory.
    @safe @exclusivity(unchecked) private var head: RequestHead?
    @safe @exclusivity(unchecked) var maxMessageSize = 0
    @safe @exclusivity(unchecked) private(set) var compression = Compression.identity
    @safe @exclusivity(unchecked) var pool = CompressionPool.shared
    @safe @exclusivity(unchecked) var packedFront = FrontMessage()

    @safe @exclusivity(unchecked) private(set) var deadline = NIODeadline.distantFuture
    @safe @exclusivity(unchecked) var responseHeaders: Metadata?
    @safe @exclusivity(unchecked) var responseTrailers = Metadata()
    @safe @exclusivity(unchecked) var responseEncoding = Compression.identity
    /// The call's end: nil while it runs, then success or what failed it.
    @safe @exclusivity(unchecked) var outcome: Result<Void, RPCError>?
    /// Whether anything of the reply has arrived: after that no retry is allowed.
    @safe @exclusivity(unchecked) var isCommitted = false
    @safe @exclusivity(unchecked) var receivedMessages = 0
    @safe @exclusivity(unchecked) var receivedBytes = 0
    @safe @exclusivity(unchecked) var sentMessages = 0
    @safe @exclusivity(unchecked) var sentBytes = 0
    @safe @exclusivity(unchecked) var lastMessageWasCompressed = false
    /// A unary reply is read only once the call has ended.
    @safe @exclusivity(unchecked) var waitsForEnd = false

    /// Called at the end of a call that no task waits for.
    @safe @exclusivity(unchecked) var completion: ((ClientCall) -> Void)?
    /// The loop has been told that it is to be called.
    @safe @exclusivity(unchecked) private var isCompletionDue = false

    @exclusivity(unchecked) var waiter: UnsafeContinuation<Void, Never>?
    /// Those who wait beside the first: for headers, as a rule, while somebody waits for messages.
    @exclusivity(unchecked) var otherWaiters: [UnsafeContinuation<Void, Never>] = unsafe []
    @exclusivity(unchecked) var writers: [UnsafeContinuation<Void, Never>] = unsafe []

    override init(context: LoopContext) {
        unsafe waiter = nil
        super.init(context: context)
    }

    /// Gives the object its call. Before it is opened, on any thread.
    func prepare(
        method: MethodDescriptor,
        lease: ConnectionLease,
        maxMessageSize: Int,
        compression: Compression,
        pool: CompressionPool
    ) {
        self.method = method
        self.lease = lease
        self.maxMessageSize = maxMessageSize
        self.compression = compression
        self.pool = pool
    }

    override func prepareForReuse() {
        super.prepareForReuse()
        method = nil
        lease = nil
        head = nil
        packedFront = FrontMessage()
        deadline = .distantFuture
        responseHeaders = nil
        responseTrailers = Metadata()
        responseEncoding = .identity
        outcome = nil
        isCommitted = false
        receivedMessages = 0
        receivedBytes = 0
        sentMessages = 0
        sentBytes = 0
        lastMessageWasCompressed = false
        waitsForEnd = false
        completion = nil
        isCompletionDue = false
    }

    // MARK: Request

    /// Opens the stream. On the loop.
    ///
    /// - Throws: `RPCError`, unprocessed, if the connection takes no stream.
    func open(on connection: HTTP2Connection, head: RequestHead, deadline: NIODeadline) throws {
        guard let method else { return }
        self.head = head
        let builder = context.headerBuilder
        builder.reset()
        builder.constant(":method", "POST")
        if head.channel.isEncrypted {
            builder.constant(":scheme", "https")
        } else {
            builder.constant(":scheme", "http")
        }
        builder.add(constant: ":path", method.stablePath)
        builder.add(constant: ":authority", head.channel.authority)
        builder.constant("te", "trailers")
        builder.constant("content-type", "application/grpc")
        builder.add(constant: "user-agent", head.channel.userAgent)
        builder.constant("grpc-accept-encoding", "identity,gzip")
        if compression == .gzip { builder.constant("grpc-encoding", "gzip") }
        if deadline != .distantFuture {
            self.deadline = deadline
            builder.addTimeout(deadline - .now())
        }
        if head.previousAttempts > 0 {
            builder.add(constant: "grpc-previous-rpc-attempts", String(head.previousAttempts))
        }
        head.prepared?.write(to: builder)
        if !head.metadata.isEmpty { head.metadata.write(to: builder) }
        do {
            try connection.open(self, hasBody: true)
        } catch {
            var failure = RPCError(code: .unavailable, message: "\(error)", cause: error)
            failure.isUnprocessed = true
            throw failure
        }
        if deadline != .distantFuture { context.timers.arm(self, at: deadline) }
    }

    /// Opens the stream on the leased connection, and sends `request` and the end if it is there. On the loop.
    ///
    /// - Throws: `RPCError`; then the lease has been given back, or will be when the stream has closed.
    func start(_ head: RequestHead, _ deadline: NIODeadline, _ request: EncodedMessage?) throws(RPCError) {
        do {
            guard let http2 = lease?.connection.http2 else {
                throw RPCError(code: .unavailable, message: "the connection has ended")
            }
            try open(on: http2, head: head, deadline: deadline)
            guard let request else { return }
            _ = try append(request)
            endRequest()
        } catch {
            if id == 0 { endLease() } else { reset(.cancel) }
            throw RPCError.wrapping(error)
        }
    }

    private func endLease() {
        lease?.end()
        lease = nil
    }

    /// Adds one message; true if the writer should wait before it adds another.
    func append(_ bytes: EncodedMessage, compress: Bool? = nil) throws -> Bool {
        if let outcome {
            // A reply may end the call while the client still sends: what it says is the call's result.
            if case .failure(let error) = outcome { throw error }
            throw RPCError(code: .internal, message: "the server has ended the call")
        }
        guard !outboundEnded else { throw RPCError(code: .internal, message: "the request has ended") }
        // Large ones were packed before, or could not be.
        if compression == .gzip, compress ?? true, bytes.isPacked || bytes.count <= pool.inlineSize {
            bytes.compress(to: &outbound)
        } else {
            unsafe bytes.withFrame { unsafe outbound.append($0) }
        }
        sentMessages += 1
        sentBytes += bytes.count
        outputAdded()
        return outbound.count > maxBufferedOutput
    }

    func endRequest() {
        guard !outboundEnded, !isClosed else { return }
        outboundEnded = true
        outputAdded()
    }

    /// Ends the call from this side.
    func cancel(_ error: RPCError) {
        guard outcome == nil else { return }
        outcome = .failure(error)
        packedFront.drop()
        reset(.cancel)
        settled()
    }

    // MARK: Reply

    override func process(_ events: Events) {
        guard outcome == nil else { return discardInput() }
        if events.contains(.headers), responseHeaders == nil { readHeaders() }
        guard outcome == nil else { return discardInput() }
        if waitsForEnd {
            // The reply is wanted whole: its bytes may come as fast as they can.
            if let problem = sizeProblem ?? excess { return cancel(problem) }
            credit(uncredited)
        }
        if inboundEnded {
            if waitsForEnd, !unpackReply() { return }
            readStatus()
        }
        if outcome != nil || !waitsForEnd { wakeReader() }
    }

    override func closed(_ error: HTTP2Error?) {
        endLease()
        guard outcome == nil else { return wakeAll() }
        // The reply is whole, and its status is read when its message is unpacked.
        if error == nil, packedFront.isUnpacking { return }
        let failure: RPCError
        switch error?.kind {
        case .unprocessed:
            var unprocessed = RPCError(code: .unavailable, message: "the server did not take the call", cause: error)
            unprocessed.isUnprocessed = true
            failure = unprocessed
        case .resetByPeer:
            let code = error?.code ?? .cancel
            failure = RPCError(
                code: .fromReset(code), message: "the server reset the stream: \(code)", origin: .peer, cause: error)
        case .connectionLost:
            let why = error?.message ?? ""
            failure = RPCError(code: .unavailable, message: "the connection was lost: \(why)", cause: error)
        default:
            failure = RPCError(code: .internal, message: "the reply ended without a status", cause: error)
        }
        outcome = .failure(failure)
        settled()
        wakeAll()
    }

    override func outputDrained() { wakeWriters() }

    override func timerFired() {
        cancel(RPCError(code: .deadlineExceeded, message: "the deadline has passed"))
        wakeAll()
    }

    func settled() {
        context.timers.disarm(self)
        wakeAll()
    }

    /// Has the loop call `completion`, once what it does now has been done.
    func completeSoon() {
        guard completion != nil, outcome != nil, !isCompletionDue else { return }
        isCompletionDue = true
        context.callEnded(self)
    }

    func discardInput() {
        if inbound.count > 0 { inbound.consume(inbound.count) }
        credit(uncredited)
    }
}
