import NIOCore
import NIOHTTP1
import Wire

/// One HTTP/1.1 connection: takes what the parser gives, has requests served one after another by a task of its own, and
/// writes each answer as one buffer.
///
/// The task starts each request inline, on the connection's loop, once its read burst is over: a small body is there
/// by then, and a request whose call needs no wait is answered before the loop looks at another connection.
//
// Unchecked: confined to the loop, on which its task runs, too.
@safe
final class HTTP1Connection: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes of an answer that are handed over at once; longer ones go piece by piece as the client takes them.
    static let pieceSize = 64 * 1024
    /// How long what a client still sends is read and thrown away after an answer that ends its connection: it might
    /// never see the answer otherwise.
    private static let lingerTime = TimeAmount.seconds(2)

    let loop: EdgeLoop
    let peerAddress: String
    let isEncrypted: Bool
    private var core: EdgeCore { loop.core }
    private var context: ChannelHandlerContext?
    private(set) var isClosed = false

    // MARK: Requests

    /// The request that is served.
    private var current: HTTP1Exchange?
    /// The request whose body is coming.
    private var receiving: HTTP1Exchange?
    /// Those that wait for `current`.
    private var queue: [HTTP1Exchange] = []
    private var parked: UnsafeContinuation<Void, Never>?
    private var task: Task<Void, Never>?
    /// No request after those that are here is looked at.
    private var takesNoMore = false
    private var isInBurst = false
    private var isReadHeld = false

    // MARK: Output

    private var output = ByteBuffer()
    private var isFlushScheduled = false
    private var writers: [CheckedContinuation<Void, Never>] = []
    private var isClosing = false

    // MARK: Time

    /// When bytes of a head began to come; nil while none are awaited.
    private var headStart: NIODeadline?
    private(set) var hasRequestLine = false
    private var lastEnd = NIODeadline.now()
    private var writerWaitsSince: NIODeadline?
    private var lingerEnd: NIODeadline?

    init(loop: EdgeLoop, peerAddress: String, isEncrypted: Bool) {
        (self.loop, self.peerAddress, self.isEncrypted) = (loop, peerAddress, isEncrypted)
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
        ended()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !takesNoMore || receiving != nil else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): received(head)
        case .body(let bytes): receiving?.received(bytes)
        case .end:
            receiving?.receivedEnd()
            receiving = nil
            (headStart, hasRequestLine) = (nil, false)
        }
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
        if context.channel.isWritable { wakeWriters() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError, !isClosing, lingerEnd == nil else {
            if !(error is HTTPParserError) { context.close(promise: nil) }
            return
        }
        refuse(parserError(error))
    }

    private func ended() {
        guard !isClosed else { return }
        isClosed = true
        task?.cancel()
        task = nil
        receiving?.bodyFailed(HTTP1Exchange.clientGone)
        current?.bodyFailed(HTTP1Exchange.clientGone)
        receiving = nil
        queue = []
        wakeWriters()
        resumeTask()
        endBurst()
        context = nil
        loop.remove(self)
    }

    // MARK: Bytes, before they are parsed

    /// Opens the burst's turn, and starts the clock of a head.
    func willParse(_ bytes: ByteBuffer) {
        if !isInBurst {
            isInBurst = true
            loop.context.enterTurn()
        }
        guard receiving == nil else { return }
        if headStart == nil { headStart = .now() }
        if !hasRequestLine { hasRequestLine = bytes.readableBytesView.contains(UInt8(ascii: "\n")) }
    }

    private func endBurst() {
        guard isInBurst else { return }
        isInBurst = false
        loop.context.leaveTurn()
    }

    // MARK: Requests

    private func received(_ head: HTTPRequestHead) {
        let exchange = HTTP1Exchange(connection: self)
        exchange.scheme = isEncrypted ? "https" : "http"
        exchange.sourceAddress = peerAddress
        exchange.terms = HTTP1Head.read(head, into: exchange, core)
        (headStart, hasRequestLine) = (nil, false)
        if !exchange.terms.keepsAlive { takesNoMore = true }
        receiving = exchange
        queue.append(exchange)
    }

    /// Answers what is no request, after those before it, and ends the connection.
    private func refuse(_ error: RPCError) {
        guard !takesNoMore || receiving != nil else { return }
        takesNoMore = true
        if let receiving {
            receiving.terms.keepsAlive = false
            receiving.bodyFailed(error)
            self.receiving = nil
        } else {
            let exchange = HTTP1Exchange(connection: self)
            (exchange.scheme, exchange.sourceAddress) = (isEncrypted ? "https" : "http", peerAddress)
            exchange.fault = error
            exchange.receivedEnd()
            queue.append(exchange)
        }
        startNext()
    }

    private func parserError(_ error: any Error) -> RPCError {
        let configuration = core.configuration
        guard let error = error as? HTTPParserError else { return .malformed("this is no HTTP") }
        switch error {
        case .headerOverflow:
            return hasRequestLine
                ? .headerTooLarge(configuration.maxHeaderBytes) : .targetTooLong(configuration.maxTargetLength)
        case .invalidVersion: return .malformed("this is no HTTP/1.1")
        case .invalidContentLength, .unexpectedContentLength: return .malformed("the body's length is not clear")
        case .invalidChunkSize: return .malformed("a chunk's size is none")
        case .invalidEOFState: return .malformed("the request was cut off")
        default: return .malformed("this breaks the rules of HTTP/1.1: \(error)")
        }
    }

    private func startNext() {
        if !queue.isEmpty { resumeTask() }
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
            await waitForRoom()
            guard !isClosed, !queue.isEmpty else { continue }
            let exchange = queue.removeFirst()
            current = exchange
            await core.handle(exchange)
            current = nil
            finished(exchange)
            if isClosed || lingerEnd != nil { return }
        }
    }

    private func finished(_ exchange: HTTP1Exchange) {
        lastEnd = .now()
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

    /// Tells a client that waits for it to send its body.
    func inviteBody(of exchange: HTTP1Exchange) {
        guard exchange.terms.expectsContinue else { return }
        exchange.terms.expectsContinue = false
        guard !exchange.hasBegun else { return }
        var buffer = makeBuffer()
        buffer.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        send(buffer)
    }

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

    // MARK: Writing

    /// A buffer to put an answer into, which `send` gives back.
    func makeBuffer() -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &output)
        return buffer
    }

    /// Sends what `makeBuffer` gave; at once, unless further answers follow in this turn.
    func send(_ buffer: ByteBuffer) {
        output = buffer
        if queue.isEmpty { flush() } else { scheduleFlush() }
    }

    func sendSoon(_ buffer: ByteBuffer) {
        output = buffer
        scheduleFlush()
    }

    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.context.afterTurn {
            self.isFlushScheduled = false
            self.flush()
        }
    }

    private func flush() {
        guard let context, output.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        // The storage is used again where the socket has taken all.
        output.clear()
    }

    /// Sends a large body piece by piece, as the client takes it.
    func send(_ body: [UInt8]) async {
        var start = 0
        while start < body.count, !isClosed {
            let end = min(start + Self.pieceSize, body.count)
            var buffer = makeBuffer()
            buffer.writeBytes(body[start..<end])
            output = buffer
            flush()
            start = end
            await waitForRoom()
        }
    }

    /// Suspends while the client takes less than was written.
    func waitForRoom() async {
        guard let context, !context.channel.isWritable, !isClosed else { return }
        if writerWaitsSince == nil { writerWaitsSince = .now() }
        await withCheckedContinuation { writers.append($0) }
    }

    private func wakeWriters() {
        writerWaitsSince = nil
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume() }
    }

    // MARK: End

    /// Ends the connection once all that was written has left.
    func closeAfterOutput() {
        guard let context, !isClosing else { return }
        (isClosing, takesNoMore) = (true, true)
        let buffer = output
        output = ByteBuffer()
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in channel.close(promise: nil) }
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
        if let writerWaitsSince, over(writerWaitsSince, configuration.writeTimeout) { return close() }
        if let headStart, receiving == nil, over(headStart, configuration.headTimeout) {
            self.headStart = nil
            return refuse(.requestTimeout)
        }
        let isIdle = current == nil && queue.isEmpty && receiving == nil
        if isIdle, over(lastEnd, configuration.idleTimeout) { closeAfterOutput() }
        // Behind its predecessors a request is not served yet, and nobody waits for its body.
        if let receiving, receiving !== current, !receiving.isTooSlow, !wantsNoBytes,
            receiving.isTooSlow(over: now - receiving.start, configuration)
        {
            receiving.bodyIsTooSlow()
        }
    }
}
