import NIOCore
import Synchronization

/// A streaming call as its user holds it: dropping the last reference cancels the call.
///
/// Retries happen inside, before the first word of the reply, and only where the request is a single message.
@usableFromInline
final class ClientStream: Sendable {
    private let channel: ClientChannel
    private let method: MethodDescriptor
    private let options: CallOptions
    private let head: RequestHead
    private let deadline: NIODeadline
    private let start = NIODeadline.now()
    /// The only message of a server-streaming call: what is sent again.
    private let singleRequest: EncodedMessage?
    private let current: Mutex<ClientCall>
    private let span: ClientSpan?
    private let hasReported = Atomic<Bool>(false)

    private init(
        _ channel: ClientChannel,
        _ method: MethodDescriptor,
        _ options: CallOptions,
        _ head: RequestHead,
        _ deadline: NIODeadline,
        _ singleRequest: EncodedMessage?,
        _ span: ClientSpan?,
        _ call: ClientCall
    ) {
        self.channel = channel
        self.method = method
        self.options = options
        self.head = head
        self.deadline = deadline
        self.singleRequest = singleRequest
        self.span = span
        current = Mutex(call)
    }

    deinit {
        let call = self.call
        let error = RPCError(code: .cancelled, message: "nobody waits for the reply")
        report(error)
        call.context.run { call.cancel(error) }
    }

    var call: ClientCall { current.withLock { $0 } }

    /// Opens a call; with `singleRequest` that message and the request's end follow at once.
    @usableFromInline
    static func open(
        _ channel: ClientChannel,
        _ method: MethodDescriptor,
        _ options: CallOptions,
        singleRequest: EncodedMessage?
    ) async throws -> ClientStream {
        let span = ClientSpan(method, channel.configuration)
        do {
            return try await open(channel, method, options, singleRequest, span)
        } catch {
            span?.end(error)
            throw error
        }
    }

    private static func open(
        _ channel: ClientChannel,
        _ method: MethodDescriptor,
        _ options: CallOptions,
        _ singleRequest: EncodedMessage?,
        _ span: ClientSpan?
    ) async throws -> ClientStream {
        let head = try channel.head(options, span)
        let deadline = channel.deadline(options)
        var singleRequest = singleRequest
        if let request = singleRequest { singleRequest = await channel.packed(request, options) }
        var attempts = CallAttempts(channel: channel, policy: .none, deadline: deadline)
        while true {
            do {
                let call = try await begin(channel, method, options, head, deadline, singleRequest)
                return ClientStream(channel, method, options, head, deadline, singleRequest, span, call)
            } catch let error as RPCError {
                if await attempts.shouldRetry(after: error, isCommitted: false) { continue }
                channel.metrics?.record(method, error.code, since: .now())
                throw error
            }
        }
    }

    private static func begin(
        _ channel: ClientChannel,
        _ method: MethodDescriptor,
        _ options: CallOptions,
        _ head: RequestHead,
        _ deadline: NIODeadline,
        _ singleRequest: EncodedMessage?
    ) async throws -> ClientCall {
        try await channel.startCall(method, head, options, deadline, request: singleRequest)
    }

    // MARK: Sending

    @usableFromInline
    func send(_ bytes: EncodedMessage, compress: Bool?) async throws {
        guard bytes.count <= channel.configuration.maxRequestMessageSize else {
            throw RPCError(code: .resourceExhausted, message: "a request of \(bytes.count) bytes is over the limit")
        }
        try checkCancellation()
        let call = self.call
        var bytes = bytes
        if call.compression == .gzip, compress ?? true {
            bytes = await channel.configuration.compressionPool.packed(bytes)
        }
        let mustWait: Bool
        if call.context.inLoop {
            mustWait = try call.append(bytes, compress: compress)
        } else {
            let result: Result<Bool, any Error> = await call.context.hop { [bytes] in
                Result { try call.append(bytes, compress: compress) }
            }
            mustWait = try result.get()
        }
        if mustWait { await call.waitForRoom() }
    }

    @usableFromInline
    func endRequest() async {
        let call = self.call
        await call.context.hop { call.endRequest() }
    }

    func cancel() {
        let call = self.call
        call.context.run { call.cancel(RPCError(code: .cancelled, message: "the call was cancelled")) }
    }

    /// Ends the call if the calling task has been cancelled: one that never has to wait would not notice otherwise.
    private func checkCancellation() throws {
        guard Task.isCancelled else { return }
        let error = RPCError(code: .cancelled, message: "the calling task was cancelled")
        let call = self.call
        call.context.run { call.cancel(error) }
        report(error)
        throw error
    }

    // MARK: Receiving

    /// Hands the next message to `body`; false at the end of a call that succeeded.
    @usableFromInline
    func next(_ body: (UnsafeRawBufferPointer) throws -> Void) async throws -> Bool {
        var attempts = CallAttempts(
            channel: channel,
            policy: singleRequest == nil ? .none : channel.retryPolicy(method, options),
            deadline: deadline
        )
        while true {
            try checkCancellation()
            let call = self.call
            switch unsafe try await step(call, body) {
            case .message: return true
            case .end:
                report(nil)
                return false
            case .wait: await call.wait(for: .message)
            case .failed(let error, let isCommitted):
                if let singleRequest {
                    try await retry(singleRequest, &attempts, after: error, isCommitted: isCommitted)
                } else {
                    report(error)
                    throw error
                }
            }
        }
    }

    /// Replaces the call by a new attempt, or throws what the last one failed with.
    private func retry(
        _ request: EncodedMessage,
        _ attempts: inout CallAttempts,
        after error: RPCError,
        isCommitted: Bool
    ) async throws {
        var error = error
        while await attempts.shouldRetry(after: error, isCommitted: isCommitted) {
            do {
                let next = try await Self.begin(
                    channel, method, options, attempts.head(head), deadline, request)
                return current.withLock { $0 = next }
            } catch let failure as RPCError {
                error = failure
            }
        }
        report(error)
        throw error
    }

    private enum Step: Sendable {
        case message
        case end
        case wait
        case failed(RPCError, isCommitted: Bool)
    }

    private func step(_ call: ClientCall, _ body: (UnsafeRawBufferPointer) throws -> Void) async throws -> Step {
        if call.context.inLoop {
            if unsafe try call.takeMessage(body) { return .message }
            return Self.stateWithoutMessage(call)
        }
        let result: Result<([UInt8]?, Step), any Error> = await call.context.hop {
            Result {
                var bytes: [UInt8]?
                if unsafe try call.takeMessage({ bytes = unsafe Array($0) }) { return (bytes, .message) }
                return (nil, Self.stateWithoutMessage(call))
            }
        }
        let (bytes, step) = try result.get()
        if let bytes { try unsafe bytes.withUnsafeBytes { try unsafe body($0) } }
        return step
    }

    private static func stateWithoutMessage(_ call: ClientCall) -> Step {
        if call.isUnpacking { return .wait }
        return switch call.outcome {
        case .success: call.inbound.isEmpty ? .end : .failed(cutShort, isCommitted: true)
        case .failure(let error): .failed(error, isCommitted: call.isCommitted)
        case nil: .wait
        }
    }

    private static let cutShort = RPCError(code: .internal, message: "the reply ended inside a message")

    /// Counts the call and ends its span, the first time.
    private func report(_ error: RPCError?) {
        guard channel.metrics != nil || span != nil else { return }
        guard !hasReported.exchange(true, ordering: .relaxed) else { return }
        channel.metrics?.record(method, error?.code ?? .ok, since: start)
        span?.end(error)
    }

    /// The reply's headers, as soon as they have come.
    func headers() async throws -> Metadata {
        while true {
            let call = self.call
            let (headers, outcome) = await call.context.hop { (call.responseHeaders, call.outcome) }
            if case .failure(let error) = outcome, headers == nil { throw error }
            if let headers { return headers }
            await call.wait(for: .headers)
        }
    }

    /// The reply's trailers; empty before its end.
    func trailers() async -> Metadata {
        let call = self.call
        return await call.context.hop { call.responseTrailers }
    }

    func lastMessageWasCompressed() async -> Bool {
        let call = self.call
        return await call.context.hop { call.lastMessageWasCompressed }
    }
}
