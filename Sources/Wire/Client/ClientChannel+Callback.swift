import NIOCore
import Synchronization

/// How a unary call has ended that was started without a task.
package enum UnaryEnding: Sendable {
    case reply([UInt8])
    case failed(RPCError)
    /// The server has not seen it, or it may be sent again: whoever started it makes the call anew, by `unaryBytes`.
    case again
}

/// A call that was started without a task. On its loop only.
package struct RunningCall {
    fileprivate let call: ClientCall

    /// Ends it from this side.
    package func cancel() { call.cancel(RPCError(code: .cancelled, message: "the call was cancelled")) }
}

extension ClientChannel {
    /// Starts a unary call whose messages are bytes without a task: for proxies, which would have a task only wait. A task
    /// costs two switches and a frame for each function on the way.
    ///
    /// On `context`'s loop, outside of tasks: no call that is being served lends it a deadline or a trace. `ended` is called once, on the loop, in the turn in which the call ends, unless the result is
    /// nil.
    ///
    /// - Returns: Nil if the call cannot be started here and now, for want of a connection of this loop or as it is traced
    ///   or packed: `unaryBytes` makes it then.
    package func startUnaryBytes(
        _ method: MethodDescriptor, _ request: [UInt8], options: CallOptions, on context: LoopContext,
        ended: @escaping (UnaryEnding) -> Void
    ) -> RunningCall? {
        guard ClientSpan.areNone(configuration), options.compression ?? configuration.compression == .identity,
            request.count <= configuration.maxRequestMessageSize, options.authority == nil,
            options.metadata.firstInvalid == nil, let lease = pool.tryLease()
        else { return nil }
        guard lease.connection.context === context else {
            lease.end()
            return nil
        }
        let call = context.clientCalls.take(context)
        call.prepare(
            method: method, lease: lease,
            maxMessageSize: options.maxResponseMessageSize ?? configuration.maxResponseMessageSize,
            compression: .identity, pool: configuration.compressionPool)
        call.waitsForEnd = true
        let start = metrics == nil ? NIODeadline.uptimeNanoseconds(0) : .now()
        call.completion = { call in ended(self.ending(of: call, method, options, since: start)) }
        let head = RequestHead(channel: requestHead, metadata: options.metadata, prepared: options.prepared)
        let deadline = options.timeout.map { NIODeadline.now() + $0 } ?? .distantFuture
        do { try call.start(head, deadline, EncodedMessage(request)) } catch {
            call.completion = nil
            return nil
        }
        return RunningCall(call: call)
    }

    private func ending(
        of call: ClientCall, _ method: MethodDescriptor, _ options: CallOptions, since start: NIODeadline
    ) -> UnaryEnding {
        do {
            var reply: [UInt8] = []
            _ = unsafe try call.takeUnaryReply { reply = unsafe Array($0) }
            if configuration.retry.maxAttempts > 1 { throttle.withLock { $0.succeeded() } }
            metrics?.record(method, .ok, since: start)
            return .reply(reply)
        } catch {
            let error = RPCError.wrapping(error)
            let policy = retryPolicy(method, options)
            let mayBeRepeated = policy.maxAttempts > 1 && policy.codes.contains(error.code) && !call.isCommitted
            if error.isUnprocessed || mayBeRepeated { return .again }
            metrics?.record(method, error.code, since: start)
            return .failed(error)
        }
    }
}

extension ClientCall {
    /// Tells whoever waits for the end without a task, and takes the call back.
    static func complete(_ call: consuming ClientCall) {
        guard let completion = call.completion else { return }
        call.completion = nil
        completion(call)
        let calls = call.context.clientCalls
        calls.give(consume call)
    }

    /// Hands the one message of a unary call that has ended to `body`.
    func takeUnaryReply(_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> UnaryOutcome {
        switch outcome {
        case .failure(let error): throw error
        case nil: throw RPCError(code: .cancelled, message: "the calling task was cancelled")
        case .success: break
        }
        guard unsafe try takeMessage(body) else {
            throw RPCError(code: .internal, message: "the reply has no whole message")
        }
        guard inbound.isEmpty else {
            throw RPCError(code: .internal, message: "the reply has more than one message")
        }
        return UnaryOutcome(
            headers: responseHeaders ?? Metadata(), trailers: responseTrailers, wasCompressed: lastMessageWasCompressed)
    }
}
