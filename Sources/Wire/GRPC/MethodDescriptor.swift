/// The four kinds of calls.
public enum MethodKind: Sendable, Hashable {
    case unary
    case serverStreaming
    case clientStreaming
    case bidirectional

    /// Whether the client sends exactly one message.
    var hasSingleRequest: Bool { self == .unary || self == .serverStreaming }
    /// Whether the server sends exactly one message.
    var hasSingleResponse: Bool { self == .unary || self == .clientStreaming }
}

/// What a proto says of one method. One object a method, so that it is passed around for the price of a reference.
public final class MethodDescriptor: Sendable, Hashable, CustomStringConvertible {
    /// `idempotency_level` of google.protobuf.MethodOptions.
    public enum Idempotency: Sendable, Hashable {
        case unknown
        case noSideEffects
        case idempotent
    }

    /// The service's full name, for example `echo.EchoService`.
    public let service: String
    public let name: String
    public let kind: MethodKind
    /// Full names of the messages; empty where calls carry plain bytes.
    public let requestType: String
    public let responseType: String
    public let idempotency: Idempotency
    /// `service/method`: what calls are called in traces.
    let fullName: String
    /// `/service/method`, as it stands in `:path`.
    public let path: String
    /// The same for clients' requests.
    let stablePath: StableText
    private let pathHash: Int
    /// What another layer wants to know of the method, put here by generated code. Wire only carries it.
    public let attachment: (any AnyObject & Sendable)?

    public init(
        service: String,
        name: String,
        kind: MethodKind,
        requestType: String = "",
        responseType: String = "",
        idempotency: Idempotency = .unknown,
        attachment: (any AnyObject & Sendable)? = nil
    ) {
        self.service = service
        self.name = name
        self.kind = kind
        self.requestType = requestType
        self.responseType = responseType
        self.idempotency = idempotency
        self.attachment = attachment
        fullName = "\(service)/\(name)"
        path = "/\(fullName)"
        stablePath = StableText(path)
        pathHash = path.hashValue
    }

    public var description: String { path }

    public static func == (left: MethodDescriptor, right: MethodDescriptor) -> Bool {
        left === right || left.pathHash == right.pathHash && left.path == right.path && left.kind == right.kind
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(pathHash) }
}

/// What a proto says of one service.
public struct ServiceDescriptor: Sendable, Hashable {
    /// The full name, for example `echo.EchoService`.
    public let name: String
    public let methods: [MethodDescriptor]

    public init(name: String, methods: [MethodDescriptor]) {
        self.name = name
        self.methods = methods
    }
}
