// Large packed messages, which the compression pool works at while the call waits. On the loop but for `packedElsewhere`.
extension ServerContext {
    // MARK: Requests

    /// Unpacks the front message, or has the pool do so; `packedFront` then has the outcome.
    func unpackFront(_ content: UnsafeRawBufferPointer) {
        let configuration = server.core.configuration
        unsafe packedFront.unpack(
            content, limit: configuration.maxRequestMessageSize, pool: configuration.compressionPool, on: context
        ) { job, result in
            guard self.packedFront.finish(job, result) else { return }
            if self.phase == .receiving { self.processEvents([]) } else { self.wakeReader() }
        }
    }

    /// The content of an unpacked message.
    func present(_ unpacked: Result<[UInt8], FrontMessage.Failure>) throws(RPCError) -> [UInt8] {
        do {
            return try unpacked.get()
        } catch {
            switch error {
            case .gzip(.tooLarge):
                let limit = server.core.configuration.maxRequestMessageSize
                throw RPCError(
                    code: .resourceExhausted, message: "a message is over the limit of \(limit) bytes once unpacked")
            case .gzip(.cancelled): throw endedError
            case .gzip(.malformed): throw RPCError(code: .internal, message: "a message is no valid gzip")
            case .queueFull:
                throw RPCError(code: .resourceExhausted, message: "too many messages wait to be unpacked")
            }
        }
    }

    // MARK: Replies

    /// Whether the message is none to be packed on a loop.
    func isLarge(_ message: EncodedMessage) -> Bool {
        // Most messages are seen to be small without asking the configuration, whose references cost.
        message.count > CompressionPool.minInlineSize
            && message.count > server.core.configuration.compressionPool.inlineSize
    }

    func mustPackElsewhere(_ message: EncodedMessage) -> Bool {
        isLarge(message) && message.count <= server.core.configuration.maxResponseMessageSize && compression == .gzip
            && packsReplies
    }

    /// Has the pool pack the only message of a call; the status follows it.
    ///
    /// - Throws: `RPCError` if the stream has ended.
    func appendPacked(_ message: EncodedMessage) throws {
        guard phase == .running, !isClosed else { throw endedError }
        guard packing == nil else { throw RPCError(code: .internal, message: "the method answers with one message") }
        let job = CompressionJob()
        let isQueued = server.core.configuration.compressionPool.pack(message, job: job) { packed in
            self.context.run { self.packed(packed, size: message.count, job) }
        }
        if isQueued { packing = job } else { _ = try appendMessage(message) }
    }

    private func packed(_ message: EncodedMessage, size: Int, _ job: CompressionJob) {
        guard packing === job else { return }
        packing = nil
        guard phase == .running, !isClosed else { return }
        var failure: RPCError?
        do { _ = try appendMessage(message, size: size) } catch { failure = RPCError.wrapping(error) }
        if finishesAfterPacking || failure != nil { finish(failure) }
    }

    /// Whether `finish` has to wait for a reply that is being packed.
    func finishWaits(_ error: RPCError?) -> Bool {
        guard let packing else { return false }
        if error == nil {
            finishesAfterPacking = true
            return true
        }
        packing.cancel()
        self.packing = nil
        return false
    }

    /// A message of a stream as the pool has packed it, or as it is.
    func packedElsewhere(_ message: EncodedMessage) async -> EncodedMessage {
        guard await context.hop({ self.mustPackElsewhere(message) }) else { return message }
        return await server.core.configuration.compressionPool.packed(message)
    }
}
