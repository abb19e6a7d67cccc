public import NIOCore
public import SwiftProtobuf
import Synchronization

/// One call on a server: what its handler and interceptors know of it, and its stream.
///
/// One object a call, used again for later ones when nobody refers to it any more.
//
// Unchecked: `exchange` is guarded by its lock; the rest is written on the call's loop, before the handler starts or
// by functions that hop there.
@safe
public final class ServerContext: HTTP2Stream, @unchecked Sendable {
    /// The call that the current task works for; set for the handler and all it calls.
    public static var current: ServerContext? { CallHolder.current?.call }

    enum Phase {
        /// The request is arriving.
        case receiving
        case running
        /// The status is decided: nothing more is sent.
        case finished
    }

    // Strong: a context may outlive its server in a handler's hands. The server lets go of its idle ones at its end.
    let server: ServerLoop
    @safe @exclusivity(unchecked) var phase = Phase.receiving
    @safe @exclusivity(unchecked) var registered: RegisteredMethod?
    /// The kind of the method that is called, once that is known.
    @safe @exclusivity(unchecked) var kind = MethodKind.bidirectional
    @safe @exclusivity(unchecked) var worker: CallWorker?
    /// The path of a call whose method is not registered.
    @safe @exclusivity(unchecked) var unregisteredMethod: MethodDescriptor?

    // MARK: Request

    @safe @exclusivity(unchecked) private(set) var deadlineOrFar = NIODeadline.distantFuture
    @safe @exclusivity(unchecked) var fields = RequestFields()
    /// The timer is armed for the request's arrival, which is due before the deadline.
    @safe @exclusivity(unchecked) var isRequestTimed = false
    @safe @exclusivity(unchecked) var isRequestCompressed = false
    @safe @exclusivity(unchecked) var packedFront = FrontMessage()
    /// A reply on its way through the compression pool; the status waits for it.
    @safe @exclusivity(unchecked) var packing: CompressionJob?
    @safe @exclusivity(unchecked) var finishesAfterPacking = false
    @safe @exclusivity(unchecked) var receivedMessages = 0
    @safe @exclusivity(unchecked) var sentMessages = 0
    @safe @exclusivity(unchecked) var receivedBytes = 0
    @safe @exclusivity(unchecked) var sentBytes = 0
    @safe @exclusivity(unchecked) var startTime = NIODeadline.uptimeNanoseconds(0)

    /// A `traceparent` came with the call.
    @safe @exclusivity(unchecked) var hasTraceparent = false

    // MARK: Response

    /// What the handler decides, possibly on another thread than the loop's.
    let exchange = Mutex(Exchange())
    /// Whether `exchange` holds anything: most calls never touch it, and need not lock it.
    let exchangeIsUsed = Atomic<Bool>(false)
    @safe @exclusivity(unchecked) var headersAreSent = false
    /// The headers sent name gzip; without it no message may be compressed.
    @safe @exclusivity(unchecked) var headersNameGzip = false
    @safe @exclusivity(unchecked) var status: RPCError?
    /// In the server's count of calls in flight.
    @safe @exclusivity(unchecked) var isCounted = false
    /// A handler has been started and will report its end.
    @safe @exclusivity(unchecked) var isDispatched = false

    /// The connection that the call was on when its stream ended before its handler did.
    @safe @exclusivity(unchecked) var orphanOf: HTTP2Connection?

    // MARK: Waiters

    @exclusivity(unchecked) var reader: UnsafeContinuation<Void, Never>?
    @exclusivity(unchecked) var writers: [UnsafeContinuation<Void, Never>] = unsafe []

    struct Exchange {
        var headers = Metadata()
        var trailers = Metadata()
        var compression: Compression?
    }

    /// Sees each request message once it is decoded; throwing refuses the call. Set by interceptors.
    @safe @exclusivity(unchecked) public var onRequest: (@Sendable (any Message) throws -> Void)?
    /// Sees each response message before it is encoded; throwing ends the call. Set by interceptors.
    @safe @exclusivity(unchecked) public var onResponse: (@Sendable (any Message) throws -> Void)?

    /// What an interceptor has found out about the call, for those after it, the handler, and all that works for it: found
    /// by way of `current`, as a task-local for each call costs an allocation and switches of executors.
    @safe @exclusivity(unchecked) package var finding: (any AnyObject & Sendable)?

    init(context: LoopContext, server: ServerLoop) {
        self.server = server
        unsafe reader = nil
        super.init(context: context)
    }

    override func prepareForReuse() {
        super.prepareForReuse()
        phase = .receiving
        registered = nil
        kind = .bidirectional
        worker = nil
        unregisteredMethod = nil
        deadlineOrFar = .distantFuture
        fields = RequestFields()
        isRequestTimed = false
        isRequestCompressed = false
        finishesAfterPacking = false
        hasTraceparent = false
        receivedMessages = 0
        sentMessages = 0
        receivedBytes = 0
        sentBytes = 0
        if exchangeIsUsed.load(ordering: .relaxed) {
            exchangeIsUsed.store(false, ordering: .relaxed)
            exchange.withLock { $0 = Exchange() }
        }
        headersAreSent = false
        headersNameGzip = false
        status = nil
        isCounted = false
        isDispatched = false
        orphanOf = nil
        onRequest = nil
        onResponse = nil
        finding = nil
    }

    override func process(_ events: Events) { processEvents(events) }
    override func takeField(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        if unsafe name.equals("traceparent") { hasTraceparent = true }
        if unsafe name.equals(":path") {
            // The only field whose look-up needs the server, whose references each cost a count up and down.
            unsafe fields.takePath(value, server.core.methods)
            return true
        }
        return unsafe fields.take(name, value)
    }
    override func closed(_ error: HTTP2Error?) { streamClosed(error) }
    override func outputDrained() { wakeWriters() }
    override func heldBackChanged() { requestHeldBackChanged() }
    override func buildTrailers(_ builder: HeaderBlockBuilder) { addStatus(to: builder) }
    override var constantTrailers: StaticHeaderBlock? {
        status == nil && !exchangeIsUsed.load(ordering: .acquiring) ? .grpcStatusOK : nil
    }
    override func recycle() { server.recycle(self) }

    // MARK: What the handler knows

    /// The method called.
    public var method: MethodDescriptor {
        // The fallback's descriptor stands for all paths; the call has one.
        unregisteredMethod ?? registered?.descriptor
            ?? MethodDescriptor(service: "", name: "", kind: .bidirectional)
    }

    /// The client's metadata.
    public var metadata: Metadata { Metadata(headers) }

    /// The first text value of one metadata name, without reading the others.
    public func metadata(_ name: StaticString) -> String? { headers.first(name) }

    /// The values of one metadata name that ends in `-bin`, in order, without reading the others; nil for one that is no
    /// base64.
    public func metadata(bytes name: StaticString) -> [[UInt8]?] { headers.bytes(name) }

    /// The fields of one metadata name as they came, undecoded: how many there are, and the first one's value, which is
    /// empty if there is none. Valid while `body` runs.
    package func withMetadata<Result>(
        _ name: StaticString, _ body: (_ count: Int, _ first: UnsafeRawBufferPointer) -> Result
    ) -> Result {
        unsafe headers.withFields(name, body)
    }

    /// The authority that the client dialed.
    public var authority: String { headers.first(":authority") ?? "" }

    /// When the call ends, if it is still running then; nil if neither side has set a limit.
    public var deadline: NIODeadline? { deadlineOrFar == .distantFuture ? nil : deadlineOrFar }

    /// Who calls.
    public var peer: PeerInfo { connectionPeer.info }
    @safe @exclusivity(unchecked) var connectionPeer = SharedPeerInfo.unknown

    /// Whether the (last read) request message was compressed.
    public var requestWasCompressed: Bool { isRequestCompressed }

    /// Whether the stream has ended, by the peer or by a deadline: nobody waits for an answer.
    public var isCancelled: Bool { Task.isCancelled }

    /// Metadata sent before the first message.
    public var responseHeaders: Metadata {
        get { used { $0.headers } ?? Metadata() }
        set { change { $0.headers = newValue } }
    }

    /// Metadata sent after the last message.
    public var responseTrailers: Metadata {
        get { used { $0.trailers } ?? Metadata() }
        set { change { $0.trailers = newValue } }
    }

    /// How the following messages are compressed.
    ///
    /// gzip is used only if the client accepts it, and if this or the server's configuration was set before the first
    /// message: the headers that go with it say whether any message may be compressed.
    public var compression: Compression {
        get { used { $0.compression } ?? server.core.configuration.compression }
        set { change { $0.compression = newValue } }
    }

    /// Whether the client accepts gzip.
    public var acceptsGzip: Bool { fields.acceptsGzip }

    /// Statistics of the call so far, for interceptors that record them.
    public var messageCounts: (received: Int, sent: Int) { (receivedMessages, sentMessages) }

    func change(_ body: (inout Exchange) -> Void) {
        exchange.withLock { body(&$0) }
        exchangeIsUsed.store(true, ordering: .releasing)
    }

    /// What `body` takes from the exchange; nil if nothing was ever put there.
    func used<Result>(_ body: (Exchange) -> Result?) -> Result? {
        guard exchangeIsUsed.load(ordering: .acquiring) else { return nil }
        return exchange.withLock { body($0) }
    }

    // MARK: Deadline

    func setDeadline(_ deadline: NIODeadline) {
        deadlineOrFar = deadline
        context.timers.arm(self, at: deadline)
    }

    override func timerFired() {
        if isRequestTimed {
            server.abused(.slowRequest, on: connection)
            finish(RPCError(code: .deadlineExceeded, message: "the request did not arrive in time"))
            return
        }
        finish(RPCError(code: .deadlineExceeded, message: "the deadline has passed"))
        worker?.cancel()
        wakeAll()
    }
}
