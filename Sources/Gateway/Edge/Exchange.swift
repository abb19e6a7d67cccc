import NIOCore
import PolicyModel
import Tracing
import Wire

/// What the edge knows of one request and the answer to it. Confined to its connection's loop.
//
// Unchecked: confined to the loop, on which its task runs, too. Exclusive access is not checked at run time, for the
// reasons of docs/decisions/0003: no access is open while anything else runs.
class ExchangeState: @unchecked Sendable {
    final let loop: EdgeLoop

    // MARK: The request

    /// As `POST`.
    @safe @exclusivity(unchecked) final var method = ""
    @safe @exclusivity(unchecked) final var path = ""
    @safe @exclusivity(unchecked) final var query: String?
    @safe @exclusivity(unchecked) final var scheme = "http"
    @safe @exclusivity(unchecked) final var authority = ""
    @safe @exclusivity(unchecked) final var fields: RequestFields
    /// The client's address: the connection's, or what a trusted proxy says.
    @safe @exclusivity(unchecked) final var sourceAddress = ""
    @safe @exclusivity(unchecked) final var requestID = ""
    final let start: NIODeadline
    /// What is wrong with the request as HTTP; it is answered with that.
    @safe @exclusivity(unchecked) final var fault: RPCError?

    // MARK: For the log

    @safe @exclusivity(unchecked) final var route: Route?
    @safe @exclusivity(unchecked) final var call: GatewayMethod?
    /// The page of the edge itself that was asked for.
    @safe @exclusivity(unchecked) final var page: String?
    @safe @exclusivity(unchecked) final var status = 0
    @safe @exclusivity(unchecked) final var bytesIn = 0
    @safe @exclusivity(unchecked) final var bytesOut = 0
    @safe @exclusivity(unchecked) final var organization: String?
    @safe @exclusivity(unchecked) final var subject: String?
    /// The reason of the error that was answered with.
    @safe @exclusivity(unchecked) final var reason: String?

    /// What the guard adds to the answer.
    @safe @exclusivity(unchecked) final var guardFields: [(name: String, value: String)] = []
    /// What the guard has said, where that was before `EdgeCore.handle`.
    @safe @exclusivity(unchecked) final var admission: (any Admission)?
    /// It is among the requests in flight.
    @safe @exclusivity(unchecked) final var isCounted = false
    /// The request is a gRPC call, and is answered as one.
    @safe @exclusivity(unchecked) final var isGRPC = false

    /// The request's span; nil where the process traces nothing.
    @safe @exclusivity(unchecked) final var span: (any Span)?

    // MARK: Time

    /// When the body must have come; watched by the loop.
    @safe @exclusivity(unchecked) final var bodyDeadline = NIODeadline.distantFuture
    /// Since when somebody waits for the client's next bytes; nil while nobody does.
    @safe @exclusivity(unchecked) final var readingSince: NIODeadline?
    /// For how long the client's bytes have been waited for, before that.
    @safe @exclusivity(unchecked) final var readingTime = TimeAmount.zero
    /// The loop has found the body too slow.
    @safe @exclusivity(unchecked) final var isTooSlow = false
    /// What a stream says when it has nothing to say.
    @safe @exclusivity(unchecked) final var heartbeat: (() -> Void)?
    @safe @exclusivity(unchecked) final var lastWrite: NIODeadline
    @safe @exclusivity(unchecked) final var hasBegun = false
    /// When it was over; nil while it runs.
    @safe @exclusivity(unchecked) final var endTime: NIODeadline?

    init(loop: EdgeLoop, fields: RequestFields) {
        (self.loop, self.fields) = (loop, fields)
        start = .now()
        lastWrite = start
    }

    /// Names in lower case.
    final var headers: [(name: String, value: String)] { fields.list }
    final var known: KnownHeaders { fields.known }

    /// The first value of a field, by its name in lower case.
    final func header(_ name: String) -> String? { fields.first(name) }

    // MARK: Time that clients take

    /// Whether the body's time or rate is over, as of `now`. Only a client that is waited for can be late: what a service
    /// does not take yet is none of its fault.
    final func isLate(_ now: NIODeadline, _ configuration: EdgeConfiguration) -> Bool {
        guard let readingSince else { return false }
        return now > bodyDeadline || isTooSlow(over: readingTime + (now - readingSince), configuration)
    }

    /// Whether what has come is less than what the rate asks for.
    final func isTooSlow(over time: TimeAmount, _ configuration: EdgeConfiguration) -> Bool {
        guard time.nanoseconds > configuration.bodyRateGrace.edgeNanoseconds else { return false }
        return Double(bytesIn) < Double(time.nanoseconds) / 1e9 * Double(configuration.minimumBodyRate)
    }

    final func beginReading() { readingSince = .now() }

    final func endReading() {
        guard let readingSince else { return }
        readingTime = readingTime + (.now() - readingSince)
        self.readingSince = nil
    }
}

/// One request and the answer to it, whatever version of HTTP carries them.
protocol Exchange: ExchangeState {
    /// Whether the client takes what was never announced to have an end.
    var supportsTrailers: Bool { get }
    /// Whether the head says that there is a body.
    var hasBody: Bool { get }
    /// Whether the whole body is here.
    var bodyHasEnded: Bool { get }

    /// The next bytes of the body; nil at its end.
    ///
    /// - Throws: REQUEST_TIMEOUT, REQUEST_MALFORMED, or CANCELLED where the client has gone.
    func nextChunk() async throws(RPCError) -> ByteBuffer?

    /// The whole body if it is here and nothing has to be waited for; nil: `nextChunk` gives it.
    func wholeBodyNow() -> ByteBuffer?

    /// The client has kept us waiting too long: whoever waits for the body is told.
    func bodyIsTooSlow()

    /// Answers, all at once.
    func respond(_ response: EdgeResponse) async

    /// Answers if that takes no waiting; false: `respond` does.
    func respondNow(_ response: EdgeResponse) -> Bool

    /// Begins an answer whose length is not known.
    func begin(_ response: EdgeResponse) async throws(RPCError)

    /// Sends a piece of such an answer; suspends while the client takes less than was written.
    func write(_ bytes: ByteBuffer) async throws(RPCError)

    /// Ends such an answer.
    func end(trailers: [(name: String, value: String)]) async

    /// Ends such an answer so that nobody takes it for whole.
    func abort() async
}

extension Exchange {
    func wholeBodyNow() -> ByteBuffer? { nil }
    func respondNow(_ response: EdgeResponse) -> Bool { false }

    /// Ends such an answer, without trailers.
    func end() async { await end(trailers: []) }

    /// The body's length where the head says it.
    var announcedLength: Int? { fields.known.contentLength }

    /// The whole body.
    ///
    /// - Throws: BODY_TOO_LARGE over `limit` bytes; as `nextChunk`.
    func wholeBody(limit: Int) async throws(RPCError) -> ByteBuffer {
        if let announced = announcedLength, announced > limit { throw .bodyTooLarge(limit) }
        guard var body = try await nextChunk() else { return ByteBuffer() }
        while true {
            if body.readableBytes > limit { throw .bodyTooLarge(limit) }
            guard var more = try await nextChunk() else { return body }
            body.writeBuffer(&more)
        }
    }
}

/// An answer, or the head of one.
struct EdgeResponse {
    var status = 200
    var contentType: String?
    var body: [UInt8] = []
    /// Beside those that every answer has; names in lower case.
    var fields: [(name: String, value: String)] = []
    /// Whether the fields say themselves what a cache and a browser may do with it.
    var hasOwnTerms = false
    /// Whether nothing but the body's length is sent of it.
    var isHead = false
    /// Whether no `content-length` and no body may be sent at all (204).
    var hasNoContent: Bool { status == 204 || status == 304 }
}
