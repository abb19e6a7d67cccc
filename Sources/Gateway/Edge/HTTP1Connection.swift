import NIOCore
import NIOHTTP1
import Wire

/// One HTTP/1.1 connection: has requests served one after another by a task of its own.
///
/// The task starts each request inline, on the connection's loop, once its read burst is over: a small body is there
/// by then, and a request whose call needs no wait is answered before the loop looks at another connection.
//
// Unchecked: confined to the loop, on which its task runs, too; exclusive access as docs/decisions/0003 says.
@safe
final class HTTP1Connection: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    /// What NIO's parser behind it gets.
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long what a client still sends is read and thrown away after an answer that ends its connection: it might
    /// never see the answer otherwise.
    private static let lingerTime = TimeAmount.seconds(2)

    let loop: EdgeLoop
    let peerAddress: String
    let isEncrypted: Bool
    var core: EdgeCore { loop.core }
    @safe @exclusivity(unchecked) private(set) var context: ChannelHandlerContext?
    @safe @exclusivity(unchecked) private(set) var isClosed = false

    // MARK: Requests

    @safe @exclusivity(unchecked) var input: HTTP1Input
    /// The request that is served.
    @safe @exclusivity(unchecked) private var current: HTTP1Exchange?
    /// The request whose body is coming.
    @safe @exclusivity(unchecked) private(set) var receiving: HTTP1Exchange?
    /// Those that wait for `current`.
    @safe @exclusivity(unchecked) private var queue = CircularBuffer<HTTP1Exchange>(initialCapacity: 2)
    @exclusivity(unchecked) private var parked: UnsafeContinuation<Void, Never>?
    @safe @exclusivity(unchecked) private var task: Task<Void, Never>?
    /// No request after those that are here is looked at.
    @safe @exclusivity(unchecked) private(set) var takesNoMore = false
    @safe @exclusivity(unchecked) private var isInBurst = false
    @safe @exclusivity(unchecked) private var isReadHeld = false

    // MARK: Output

    let output = HTTP1Output()

    // MARK: Time

    @safe @exclusivity(unchecked) private var lastEnd: NIODeadline
    @safe @exclusivity(unchecked) private var lingerEnd: NIODeadline?

    init(loop: EdgeLoop, peerAddress: String, isEncrypted: Bool) {
        (self.loop, self.peerAddress, self.isEncrypted) = (loop, peerAddress, isEncrypted)
        input = HTTP1Input(loop.core.configuration)
        lastEnd = .now()
        unsafe parked = nil
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
        task = Task.immediate(executorPreference: loop.context) { [self] in await serve() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { ended() }

    func channelInactive(context: ChannelHandlerContext) {
        // First, as NIO's parser may have something to say of what was cut off.
        context.fireChannelInactive()
        ended()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isInBurst {
            isInBurst = true
            loop.context.enterTurn()
        }
        receive(unwrapInboundIn(data), context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        startNext()
        endBurst()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if wantsNoBytes { isReadHeld = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        output.isWritable = context.channel.isWritable
        if output.isWritable { output.wakeWriters() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func ended() {
        guard !isClosed else { return }
        isClosed = true
        task?.cancel()
        task = nil
        receiving?.bodyFailed(HTTP1Exchange.clientGone)
        current?.cancel()
        receiving = nil
        queue.removeAll()
        output.wakeWriters()
        resumeTask()
        endBurst()
        context = nil
        loop.remove(self)
    }

    private func endBurst() {
        guard isInBurst else { return }
        isInBurst = false
        loop.context.leaveTurn()
    }

    // MARK: Requests

    /// A head has come. Its exchange says what of it is wrong.
    func received(_ exchange: HTTP1Exchange) {
        if !exchange.terms.keepsAlive { takesNoMore = true }
        receiving = exchange
        queue.append(exchange)
    }

    /// The request that is being received is whole.
    func receivedEnd() {
        receiving?.receivedEnd()
        receiving = nil
    }

    /// Answers what is no request, after those before it, and ends the connection.
    func refuse(_ error: RPCError) {
        guard !isClosing, lingerEnd == nil, !takesNoMore || receiving != nil else { return }
        takesNoMore = true
        if let receiving {
            receiving.terms.keepsAlive = false
            receiving.bodyFailed(error)
            self.receiving = nil
        } else {
            let exchange = HTTP1Exchange(connection: self, fields: .none)
            exchange.fault = error
            exchange.receivedEnd()
            queue.append(exchange)
        }
        startNext()
    }

    /// Serves the next request, if there is one and none is being served: at once where that takes no task.
    private func startNext() {
        while let next = queue.first, current == nil, !isClosed, lingerEnd == nil {
            guard unsafe parked != nil else { return }
            guard output.isWritable else { return resumeTask() }
            current = next
            queue.removeFirst()
            if core.start(next) { continue }
            current = nil
            queue.prepend(next)
            return resumeTask()
        }
    }

    /// A request has been answered that no task served.
    func completed(_ exchange: HTTP1Exchange) {
        guard current === exchange else { return }
        current = nil
        finished(exchange)
        // Not within the answer: many requests that are answered at once would nest.
        if !queue.isEmpty { loop.context.afterTurn { self.startNext() } }
    }

    private func resumeTask() {
        guard let waiting = unsafe parked else { return }
        unsafe parked = nil
        loop.context.resumeInline { unsafe waiting.resume() }
    }

    private func serve() async {
        while true {
            if queue.isEmpty {
                if isClosed { return }
                await unsafe withUnsafeContinuation { unsafe parked = $0 }
                continue
            }
            // A client that sends requests and reads no answers would fill memory with them.
            if !output.isWritable { await waitForRoom() }
            guard !isClosed, let exchange = queue.popFirst() else { continue }
            current = exchange
            await core.handle(exchange)
            current = nil
            finished(exchange)
            if isClosed || lingerEnd != nil { return }
        }
    }

    private func finished(_ exchange: HTTP1Exchange) {
        lastEnd = exchange.endTime ?? .now()
        guard !isClosed else { return }
        if !exchange.hasAnswered {
            closeAfterOutput()
        } else if !isKept(after: exchange) {
            takesNoMore = true
            // What is still coming is read and thrown away for a while.
            if exchange.bodyHasEnded, !exchange.isTooSlow { closeAfterOutput() } else { linger() }
        } else {
            if let context, isReadHeld, !wantsNoBytes { resumeReading(context) }
        }
    }

    /// Whether the connection lives on after an answer that is given now.
    func isKept(after exchange: HTTP1Exchange) -> Bool {
        exchange.terms.keepsAlive && !loop.isDraining && (exchange.bodyHasEnded || !exchange.hasBody)
    }

    /// Whether an answer is followed by another one as soon as it is given.
    var hasMore: Bool { !queue.isEmpty }

    // MARK: Reading

    private var wantsNoBytes: Bool {
        queue.count >= core.configuration.maxPipelinedRequests
            || (receiving?.waitingBytes ?? 0) >= core.configuration.maxWaitingBytes
    }

    func bodyTaken() {
        if let context, isReadHeld, !wantsNoBytes { resumeReading(context) }
    }

    private func resumeReading(_ context: ChannelHandlerContext) {
        isReadHeld = false
        // Not within what the parser does now.
        loop.context.afterTurn { if !self.isClosed { self.context?.read() } }
    }

    // MARK: End

    private var isClosing: Bool { output.isClosing }

    /// Ends the connection once all that was written has left.
    func closeAfterOutput() {
        takesNoMore = true
        if let context { output.close(context) }
    }

    private func linger() {
        flush()
        lingerEnd = .now() + Self.lingerTime
        if let context, isReadHeld { resumeReading(context) }
    }

    func close() { context?.close(promise: nil) }

    /// No more requests: an idle connection ends, another one after its answer.
    func drain() {
        if current == nil, queue.isEmpty, receiving == nil, lingerEnd == nil { closeAfterOutput() }
    }

    /// Looks whether something has taken too long.
    func look(_ now: NIODeadline) {
        let configuration = core.configuration
        func over(_ since: NIODeadline, _ limit: Duration) -> Bool { (now - since).nanoseconds > limit.edgeNanoseconds }
        if let lingerEnd {
            if now > lingerEnd { close() }
            return
        }
        if let since = output.waitsSince, over(since, configuration.writeTimeout) { return close() }
        if let headStart = input.headStart, receiving == nil, over(headStart, configuration.headTimeout) {
            input.headStart = nil
            return refuse(.requestTimeout)
        }
        if current == nil, queue.isEmpty, receiving == nil {
            input.plain.forget()
            if over(lastEnd, configuration.idleTimeout) { closeAfterOutput() }
        }
        // Behind its predecessors a request is not served yet, and nobody waits for its body.
        if let receiving, receiving !== current, !receiving.isTooSlow, !wantsNoBytes,
            receiving.isTooSlow(over: now - receiving.start, configuration)
        {
            receiving.bodyIsTooSlow()
        }
    }
}
