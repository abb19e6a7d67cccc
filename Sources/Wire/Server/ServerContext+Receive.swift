import NIOCore
import Synchronization

// From the request's first bytes to the start of the handler.
extension ServerContext {
    func processEvents(_ events: Events) {
        if phase == .receiving, registered == nil {
            guard events.contains(.headers) else { return }
            guard readHeaders() else { return discardInput() }
            if !kind.hasSingleRequest { return dispatch() }
        }
        switch phase {
        case .receiving: receiveSingleRequest()
        case .running: wakeReader()
        case .finished: discardInput()
        }
    }

    /// Judges the headers; false if the call was refused.
    private func readHeaders() -> Bool {
        unsafe openOn?._withUnsafeGuaranteedRef { connectionPeer = $0.sharedPeer }
        if let path = fields.unknownPath { unregisteredMethod = MethodDescriptor(path: path) }
        server.callBegan(self)
        if headersAreTooLarge { return refuse(http: "431", .resourceExhausted, "the request's headers are too large") }
        guard fields.isPost else { return refuse(http: "405", .internal, "gRPC calls are POST requests") }
        guard fields.contentType == .grpc else {
            return refuse(http: "415", .internal, "the content-type is not application/grpc")
        }
        guard fields.acceptsTrailers else { return refuse(http: "400", .internal, "te: trailers is missing") }
        guard !fields.hasBadTimeout else { return refuse(http: "400", .internal, "grpc-timeout is malformed") }
        guard let method = fields.method ?? server.core.unregistered else {
            let path = fields.unknownPath ?? ""
            let known = server.core.services.contains { unregisteredMethod?.service == $0 }
            return refuse(.unimplemented, known ? "unknown method \(path)" : "unknown service \(path)")
        }
        registered = method
        kind = method.descriptor.kind
        guard !fields.hasUnknownEncoding else {
            change { $0.trailers.addProtocolField("grpc-accept-encoding", "identity,gzip") }
            return refuse(.unimplemented, "the message encoding is not supported; identity and gzip are")
        }
        guard server.mayStartCall(on: connection) else {
            return refuse(.resourceExhausted, "too many calls in flight")
        }
        isCounted = true
        armDeadline(fields.timeout)
        return true
    }

    private func armDeadline(_ timeout: TimeAmount?) {
        var limit = timeout
        if let longest = server.core.configuration.maxCallDuration, limit.map({ $0 > longest }) ?? true {
            limit = longest
        }
        // One look at the clock for both: the call began in this turn.
        if let limit { setDeadline((server.core.metrics == nil ? .now() : startTime) + limit) }
        guard !inboundEnded, kind.hasSingleRequest else { return }
        armRequestTimer()
    }

    /// A request that never becomes whole must not hold its memory, whatever deadline its client has chosen.
    private func armRequestTimer() {
        let requestLimit = NIODeadline.now() + server.core.configuration.requestTimeout
        if requestLimit < deadlineOrFar {
            isRequestTimed = true
            context.timers.arm(self, at: requestLimit)
        }
    }

    private func endRequestTimer() {
        guard isRequestTimed else { return }
        isRequestTimed = false
        if let deadline { setDeadline(deadline) } else { context.timers.disarm(self) }
    }

    /// The time in which the request must arrive is the client's, not that in which it may not send.
    func requestHeldBackChanged() {
        guard phase == .receiving, !isClosed else { return }
        if isHeldBack { endRequestTimer() } else { armRequestTimer() }
    }

    /// Waits for the one message of a unary or server-streaming call, and for the end that must follow.
    private func receiveSingleRequest() {
        let front = unsafe MessagePrefix.front(of: inbound.readable)
        switch front {
        case .malformed:
            _ = refuse(.internal, "a message has a malformed prefix")
        case .none, .partial:
            if let problem = problem(with: front) {
                _ = refuse(problem.code, problem.message)
            } else if inboundEnded {
                _ = refuse(.internal, "the request ended before its message was whole")
            } else {
                // The handler waits for this message, so its bytes may come.
                connection?.gather(self)
            }
        case .whole(let prefix):
            if let problem = problem(with: front) {
                _ = refuse(problem.code, problem.message)
            } else if inbound.count > MessagePrefix.size + prefix.length {
                _ = refuse(.unimplemented, "the method takes one message, and more were sent")
            } else if inboundEnded {
                credit(uncredited)
                if prefix.isCompressed {
                    unsafe unpackFront(UnsafeRawBufferPointer(rebasing: inbound.readable[MessagePrefix.size...]))
                    if packedFront.isUnpacking { return endRequestTimer() }
                }
                dispatch()
            }
        }
    }

    /// What forbids the message at the front, which may not have arrived whole.
    func problem(with front: MessagePrefix.Front) -> RPCError? {
        let limit = server.core.configuration.maxRequestMessageSize
        let prefix: MessagePrefix
        switch front {
        case .partial(let found), .whole(let found): prefix = found
        case .none, .malformed: return nil
        }
        if prefix.length > limit {
            return RPCError(
                code: .resourceExhausted, message: "a message of \(prefix.length) bytes is over the limit of \(limit)")
        }
        if prefix.isCompressed && fields.compression == .identity {
            return RPCError(code: .internal, message: "a message is compressed, but grpc-encoding names no coding")
        }
        return nil
    }

    private func discardInput() {
        if inbound.count > 0 { inbound.consume(inbound.count) }
        credit(uncredited)
    }

    /// Starts the handler, inline on this loop: one that does not suspend has answered when this returns.
    private func dispatch() {
        phase = .running
        isDispatched = true
        endRequestTimer()
        server.nextWorker().start(self)
    }

    /// Nothing stands between the call and its handler.
    var isPlain: Bool { registered?.interceptors.isEmpty != false && !(hasTraceparent && server.core.passesTraceOn) }

    /// Runs the interceptors and the handler.
    @inline(__always)
    func runChain(of method: RegisteredMethod) async throws {
        if hasTraceparent, server.core.passesTraceOn {
            try await RawTraceContext.pass(on: self) {
                try await ServerInterceptorNext(method: method, index: 0)(self)
            }
        } else {
            try await ServerInterceptorNext(method: method, index: 0)(self)
        }
    }

    func handlerReturned(_ error: RPCError?) {
        if phase != .finished { finish(error) }
        isCounted = false
        worker = nil
        orphanOf?.orphanedCalls -= 1
        orphanOf = nil
        server.callEnded(self)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether a comma-separated list has `token`.
    func containsToken(_ token: StaticString) -> Bool {
        unsafe self.split(separator: UInt8(ascii: ",")).contains { part in
            var trimmed = unsafe part.drop { $0 == UInt8(ascii: " ") }
            while unsafe trimmed.last == UInt8(ascii: " ") { unsafe trimmed.removeLast() }
            return unsafe UnsafeRawBufferPointer(rebasing: trimmed).equals(token)
        }
    }
}

extension MethodDescriptor {
    /// A descriptor for a path that nobody registered.
    convenience init(path: String) {
        let parts = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: true)
        self.init(
            service: parts.first.map(String.init) ?? "",
            name: parts.count > 1 ? String(parts[1]) : "",
            kind: .bidirectional
        )
    }
}

extension Metadata {
    /// Adds a field of the protocol itself, which users may not.
    mutating func addProtocolField(_ name: String, _ value: String) { add(name, value) }
}
