public import SwiftProtobuf

/// The messages of a server, in order. Dropping it cancels the call.
///
/// What has not been taken is held back by flow control. One task iterates at a time.
public struct ResponseStream<Response: Message>: AsyncSequence, Sendable {
    public typealias Element = Response

    @usableFromInline let stream: ClientStream

    @usableFromInline
    init(_ stream: ClientStream) { self.stream = stream }

    @inlinable
    public func makeAsyncIterator() -> Iterator { Iterator(stream: stream) }

    public struct Iterator: AsyncIteratorProtocol {
        @usableFromInline let stream: ClientStream

        @inlinable
        init(stream: ClientStream) { self.stream = stream }

        /// The next message; nil after the last one of a call that succeeded.
        ///
        /// - Throws: `RPCError`, the call's.
        @inlinable
        public mutating func next() async throws -> Response? {
            var result: Response?
            if unsafe try await stream.next({ result = unsafe try ClientChannel.decode(Response.self, $0) }) {
                return result
            }
            return nil
        }
    }

    /// The metadata before the first message; waits for it.
    public func headers() async throws -> Metadata { try await stream.headers() }

    /// The metadata after the last message; empty before the call's end.
    public var trailers: Metadata { get async { await stream.trailers() } }

    /// Whether the last message taken was compressed.
    public var lastMessageWasCompressed: Bool { get async { await stream.lastMessageWasCompressed() } }

    /// Ends the call now.
    public func cancel() { stream.cancel() }
}

/// A call that sends many messages and gets one. Dropping it cancels the call.
public struct ClientStreamingCall<Request: Message, Response: Message>: Sendable {
    @usableFromInline let stream: ClientStream

    @usableFromInline
    init(_ stream: ClientStream) { self.stream = stream }

    /// Sends one message; suspends while the server takes less than was sent.
    ///
    /// - Parameter compress: Whether this message is compressed where the call's compression allows it.
    @inlinable
    public func send(_ message: Request, compress: Bool? = nil) async throws {
        let bytes: EncodedMessage = try message.serializedBytes()
        try await stream.send(bytes, compress: compress)
    }

    /// Ends the request and waits for the reply.
    @inlinable
    public func finish() async throws -> Response {
        await stream.endRequest()
        return try await response()
    }

    /// Waits for the reply without ending the request: a server may answer before it has heard all.
    @inlinable
    public func response() async throws -> Response {
        var result: Response?
        guard unsafe try await stream.next({ result = unsafe try ClientChannel.decode(Response.self, $0) }) else {
            throw RPCError(code: .internal, message: "the reply has no message")
        }
        if unsafe try await stream.next({ _ in }) {
            throw RPCError(code: .internal, message: "the reply has more than one message")
        }
        return try ClientChannel.present(result)
    }

    public func headers() async throws -> Metadata { try await stream.headers() }
    public var trailers: Metadata { get async { await stream.trailers() } }
    public func cancel() { stream.cancel() }
}

/// A call on which both sides send as they like. Dropping it cancels the call.
public struct BidirectionalCall<Request: Message, Response: Message>: Sendable {
    @usableFromInline let stream: ClientStream
    /// What the server sends.
    public let responses: ResponseStream<Response>

    @usableFromInline
    init(_ stream: ClientStream) {
        self.stream = stream
        responses = ResponseStream(stream)
    }

    /// Sends one message; suspends while the server takes less than was sent.
    @inlinable
    public func send(_ message: Request, compress: Bool? = nil) async throws {
        let bytes: EncodedMessage = try message.serializedBytes()
        try await stream.send(bytes, compress: compress)
    }

    /// Ends the request; the server may go on.
    @inlinable
    public func finishSending() async throws { await stream.endRequest() }

    public func cancel() { stream.cancel() }
}

/// A call whose messages are bytes, of any kind: for gateways and proxies. Dropping it cancels the call.
public struct ByteCall: Sendable {
    let stream: ClientStream

    public func send(_ bytes: [UInt8], compress: Bool? = nil) async throws {
        try await stream.send(EncodedMessage(bytes), compress: compress)
    }

    public func finishSending() async { await stream.endRequest() }

    /// The next message; nil after the last one of a call that succeeded.
    public func next() async throws -> [UInt8]? {
        var result: [UInt8]?
        if unsafe try await stream.next({ result = unsafe Array($0) }) { return result }
        return nil
    }

    public func headers() async throws -> Metadata { try await stream.headers() }
    public var trailers: Metadata { get async { await stream.trailers() } }
    public func cancel() { stream.cancel() }
}

extension ClientChannel {
    @inlinable
    public func serverStreaming<Request: Message, Response: Message>(
        _ method: MethodDescriptor,
        _ request: Request,
        options: CallOptions = CallOptions()
    ) async throws -> ResponseStream<Response> {
        let bytes: EncodedMessage = try request.serializedBytes()
        return ResponseStream(try await ClientStream.open(self, method, options, singleRequest: bytes))
    }

    @inlinable
    public func clientStreaming<Request: Message, Response: Message>(
        _ method: MethodDescriptor,
        options: CallOptions = CallOptions()
    ) async throws -> ClientStreamingCall<Request, Response> {
        ClientStreamingCall(try await ClientStream.open(self, method, options, singleRequest: nil))
    }

    @inlinable
    public func bidirectional<Request: Message, Response: Message>(
        _ method: MethodDescriptor,
        options: CallOptions = CallOptions()
    ) async throws -> BidirectionalCall<Request, Response> {
        BidirectionalCall(try await ClientStream.open(self, method, options, singleRequest: nil))
    }

    /// Opens a call of any kind whose messages are bytes.
    public func byteStream(_ method: MethodDescriptor, options: CallOptions = CallOptions()) async throws -> ByteCall {
        ByteCall(stream: try await ClientStream.open(self, method, options, singleRequest: nil))
    }
}
