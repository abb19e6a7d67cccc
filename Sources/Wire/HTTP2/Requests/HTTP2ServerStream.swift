import NIOCore

/// One HTTP/2 request on a server: its head, its body, and the reply to it.
//
// Unchecked: `request`, `hasLargeHead` and `peer` are set before the handler starts; the rest is the loop's.
public final class HTTP2ServerStream: HTTP2ByteStream, @unchecked Sendable {
    private let acceptor: HTTP2Acceptor.Loop
    private var task: Task<Void, Never>?
    private var hasResponded = false
    private var isRunning = false
    /// The connection that the stream was on when it ended before its handler did.
    private var orphanOf: HTTP2Connection?
    private var hasStarted = false
    public private(set) var request = HTTP2RequestHead(method: "", path: "")
    /// The request's head is over a bound, and `request` has only what came before that: all that it may get is a refusal.
    public private(set) var hasLargeHead = false
    /// Who asks.
    public private(set) var peer = PeerInfo(transport: .tcp)

    init(context: LoopContext, acceptor: HTTP2Acceptor.Loop) {
        self.acceptor = acceptor
        super.init(context: context)
    }

    /// Sends the head of the reply; with `endsStream` the reply has no body.
    ///
    /// - Throws: `HTTP2Error` if the stream has ended, a head was sent before, or a field must not be sent.
    public func respond(_ head: HTTP2ResponseHead, endsStream: Bool = false) async throws {
        if let name = head.fields.firstInvalid { throw HTTP2Error.invalidField(name) }
        let isSent = await context.hop {
            guard !self.isClosed, !self.hasResponded, let connection = self.connection else { return false }
            self.hasResponded = true
            self.build(head)
            if endsStream { self.outboundEnded = true }
            connection.respond(self, hasBody: !endsStream)
            return true
        }
        if !isSent { throw failure ?? Self.ended }
    }

    /// Sends an interim reply (1xx).
    public func inform(_ head: HTTP2ResponseHead) async throws {
        if let name = head.fields.firstInvalid { throw HTTP2Error.invalidField(name) }
        await context.hop {
            guard !self.isClosed, !self.hasResponded, let connection = self.connection else { return }
            self.build(head)
            connection.inform(self)
        }
    }

    private func build(_ head: HTTP2ResponseHead) {
        let builder = context.headerBuilder
        builder.reset()
        builder.add(constant: ":status", String(head.status))
        head.fields.write(to: builder)
    }

    // MARK: Loop

    override func process(_ events: Events) {
        // Trailers are headers, too, and may come when the handler has ended.
        if events.contains(.headers), !hasStarted {
            hasStarted = true
            guard !headersAreTooLarge || acceptor.handsOverLargeHeads else { return refuseHeaders() }
            hasLargeHead = headersAreTooLarge
            isRunning = true
            peer = connection?.peer ?? peer
            request = HTTP2RequestHead(headers)
            acceptor.callsInFlight += 1
            let task = Task.immediate(executorPreference: context) { await self.run() }
            if isRunning { self.task = task }
            return
        }
        wakeReader()
    }

    private func refuseHeaders() {
        guard !hasResponded, let connection else { return }
        hasResponded = true
        let builder = context.headerBuilder
        builder.reset()
        builder.constant(":status", "431")
        outboundEnded = true
        connection.respond(self, hasBody: false)
    }

    private func run() async {
        await acceptor.handler(self)
        await context.hop {
            self.isRunning = false
            self.task = nil
            self.orphanOf?.orphanedCalls -= 1
            self.orphanOf = nil
            // A handler that leaves its reply open has failed.
            if !self.isClosed, !self.outboundEnded || !self.hasResponded { self.reset(.internalError) }
            self.acceptor.handlerEnded()
        }
    }

    override func closed(_ error: HTTP2Error?) {
        ended(error)
        if isRunning, let connection {
            orphanOf = connection
            connection.orphanedCalls += 1
        }
        task?.cancel()
    }
}
