public import SwiftProtobuf

/// The messages of a client, in order, as a handler takes them.
///
/// What has not been taken is held back by flow control: the client can send no more than a window ahead. One task
/// iterates at a time.
public struct RequestStream<Request: Message>: AsyncSequence, Sendable {
    public typealias Element = Request

    @usableFromInline let context: ServerContext

    @inlinable
    public init(_ context: ServerContext) { self.context = context }

    /// Whether the last message taken was compressed.
    public var lastMessageWasCompressed: Bool { context.requestWasCompressed }

    @inlinable
    public func makeAsyncIterator() -> Iterator { Iterator(context: context) }

    public struct Iterator: AsyncIteratorProtocol {
        @usableFromInline let context: ServerContext

        @inlinable
        init(context: ServerContext) { self.context = context }

        /// The next message; nil after the client's last one.
        ///
        /// - Throws: `RPCError` if the call has ended, or a message is malformed or too large.
        @inlinable
        public mutating func next() async throws -> Request? {
            var result: Request?
            if unsafe try await context.nextMessage({ bytes in result = unsafe try context.decode(Request.self, bytes) }
            ) {
                return result
            }
            return nil
        }
    }
}

/// Sends a handler's messages, in order.
public struct ResponseWriter<Response: Message>: Sendable {
    @usableFromInline let context: ServerContext

    @inlinable
    public init(_ context: ServerContext) { self.context = context }

    /// Sends one message; suspends while the client takes less than was written.
    ///
    /// - Throws: `RPCError` if the call has ended, or the message is too large.
    @inlinable
    public func write(_ message: Response) async throws {
        try context.observe(response: message)
        let bytes: EncodedMessage = try message.serializedBytes()
        try await context.write(bytes)
    }

    /// Sends the headers now, for clients that wait for them before they go on.
    public func sendHeaders() async throws { await context.sendHeaders() }
}
