// What has come: the head, messages, the status. All on the loop.
extension ClientCall {
    /// Unpacks a unary reply, which is taken without waiting once the call has ended; false while the pool does it.
    func unpackReply() -> Bool {
        let readable = unsafe inbound.readable
        guard case .whole(let prefix) = unsafe MessagePrefix.front(of: readable), prefix.isCompressed else {
            return true
        }
        unsafe unpackFront(UnsafeRawBufferPointer(rebasing: readable[MessagePrefix.size...]))
        return !packedFront.isUnpacking
    }

    func unpackFront(_ content: UnsafeRawBufferPointer) {
        unsafe packedFront.unpack(content, limit: maxMessageSize, pool: pool, on: context) { job, result in
            guard self.packedFront.finish(job, result) else { return }
            if self.waitsForEnd, self.outcome == nil { self.readStatus() }
            self.wakeReader()
        }
    }

    func readHeaders() {
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

    func readStatus() {
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

    /// What is wrong with a unary reply of more than one message, which must not be gathered to its end.
    var excess: RPCError? {
        guard case .whole(let prefix) = unsafe MessagePrefix.front(of: inbound.readable),
            inbound.count > MessagePrefix.size + prefix.length
        else { return nil }
        return RPCError(code: .internal, message: "the reply has more than one message")
    }

    var sizeProblem: RPCError? {
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
}
