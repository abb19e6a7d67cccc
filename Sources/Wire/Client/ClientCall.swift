import NIOCore

/// One call's stream on a client, confined to its connection's loop.
///
/// It knows one attempt; retries make new ones. Unary calls wait once, for the end; streams wait for each message.
//
// Unchecked: touched on the loop only.
@usableFromInline
@safe
final class ClientCall: HTTP2Stream, @unchecked Sendable {
    let method: MethodDescriptor
    /// Takes the stream off its connection's count.
    let lease: ConnectionLease
    let maxMessageSize: Int
    let compression: Compression
    let pool: CompressionPool
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

    init(
        method: MethodDescriptor,
        lease: ConnectionLease,
        context: LoopContext,
        maxMessageSize: Int,
        compression: Compression,
        pool: CompressionPool
    ) {
        self.pool = pool
        self.method = method
        self.lease = lease
        self.maxMessageSize = maxMessageSize
        self.compression = compression
        unsafe waiter = nil
        super.init(context: context)
    }

    // MARK: Request

    /// Opens the stream. On the loop.
    ///
    /// - Throws: `RPCError`, unprocessed, if the connection takes no stream.
    func open(on connection: HTTP2Connection, head: RequestHead, deadline: NIODeadline) throws {
        let builder = context.headerBuilder
        builder.reset()
        builder.add(":method", "POST")
        if head.isEncrypted { builder.add(":scheme", "https") } else { builder.add(":scheme", "http") }
        builder.add(":path", method.path)
        builder.add(":authority", head.authority)
        builder.add("te", "trailers")
        builder.add("content-type", "application/grpc")
        builder.add("user-agent", head.userAgent)
        builder.add("grpc-accept-encoding", "identity,gzip")
        if compression == .gzip { builder.add("grpc-encoding", "gzip") }
        if deadline != .distantFuture {
            self.deadline = deadline
            builder.add("grpc-timeout", Timeout.format(deadline - .now()))
        }
        if head.previousAttempts > 0 { builder.add("grpc-previous-rpc-attempts", String(head.previousAttempts)) }
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
                status = unsafe Int(String(decoding: value, as: UTF8.self)) ?? 0
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
        let hasStatus = headers.first("grpc-status") != nil
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
        lease.end()
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

    /// Suspends until something has arrived. On the loop; one task at a time.
    func waitForNews(_ isThere: @escaping @Sendable (ClientCall) -> Bool) async {
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                context.run {
                    if isThere(self) {
                        unsafe continuation.resume()
                    } else if unsafe self.waiter != nil {
                        unsafe self.otherWaiters.append(continuation)
                    } else {
                        // The reader waits for the rest of a message that is larger than the window.
                        self.credit(self.uncredited)
                        unsafe self.waiter = continuation
                    }
                }
            }
        } onCancel: {
            context.run { self.cancel(RPCError(code: .cancelled, message: "the calling task was cancelled")) }
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

/// What a request's headers hold beside the method.
struct RequestHead: Sendable {
    var authority: String
    var isEncrypted: Bool
    var userAgent: String
    var metadata: Metadata
    /// Attempts before this one that the server may have seen.
    var previousAttempts = 0
}
