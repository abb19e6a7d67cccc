public import SwiftProtobuf

// Messages as generated code and gateways read and write them.
extension ServerContext {
    // MARK: Reading

    /// The one message of a unary or server-streaming call, which has arrived whole.
    @inlinable
    public func singleRequest<Request: Message>(as type: Request.Type) throws -> Request {
        var result = Request()
        unsafe try takeSingleRequest { bytes in result = unsafe try decode(Request.self, bytes) }
        return result
    }

    @usableFromInline
    func takeSingleRequest(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard receivedMessages == 0, unsafe try takeMessage(body) else {
            throw RPCError(code: .internal, message: "the request has no message left")
        }
    }

    /// Decodes one message and shows it to the interceptors that asked for it.
    @inlinable
    public func decode<Request: Message>(_ type: Request.Type, _ bytes: UnsafeRawBufferPointer) throws -> Request {
        let message: Request
        do {
            message = try unsafe Request(serializedBytes: RawSpan(_unsafeBytes: bytes))
        } catch {
            throw RPCError(code: .invalidArgument, message: "the request is no valid \(Request.protoMessageName)")
        }
        if let onRequest { try onRequest(message) }
        return message
    }

    /// The next message's bytes; nil after the client's last one.
    public func nextRequestBytes() async throws -> [UInt8]? {
        var result: [UInt8]?
        if unsafe try await nextMessage({ bytes in result = unsafe Array(bytes) }) { return result }
        return nil
    }

    /// The bytes of the only message of a call.
    public func singleRequestBytes() async throws -> [UInt8] {
        guard let bytes = try await nextRequestBytes() else {
            throw RPCError(code: .internal, message: "the request has no message")
        }
        return bytes
    }

    /// Waits for a message and hands it to `body`; false after the last one.
    @usableFromInline
    func nextMessage(_ body: (UnsafeRawBufferPointer) throws -> Void) async throws -> Bool {
        while true {
            guard context.inLoop else { return unsafe try await nextMessageElsewhere(body) }
            if unsafe try takeMessage(body) { return true }
            if inboundEnded && phase == .running && inbound.isEmpty { return false }
            try checkMayWait()
            await waitForInput()
        }
    }

    /// For handlers that run on another executor: the bytes are copied on the loop and decoded here.
    private func nextMessageElsewhere(_ body: (UnsafeRawBufferPointer) throws -> Void) async throws -> Bool {
        while true {
            enum Step: Sendable { case bytes([UInt8]), end, wait, failed(any Error) }
            let step: Step = await context.hop {
                do {
                    var bytes: [UInt8] = []
                    if unsafe try self.takeMessage({ bytes = unsafe Array($0) }) { return .bytes(bytes) }
                    if self.inboundEnded && self.phase == .running && self.inbound.isEmpty { return .end }
                    try self.checkMayWait()
                    return .wait
                } catch {
                    return .failed(error)
                }
            }
            switch step {
            case .bytes(let bytes):
                try unsafe bytes.withUnsafeBytes { try unsafe body($0) }
                return true
            case .end: return false
            case .failed(let error): throw error
            case .wait:
                // The step ran outside of the task.
                try Task.checkCancellation()
                await waitForInput()
            }
        }
    }

    private func checkMayWait() throws {
        try Task.checkCancellation()
        guard phase == .running, !isClosed else { throw endedError }
        guard !inboundEnded || packedFront.isUnpacking else {
            throw RPCError(code: .internal, message: "the request ended inside a message")
        }
        guard unsafe reader == nil else {
            throw RPCError(code: .internal, message: "two tasks read the same request stream")
        }
        // The handler waits for the rest of a message that is larger than the window.
        connection?.gather(self)
    }

    private func waitForInput() async {
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                context.run {
                    // It may have come, or ended, on the way here.
                    if self.events.isEmpty, !self.isClosed, self.phase == .running, unsafe self.reader == nil,
                        self.packedFront.isUnpacking || !self.inboundEnded && !self.hasWholeMessage
                    {
                        unsafe self.reader = continuation
                    } else {
                        unsafe continuation.resume()
                    }
                }
                // Cancelled before it waited: the handler below has run, and found nobody to wake.
                if Task.isCancelled { context.run { self.wakeReader() } }
            }
        } onCancel: {
            context.run { self.wakeReader() }
        }
    }

    private var hasWholeMessage: Bool {
        if case .whole = unsafe MessagePrefix.front(of: inbound.readable) { return true }
        return false
    }

    /// Hands the front message to `body` if it has arrived whole; on the loop.
    private func takeMessage(_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
        guard phase == .running else { throw endedError }
        let readable = unsafe inbound.readable
        let front = unsafe MessagePrefix.front(of: readable)
        if let problem = problem(with: front) { throw problem }
        switch front {
        case .none, .partial: return false
        case .malformed: throw RPCError(code: .internal, message: "a message has a malformed prefix")
        case .whole(let prefix):
            let end = MessagePrefix.size + prefix.length
            let content = unsafe UnsafeRawBufferPointer(rebasing: readable[MessagePrefix.size..<end])
            isRequestCompressed = prefix.isCompressed
            if prefix.isCompressed { unsafe unpackFront(content) }
            let unpacked = prefix.isCompressed ? packedFront.take() : nil
            if prefix.isCompressed, unpacked == nil { return false }
            receivedMessages += 1
            defer {
                inbound.consume(end)
                credit(end)
                if gathered > 0 { connection?.endGathering(self) }
            }
            if let unpacked {
                let unpacked = try present(unpacked)
                receivedBytes += unpacked.count
                try unsafe unpacked.withUnsafeBytes { try unsafe body($0) }
            } else {
                receivedBytes += prefix.length
                try unsafe body(content)
            }
            return true
        }
    }

    // MARK: Writing

    @inlinable
    public func observe(response: some Message) throws {
        if let onResponse { try onResponse(response) }
    }

    /// Sends the only message of a call.
    @inlinable
    public func respond(_ message: some Message) throws {
        try observe(response: message)
        let bytes: EncodedMessage = try message.serializedBytes()
        try appendSingle(bytes)
    }

    @usableFromInline
    func appendSingle(_ bytes: EncodedMessage) throws {
        precondition(context.inLoop, "a call's task has left its event loop")
        if mustPackElsewhere(bytes) { return try appendPacked(bytes) }
        _ = try appendMessage(bytes)
    }

    /// Sends one message given as bytes; suspends while the client takes less than was written.
    public func write(bytes: [UInt8]) async throws { try await write(EncodedMessage(bytes)) }

    /// Sends one encoded message; suspends while the client takes less than was written.
    @usableFromInline
    func write(_ bytes: EncodedMessage) async throws {
        var message = bytes
        if isLarge(bytes) {
            message = await packedElsewhere(bytes)
        }
        if context.inLoop {
            if try appendMessage(message, size: bytes.count) { try await waitForRoom() }
            return
        }
        // The loop may send as fast as this task writes, so that it never has to wait, where it would notice.
        try Task.checkCancellation()
        let outcome: Result<Bool, any Error> = await context.hop { [message] in
            Result { try self.appendMessage(message, size: bytes.count) }
        }
        if try outcome.get() { try await waitForRoom() }
    }

    /// Sends the response headers now.
    public func sendHeaders() async {
        await context.hop { if self.phase == .running, !self.isClosed { self.sendHeadersIfNeeded() } }
    }

    /// - Throws: `CancellationError`, so that a cancelled task that goes on writing fills no memory.
    private func waitForRoom() async throws {
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                context.run {
                    if self.outbound.count > self.maxBufferedOutput / 2, !self.isClosed, self.phase == .running {
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
}
