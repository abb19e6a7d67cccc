import NIOCore
import Synchronization

// From the handler's first word to the end of the stream. All on the loop.
extension ServerContext {
    /// Sends headers if they have not been sent yet.
    func sendHeadersIfNeeded() {
        guard !headersAreSent, let openOn = unsafe openOn else { return }
        let packs = packsReplies
        headersAreSent = true
        headersNameGzip = packs
        endsWithTrailers = true
        guard packs || exchangeIsUsed.load(ordering: .acquiring) else {
            return unsafe openOn._withUnsafeGuaranteedRef { $0.respond(self, hasBody: true, with: .grpcReply) }
        }
        let builder = context.headerBuilder
        builder.reset()
        builder.constant(":status", "200")
        builder.constant("content-type", "application/grpc")
        if packs { builder.constant("grpc-encoding", "gzip") }
        _ = used { $0.headers.write(to: builder) }
        unsafe openOn._withUnsafeGuaranteedRef { $0.respond(self, hasBody: true) }
    }

    /// Whether the headers name gzip, or will.
    var packsReplies: Bool {
        if headersAreSent { return headersNameGzip }
        // A handler that has chosen at all may choose again for a later message, and the coding is named only once.
        return fields.acceptsGzip
            && (server.core.configuration.compression == .gzip || used { $0.compression } != nil)
    }

    /// Adds one message of `size` bytes before it was packed; true if the writer should wait before it adds another.
    ///
    /// - Throws: `RPCError` if the stream has ended or the message is too large.
    func appendMessage(_ bytes: EncodedMessage, size: Int? = nil) throws -> Bool {
        let size = size ?? bytes.count
        // The timer that ends the call may be late on a busy loop; the deadline is not.
        if deadlineOrFar != .distantFuture, deadlineOrFar <= .now() { timerFired() }
        guard phase == .running, !isClosed else { throw endedError }
        if sentMessages > 0, kind.hasSingleResponse {
            throw RPCError(code: .internal, message: "the method answers with one message")
        }
        let limit = server.core.configuration.maxResponseMessageSize
        guard size <= limit else {
            throw RPCError(
                code: .resourceExhausted, message: "a reply of \(size) bytes is over the limit of \(limit)")
        }
        try checkResponseMetadata()
        sendHeadersIfNeeded()
        // One that the pool could not take goes as it is.
        if headersNameGzip, bytes.isPacked || compression == .gzip && !isLarge(bytes) {
            bytes.compress(to: &outbound)
        } else {
            unsafe bytes.withFrame { unsafe outbound.append($0) }
        }
        sentMessages += 1
        sentBytes += size
        outputAdded()
        return outbound.count > maxBufferedOutput
    }

    private func checkResponseMetadata() throws {
        guard !headersAreSent else { return }
        if let problem = used({ $0.headers.firstInvalid }) {
            change { $0.headers = Metadata() }
            throw RPCError(code: .internal, message: "response metadata: \(problem)")
        }
    }

    var endedError: RPCError {
        status ?? RPCError(code: .cancelled, message: "the call has ended")
    }

    /// Decides the status and sends it after what is buffered; nothing can be sent after.
    func finish(_ error: RPCError?) {
        guard phase != .finished, !finishWaits(error) else { return }
        phase = .finished
        packedFront.drop()
        context.timers.disarm(self)
        // An error that says OK is none.
        var error = error?.code == .ok ? nil : error
        if error == nil, kind.hasSingleResponse, sentMessages == 0 {
            error = RPCError(code: .internal, message: "the handler gave no reply")
        }
        if let problem = used({ $0.trailers.firstInvalidForUser }) {
            change { $0.trailers = Metadata() }
            error = RPCError(code: .internal, message: "response trailers: \(problem)")
        }
        status = error
        server.statusDecided(self)
        uncountIfNotDispatched()
        guard !isClosed, unsafe openOn != nil else { return }
        if headersAreSent {
            if error != nil, outbound.count > maxBufferedOutput / 2, error?.code == .deadlineExceeded {
                // The peer does not take what waits for it; a status behind that would never arrive.
                outbound.consume(outbound.count)
                reset(.cancel)
                return
            }
            outboundEnded = true
            outputAdded()
        } else {
            sendTrailersOnly(status: "200")
        }
    }

    /// Ends a call that has no handler yet. Always false, for use in guards.
    func refuse(http status: String = "200", _ code: StatusCode, _ message: String) -> Bool {
        guard phase != .finished else { return false }
        phase = .finished
        context.timers.disarm(self)
        self.status = RPCError(code: code, message: message)
        sendTrailersOnly(status: status)
        server.statusDecided(self)
        uncountIfNotDispatched()
        return false
    }

    private func sendTrailersOnly(status: String) {
        guard let connection else { return }
        headersAreSent = true
        outboundEnded = true
        let builder = context.headerBuilder
        builder.reset()
        if status == "200" { builder.constant(":status", "200") } else { builder.add(constant: ":status", status) }
        builder.constant("content-type", "application/grpc")
        _ = used { if $0.headers.firstInvalid == nil { $0.headers.write(to: builder) } }
        addStatus(to: builder)
        connection.respond(self, hasBody: false)
    }

    func addStatus(to builder: HeaderBlockBuilder) {
        let start = builder.fieldCount
        addFullStatus(to: builder)
        guard status != nil || exchangeIsUsed.load(ordering: .acquiring), let connection,
            builder.listSize > connection.maxSentHeaderListSize
        else { return }
        // The client would refuse the block, or nghttp2 would not send it, and nobody would know the call's end.
        builder.removeFields(after: start)
        builder.add(constant: "grpc-status", String(StatusCode.resourceExhausted.rawValue))
        builder.constant("grpc-message", "the reply's trailers are larger than the client takes")
    }

    private func addFullStatus(to builder: HeaderBlockBuilder) {
        if let status {
            builder.add(constant: "grpc-status", String(status.code.rawValue))
            if !status.message.isEmpty { builder.add(constant: "grpc-message", PercentEncoding.encode(status.message)) }
            if let details = status.encodedDetails {
                builder.add(constant: "grpc-status-details-bin", Base64.encode(details))
            }
            if !status.metadata.isEmpty, status.metadata.firstInvalid == nil { status.metadata.write(to: builder) }
        } else {
            builder.constant("grpc-status", "0")
        }
        _ = used { $0.trailers.write(to: builder) }
    }

    func streamClosed(_ error: HTTP2Error?) {
        packedFront.drop()
        packing?.cancel()
        packing = nil
        if phase != .finished {
            phase = .finished
            status = RPCError(code: .cancelled, message: "the client ended the call", cause: error)
            server.statusDecided(self)
        }
        if isCounted, isDispatched, let connection {
            orphanOf = connection
            connection.orphanedCalls += 1
        }
        worker?.cancel()
        wakeAll()
        uncountIfNotDispatched()
    }

    /// A call in flight ends with its handler; one whose handler never started ends with its status.
    private func uncountIfNotDispatched() {
        guard isCounted, !isDispatched else { return }
        isCounted = false
        server.callEnded(self)
    }

    // MARK: Waiters

    func wakeReader() {
        guard let waiting = unsafe reader else { return }
        unsafe reader = nil
        unsafe waiting.resume()
    }

    func wakeWriters() {
        guard unsafe !writers.isEmpty else { return }
        let waiting = unsafe writers
        unsafe writers.removeAll(keepingCapacity: true)
        unsafe waiting.forEach { unsafe $0.resume() }
    }

    func wakeAll() {
        wakeReader()
        wakeWriters()
    }
}

extension Metadata {
    /// As `firstInvalid`, but lets through what Wire itself has added.
    var firstInvalidForUser: String? {
        var copy = self
        copy.remove("grpc-accept-encoding")
        return copy.firstInvalid
    }
}
