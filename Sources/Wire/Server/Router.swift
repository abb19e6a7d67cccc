public import SwiftProtobuf

/// A service that a server can serve: what generated `Handler` protocols refine.
public protocol ServiceHandler: Sendable {
    /// What its proto says.
    var serviceDescriptor: ServiceDescriptor { get }
    /// Puts its methods into `router`.
    func register(in router: inout Router)
}

/// Which method is answered by what. Filled before the server starts, unchanged after.
public struct Router: Sendable {
    /// Answers one call: reads from the context, writes to it, and throws to end it with an error.
    public typealias Invocation = @Sendable (ServerContext) async throws -> Void

    /// One method and what answers it. A structure, as a closure in a tuple would be called through a thunk.
    struct Entry: Sendable {
        let descriptor: MethodDescriptor
        let invoke: Invocation
    }

    private(set) var methods: [Entry] = []
    private(set) var services: [ServiceDescriptor] = []
    private(set) var fallback: Invocation?

    public init() {}

    /// Adds a service.
    public mutating func add(_ service: some ServiceHandler) {
        services.append(service.serviceDescriptor)
        service.register(in: &self)
    }

    /// Adds one method with its raw invocation: `ServerContext` gives messages as bytes.
    public mutating func method(_ descriptor: MethodDescriptor, _ invoke: @escaping Invocation) {
        precondition(
            !methods.contains { $0.descriptor.path == descriptor.path }, "\(descriptor.path) is registered twice")
        methods.append(Entry(descriptor: descriptor, invoke: invoke))
    }

    /// Answers calls of all methods that are not registered, as streams of bytes: for gateways and proxies.
    public mutating func unregistered(_ invoke: @escaping Invocation) { fallback = invoke }

    /// Adds a unary method whose messages are bytes.
    public mutating func unaryBytes(
        _ descriptor: MethodDescriptor,
        _ handler: @escaping @Sendable ([UInt8], ServerContext) async throws -> [UInt8]
    ) {
        method(descriptor) { context in
            let request = try await context.singleRequestBytes()
            try await context.write(bytes: handler(request, context))
        }
    }

    @inlinable
    public mutating func unary<Request: Message, Response: Message>(
        _ descriptor: MethodDescriptor,
        _ handler: @escaping @Sendable (Request, ServerContext) async throws -> Response
    ) {
        method(descriptor) { context in
            let request = try context.singleRequest(as: Request.self)
            try context.respond(try await handler(request, context))
        }
    }

    @inlinable
    public mutating func serverStreaming<Request: Message, Response: Message>(
        _ descriptor: MethodDescriptor,
        _ handler: @escaping @Sendable (Request, ResponseWriter<Response>, ServerContext) async throws -> Void
    ) {
        method(descriptor) { context in
            let request = try context.singleRequest(as: Request.self)
            try await handler(request, ResponseWriter(context), context)
        }
    }

    @inlinable
    public mutating func clientStreaming<Request: Message, Response: Message>(
        _ descriptor: MethodDescriptor,
        _ handler: @escaping @Sendable (RequestStream<Request>, ServerContext) async throws -> Response
    ) {
        method(descriptor) { context in
            let response = try await handler(RequestStream(context), context)
            try context.respond(response)
        }
    }

    @inlinable
    public mutating func bidirectional<Request: Message, Response: Message>(
        _ descriptor: MethodDescriptor,
        _ handler:
            @escaping @Sendable (RequestStream<Request>, ResponseWriter<Response>, ServerContext) async throws -> Void
    ) {
        method(descriptor) { context in
            try await handler(RequestStream(context), ResponseWriter(context), context)
        }
    }
}
