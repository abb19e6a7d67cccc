public import NIOCore
import Synchronization
public import SwiftProtobuf

/// One call on a server: what its handler and interceptors know of it, and its stream.
///
/// One object a call, used again for later ones when nobody refers to it any more.
//
// Unchecked: `exchange` is guarded by its lock; the rest is written on the call's loop, before the handler starts or
// by functions that hop there.
@safe
public final class ServerContext: HTTP2Stream, @unchecked Sendable {
    /// The call that the current task works for; set for the handler and all it calls.
    @TaskLocal public static var current: ServerContext?

    enum Phase {
        /// The request is arriving.
        case receiving
        case running
        /// The status is decided: nothing more is sent.
        case finished
    }

    unowned let server: ServerLoop
    var phase = Phase.receiving
    var registered: RegisteredMethod?
    var task: Task<Void, Never>?
    /// The path of a call whose method is not registered.
    var unregisteredMethod: MethodDescriptor?

    // MARK: Request

    private(set) var deadlineOrFar = NIODeadline.distantFuture
    var requestCompression = Compression.identity
    var clientAcceptsGzip = false
    var isRequestCompressed = false
    var receivedMessages = 0
    var sentMessages = 0
    var receivedBytes = 0
    var sentBytes = 0
    var startTime = NIODeadline.uptimeNanoseconds(0)

    // MARK: Response

    /// What the handler decides, possibly on another thread than the loop's.
    let exchange = Mutex(Exchange())
    var headersAreSent = false
    var status: RPCError?
    /// In the server's count of calls in flight.
    var isCounted = false
    /// A handler has been started and will report its end.
    var isDispatched = false

    /// The connection that the call was on when its stream ended before its handler did.
    var orphanOf: HTTP2Connection?

    // MARK: Waiters

    var reader: UnsafeContinuation<Void, Never>?
    var writers: [UnsafeContinuation<Void, Never>] = unsafe []

    struct Exchange {
        var headers = Metadata()
        var trailers = Metadata()
        var compression: Compression?
    }

    /// Sees each request message once it is decoded; throwing refuses the call. Set by interceptors.
    public var onRequest: (@Sendable (any Message) throws -> Void)?
    /// Sees each response message before it is encoded; throwing ends the call. Set by interceptors.
    public var onResponse: (@Sendable (any Message) throws -> Void)?

    init(context: LoopContext, server: ServerLoop) {
        self.server = server
        unsafe reader = nil
        super.init(context: context)
    }

    override func prepareForReuse() {
        super.prepareForReuse()
        phase = .receiving
        registered = nil
        task = nil
        unregisteredMethod = nil
        deadlineOrFar = .distantFuture
        requestCompression = .identity
        clientAcceptsGzip = false
        isRequestCompressed = false
        receivedMessages = 0
        sentMessages = 0
        receivedBytes = 0
        sentBytes = 0
        exchange.withLock { if $0.isUsed { $0 = Exchange() } }
        headersAreSent = false
        status = nil
        isCounted = false
        isDispatched = false
        orphanOf = nil
        onRequest = nil
        onResponse = nil
    }

    override func process(_ events: Events) { processEvents(events) }
    override func closed(_ error: HTTP2Error?) { streamClosed(error) }
    override func outputDrained() { wakeWriters() }
    override func buildTrailers(_ builder: HeaderBlockBuilder) { addStatus(to: builder) }
    override func recycle() { server.recycle(self) }

    // MARK: What the handler knows

    /// The method called.
    public var method: MethodDescriptor {
        registered?.descriptor ?? unregisteredMethod
            ?? MethodDescriptor(service: "", name: "", kind: .bidirectional)
    }

    /// The client's metadata.
    public var metadata: Metadata { Metadata(headers) }

    /// The first text value of one metadata name, without reading the others.
    public func metadata(_ name: StaticString) -> String? { headers.first(name) }

    /// The authority that the client dialed.
    public var authority: String { headers.first(":authority") ?? "" }

    /// When the call ends, if it is still running then; nil if neither side has set a limit.
    public var deadline: NIODeadline? { deadlineOrFar == .distantFuture ? nil : deadlineOrFar }

    /// Who calls.
    public var peer: PeerInfo { connectionPeer }
    var connectionPeer = PeerInfo(transport: .inProcess)

    /// Whether the (last read) request message was compressed.
    public var requestWasCompressed: Bool { isRequestCompressed }

    /// Whether the stream has ended, by the peer or by a deadline: nobody waits for an answer.
    public var isCancelled: Bool { Task.isCancelled }

    /// Metadata sent before the first message.
    public var responseHeaders: Metadata {
        get { exchange.withLock { $0.headers } }
        set { exchange.withLock { $0.headers = newValue } }
    }

    /// Metadata sent after the last message.
    public var responseTrailers: Metadata {
        get { exchange.withLock { $0.trailers } }
        set { exchange.withLock { $0.trailers = newValue } }
    }

    /// How the following messages are compressed. gzip is used only if the client accepts it.
    public var compression: Compression {
        get { exchange.withLock { $0.compression } ?? server.core.configuration.compression }
        set { exchange.withLock { $0.compression = newValue } }
    }

    /// Whether the client accepts gzip.
    public var acceptsGzip: Bool { clientAcceptsGzip }

    /// Statistics of the call so far, for interceptors that record them.
    public var messageCounts: (received: Int, sent: Int) { (receivedMessages, sentMessages) }

    // MARK: Deadline

    func setDeadline(_ deadline: NIODeadline) {
        deadlineOrFar = deadline
        context.timers.arm(self, at: deadline)
    }

    override func timerFired() {
        if phase == .receiving && deadlineOrFar == .distantFuture {
            server.abused(.slowRequest, on: connection)
            finish(RPCError(code: .deadlineExceeded, message: "the request did not arrive in time"))
            return
        }
        finish(RPCError(code: .deadlineExceeded, message: "the deadline has passed"))
        task?.cancel()
        wakeAll()
    }
}

extension ServerContext.Exchange {
    var isUsed: Bool { !headers.isEmpty || !trailers.isEmpty || compression != nil }
}
