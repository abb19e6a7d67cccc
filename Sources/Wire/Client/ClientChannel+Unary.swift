import NIOCore
public import SwiftProtobuf
import Synchronization

/// A unary reply with its metadata.
public struct UnaryReply<Value: Sendable>: Sendable {
    public var message: Value
    public var headers: Metadata
    public var trailers: Metadata
    /// Whether the message came compressed.
    public var wasCompressed: Bool

    public init(message: Value, headers: Metadata, trailers: Metadata, wasCompressed: Bool) {
        self.message = message
        self.headers = headers
        self.trailers = trailers
        self.wasCompressed = wasCompressed
    }
}

/// What a unary call has brought beside its message.
@usableFromInline
struct UnaryOutcome: Sendable {
    @usableFromInline var headers: Metadata
    @usableFromInline var trailers: Metadata
    @usableFromInline var wasCompressed: Bool
}

extension ClientChannel {
    /// Makes a unary call.
    ///
    /// - Throws: `RPCError`.
    @inlinable
    public func unary<Request: Message, Response: Message>(
        _ method: MethodDescriptor,
        _ request: Request,
        options: CallOptions = CallOptions()
    ) async throws -> Response {
        let bytes: EncodedMessage = try request.serializedBytes()
        var response: Response?
        _ = unsafe try await unaryCall(method, bytes, options) { response = unsafe try Self.decode(Response.self, $0) }
        return try Self.present(response)
    }

    /// Makes a unary call and gives the reply's metadata, too.
    @inlinable
    public func unaryReply<Request: Message, Response: Message>(
        _ method: MethodDescriptor,
        _ request: Request,
        options: CallOptions = CallOptions()
    ) async throws -> UnaryReply<Response> {
        let bytes: EncodedMessage = try request.serializedBytes()
        var response: Response?
        let end = unsafe try await unaryCall(method, bytes, options) {
            response = unsafe try Self.decode(Response.self, $0)
        }
        return UnaryReply(
            message: try Self.present(response),
            headers: end.headers,
            trailers: end.trailers,
            wasCompressed: end.wasCompressed
        )
    }

    /// Makes a unary call whose messages are bytes: for gateways and proxies.
    public func unaryBytes(
        _ method: MethodDescriptor,
        _ request: [UInt8],
        options: CallOptions = CallOptions()
    ) async throws -> UnaryReply<[UInt8]> {
        var response: [UInt8] = []
        let end = unsafe try await unaryCall(method, EncodedMessage(request), options) { response = unsafe Array($0) }
        return UnaryReply(
            message: response,
            headers: end.headers,
            trailers: end.trailers,
            wasCompressed: end.wasCompressed
        )
    }

    @usableFromInline
    static func present<Response>(_ response: Response?) throws -> Response {
        guard let response else { throw RPCError(code: .internal, message: "the reply has no message") }
        return response
    }

    @inlinable
    static func decode<Response: Message>(_ type: Response.Type, _ bytes: UnsafeRawBufferPointer) throws -> Response {
        do {
            return try unsafe Response(serializedBytes: RawSpan(_unsafeBytes: bytes))
        } catch {
            throw RPCError(code: .internal, message: "the reply is no valid \(Response.protoMessageName)", cause: error)
        }
    }

    @usableFromInline
    func unaryCall(
        _ method: MethodDescriptor,
        _ bytes: EncodedMessage,
        _ options: CallOptions,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> UnaryOutcome {
        guard let span = ClientSpan(method, configuration) else {
            return unsafe try await unaryAttempts(method, bytes, options, nil, body)
        }
        do {
            let outcome = unsafe try await unaryAttempts(method, bytes, options, span, body)
            span.end(nil)
            return outcome
        } catch {
            span.end(error)
            throw error
        }
    }

    private func unaryAttempts(
        _ method: MethodDescriptor,
        _ bytes: EncodedMessage,
        _ options: CallOptions,
        _ span: ClientSpan?,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> UnaryOutcome {
        let head = try head(options, span)
        guard bytes.count <= configuration.maxRequestMessageSize else {
            throw RPCError(code: .resourceExhausted, message: "a request of \(bytes.count) bytes is over the limit")
        }
        let start = metrics == nil ? NIODeadline.uptimeNanoseconds(0) : .now()
        let deadline = deadline(options)
        var bytes = bytes
        if bytes.count > configuration.compressionPool.inlineSize { bytes = await packed(bytes, options) }
        var attempts = CallAttempts(channel: self, policy: retryPolicy(method, options), deadline: deadline)
        while true {
            var isCommitted = false
            do {
                let result = unsafe try await unaryAttempt(
                    method, bytes, attempts.head(head), options, deadline, &isCommitted, body)
                if configuration.retry.maxAttempts > 1 { throttleSucceeded() }
                metrics?.record(method, .ok, since: start)
                return result
            } catch let error as RPCError {
                if await attempts.shouldRetry(after: error, isCommitted: isCommitted) { continue }
                metrics?.record(method, error.code, since: start)
                throw error
            }
        }
    }

    /// The request as the pool has packed it, where it is to be packed and too large for a loop.
    func packed(_ bytes: EncodedMessage, _ options: CallOptions) async -> EncodedMessage {
        guard (options.compression ?? configuration.compression) == .gzip else { return bytes }
        return await configuration.compressionPool.packed(bytes)
    }

    private func throttleSucceeded() { throttle.withLock { $0.succeeded() } }

    private func unaryAttempt(
        _ method: MethodDescriptor,
        _ bytes: EncodedMessage,
        _ head: RequestHead,
        _ options: CallOptions,
        _ deadline: NIODeadline,
        _ isCommitted: inout Bool,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> UnaryOutcome {
        let call = try await startCall(method, head, options, deadline, request: bytes, waitsForEnd: true)
        await call.wait(for: .end)
        guard call.context.inLoop else {
            let end = await call.context.hop { UnaryEnd(call) }
            isCommitted = end.isCommitted
            let reply = try end.result.get()
            try unsafe reply.withUnsafeBytes { try unsafe body($0) }
            return UnaryOutcome(headers: end.headers, trailers: end.trailers, wasCompressed: end.wasCompressed)
        }
        isCommitted = call.isCommitted
        let outcome = unsafe try call.takeUnaryReply(body)
        let calls = call.context.clientCalls
        calls.give(consume call)
        return outcome
    }

    /// Takes a stream and opens it on its connection's loop; with `request` that and the end are sent.
    func startCall(
        _ method: MethodDescriptor,
        _ head: RequestHead,
        _ options: CallOptions,
        _ deadline: NIODeadline,
        request: EncodedMessage?,
        waitsForEnd: Bool = false
    ) async throws -> ClientCall {
        try Task.checkCancellationAsRPCError()
        let lease: ConnectionLease
        if let free = pool.tryLease() {
            lease = free
        } else {
            lease = try await pool.lease(
                waitForReady: options.waitForReady ?? configuration.waitForReady, deadline: deadline)
        }
        let context = lease.connection.context
        let isOnLoop = context.inLoop
        let call = isOnLoop ? context.clientCalls.take(context) : ClientCall(context: context)
        call.prepare(
            method: method,
            lease: lease,
            maxMessageSize: options.maxResponseMessageSize ?? configuration.maxResponseMessageSize,
            compression: options.compression ?? configuration.compression,
            pool: configuration.compressionPool
        )
        call.waitsForEnd = waitsForEnd
        if isOnLoop {
            try call.start(head, deadline, request)
        } else {
            try await context.hop { Result { () throws(RPCError) in try call.start(head, deadline, request) } }.get()
        }
        return call
    }
}

/// What a unary call's end looks like from another thread.
private struct UnaryEnd: Sendable {
    var result: Result<[UInt8], RPCError>
    var headers: Metadata
    var trailers: Metadata
    var isCommitted: Bool
    var wasCompressed = false

    init(_ call: ClientCall) {
        headers = call.responseHeaders ?? Metadata()
        trailers = call.responseTrailers
        isCommitted = call.isCommitted
        switch call.outcome {
        case .failure(let error): result = .failure(error)
        case nil: result = .failure(RPCError(code: .cancelled, message: "the calling task was cancelled"))
        case .success:
            var bytes: [UInt8]?
            do {
                if unsafe try call.takeMessage({ bytes = unsafe Array($0) }), call.inbound.isEmpty, let bytes {
                    result = .success(bytes)
                    wasCompressed = call.lastMessageWasCompressed
                } else {
                    result = .failure(RPCError(code: .internal, message: "the reply has not exactly one message"))
                }
            } catch {
                result = .failure(RPCError.wrapping(error))
            }
        }
    }
}

extension Task where Success == Never, Failure == Never {
    static func checkCancellationAsRPCError() throws {
        if Task.isCancelled { throw RPCError(code: .cancelled, message: "the calling task was cancelled") }
    }
}
