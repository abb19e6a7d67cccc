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
    @safe @exclusivity(unchecked) private var maxMessageSize = 0
    @safe @exclusivity(unchecked) private(set) var compression = Compression.identity
    @safe @exclusivity(unchecked) private var pool = CompressionPool.shared
    @safe @exclusivity(unchecked) private var packedFront = FrontMessage()

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

    @exclusivity(unchecked) private var waiter: UnsafeContinuation<Void, Never>?
    /// Those who wait beside the first: for headers, as a rule, while somebody waits for messages.
    @exclusivity(unchecked) private var otherWaiters: [UnsafeContinuation<Void, Never>] = unsafe []
    @exclusivity(unchecked) private var writers: [UnsafeContinuation<Void, Never>] = unsafe []

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
            builder.add(constant: "grpc-timeout", Timeout.format(deadline - .now()))
        }
        if head.previousAttempts > 0 {
            builder.add(constant: "grpc-previous-rpc-attempts", String(head.previousAttempts))
        }
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

    /// Unpacks a unary reply, which is taken without waiting once the call has ended; false while the pool does it.
    private func unpackReply() -> Bool {
        let readable = unsafe inbound.readable
        guard case .whole(let prefix) = unsafe MessagePrefix.front(of: readable), prefix.isCompressed else {
            return true
        }
        unsafe unpackFront(UnsafeRawBufferPointer(rebasing: readable[MessagePrefix.size...]))
        return !packedFront.isUnpacking
    }

    private func unpackFront(_ content: UnsafeRawBufferPointer) {
        unsafe packedFront.unpack(content, limit: maxMessageSize, pool: pool, on: context) { job, result in
            guard self.packedFront.finish(job, result) else { return }
            if self.waitsForEnd, self.outcome == nil { self.readStatus() }
            self.wakeReader()
        }
    }

    private func readHeaders() {
        isCommitted = true
        var status = 0
        var isGRPC = false
        var encodingIsUnknown: String?
        unsafe headers.forEach { name, value in
            if unsafe name.equals(":status") {
                status = unsafe value.equals("200") ? 200 : Int(String(decoding: value, as: UTF8.self)) ?? 0
            } else if unsafe name.equals("content-type") {
                isGRPC = unsafe value.starts(with: "application/grpc")
            } else if unsafe name.equals("grpc-encoding") {
                if let coding = unsafe Compression(name: value) {
                    responseEncoding = coding
                } else {
                    encodingIsUnknown = unsafe String(decoding: value, as: UTF8.self)
                }
            }
        }
        if headersAreTooLarge {
            return cancel(RPCError(code: .resourceExhausted, message: "the reply's headers are too large"))
        }
        let isUsual = status == 200 && isGRPC
        let hasStatus = isUsual || headers.first("grpc-status") != nil
        if status != 200 && !hasStatus {
            return cancel(
                RPCError(code: .fromHTTP(status: status), message: "the server answered with HTTP status \(status)"))
        }
        if !isGRPC && !hasStatus {
            return cancel(RPCError(code: .unknown, message: "the reply's content-type is not application/grpc"))
        }
        if let encodingIsUnknown {
            return cancel(
                RPCError(code: .internal, message: "the reply's encoding \(encodingIsUnknown) is not supported"))
        }
        // Trailers-only: the one block is both, and what it says is the call's end.
        responseHeaders = inboundEnded && trailers.fieldCount == 0 ? Metadata() : Metadata(headers)
    }

    private func readStatus() {
        if trailers.holdsOnly("grpc-status", "0"), !headersAreTooLarge, outboundEnded {
            outcome = .success(())
            return settled()
        }
        let isTrailersOnly = trailers.fieldCount == 0
        let result = isTrailersOnly ? GRPCStatus(headers) : GRPCStatus(trailers)
        responseTrailers = isTrailersOnly ? Metadata(headers) : Metadata(trailers)
        if isTrailersOnly { isCommitted = false }
        if headersAreTooLarge {
            // Also where the status was among the fields kept: what is lost may be what it refers to.
            outcome = .failure(
                RPCError(code: .resourceExhausted, message: "the reply's trailers are too large", origin: .local))
        } else if let error = result?.error(metadata: responseTrailers) {
            outcome = .failure(error)
        } else if result != nil {
            outcome = .success(())
        } else {
            outcome = .failure(RPCError(code: .internal, message: "the reply ended without a status", origin: .local))
        }
        if !outboundEnded {
            // The server has said all: what is left of the request is of no use to it.
            outboundEnded = true
            outbound.consume(outbound.count)
            reset(.cancel)
        }
        settled()
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

    private func settled() {
        context.timers.disarm(self)
        wakeAll()
    }

    private func discardInput() {
        if inbound.count > 0 { inbound.consume(inbound.count) }
        credit(uncredited)
    }

    // MARK: Messages

    /// What is wrong with a unary reply of more than one message, which must not be gathered to its end.
    private var excess: RPCError? {
        guard case .whole(let prefix) = unsafe MessagePrefix.front(of: inbound.readable),
            inbound.count > MessagePrefix.size + prefix.length
        else { return nil }
        return RPCError(code: .internal, message: "the reply has more than one message")
    }

    private var sizeProblem: RPCError? {
        switch unsafe MessagePrefix.front(of: inbound.readable) {
        case .partial(let prefix), .whole(let prefix):
            if prefix.length > maxMessageSize {
                return RPCError(
                    code: .resourceExhausted,
                    message: "a reply of \(prefix.length) bytes is over the limit of \(maxMessageSize)")
            }
            if prefix.isCompressed && responseEncoding == .identity {
                return RPCError(code: .internal, message: "a reply is compressed, but grpc-encoding names no coding")
            }
            return nil
        case .malformed: return RPCError(code: .internal, message: "a reply has a malformed prefix")
        case .none: return nil
        }
    }

    /// Hands the front message to `body` if it has arrived whole.
    func takeMessage(_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
        if let problem = sizeProblem {
            cancel(problem)
            throw problem
        }
        let readable = unsafe inbound.readable
        guard case .whole(let prefix) = unsafe MessagePrefix.front(of: readable) else { return false }
        let end = MessagePrefix.size + prefix.length
        let content = unsafe UnsafeRawBufferPointer(rebasing: readable[MessagePrefix.size..<end])
        var unpacked: Result<[UInt8], FrontMessage.Failure>?
        if prefix.isCompressed {
            unsafe unpackFront(content)
            unpacked = packedFront.take()
            if unpacked == nil { return false }
        }
        receivedMessages += 1
        lastMessageWasCompressed = prefix.isCompressed
        defer {
            inbound.consume(end)
            credit(end)
        }
        switch unpacked {
        case nil:
            receivedBytes += prefix.length
            try unsafe body(content)
        case .success(let bytes):
            receivedBytes += bytes.count
            try unsafe bytes.withUnsafeBytes { try unsafe body($0) }
        case .failure(let error):
            var failure = RPCError(code: .internal, message: "a reply cannot be unpacked: \(error)")
            switch error {
            case .gzip(.tooLarge), .queueFull: failure.code = .resourceExhausted
            case .gzip: break
            }
            cancel(failure)
            throw failure
        }
        return true
    }

    /// The front message is at the pool; a call that has failed waits for none.
    var isUnpacking: Bool {
        if case .failure = outcome { return false }
        return packedFront.isUnpacking
    }

    /// Whether `takeMessage` would find something, or the end.
    var hasNews: Bool {
        if isUnpacking { return false }
        if outcome != nil { return true }
        if waitsForEnd { return false }
        if case .whole = unsafe MessagePrefix.front(of: inbound.readable) { return true }
        return false
    }

    // MARK: Waiting

    /// What somebody waits for.
    enum News {
        /// A message, or the end.
        case message
        /// The reply's headers, or the end.
        case headers
        case end
    }

    private func has(_ news: News) -> Bool {
        switch news {
        case .message: hasNews
        case .headers: responseHeaders != nil || outcome != nil
        case .end: outcome != nil
        }
    }

    /// Suspends until there are such news.
    func wait(for news: News) async {
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                // Most waits begin on the loop, and then need no closure on the heap.
                if context.inLoop {
                    unsafe wait(for: news, continuation)
                } else {
                    context.run { unsafe self.wait(for: news, continuation) }
                }
            }
        } onCancel: {
            context.run { self.cancel(RPCError(code: .cancelled, message: "the calling task was cancelled")) }
        }
    }

    private func wait(for news: News, _ continuation: UnsafeContinuation<Void, Never>) {
        if has(news) {
            unsafe continuation.resume()
        } else if unsafe waiter != nil {
            unsafe otherWaiters.append(continuation)
        } else {
            // The reader waits for the rest of a message that is larger than the window.
            credit(uncredited)
            unsafe waiter = continuation
        }
    }

    func waitForRoom() async {
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                context.run {
                    if self.outbound.count > self.maxBufferedOutput / 2, !self.isClosed, self.outcome == nil {
                        self.isWriterWaiting = true
                        unsafe self.writers.append(continuation)
                    } else {
                        unsafe continuation.resume()
                    }
                }
            }
        } onCancel: {
            context.run { self.cancel(RPCError(code: .cancelled, message: "the calling task was cancelled")) }
        }
    }

    private func wakeReader() {
        guard let waiting = unsafe waiter else { return }
        let others = unsafe otherWaiters
        unsafe waiter = nil
        if unsafe !others.isEmpty { unsafe otherWaiters = [] }
        unsafe waiting.resume()
        unsafe others.forEach { unsafe $0.resume() }
    }

    private func wakeWriters() {
        let waiting = unsafe writers
        unsafe writers = []
        unsafe waiting.forEach { unsafe $0.resume() }
    }

    private func wakeAll() {
        wakeReader()
        wakeWriters()
    }
}
