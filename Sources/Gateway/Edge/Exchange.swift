import NIOCore
import PolicyModel
import Tracing
import Wire

/// One request and the answer to it, whatever version of HTTP carries them. Confined to its connection's loop.
//
// Unchecked: confined to the loop, on which its task runs, too.
class Exchange: @unchecked Sendable {
    final let loop: EdgeLoop

    // MARK: The request

    /// As `POST`.
    final var method = ""
    final var path = ""
    final var query: String?
    final var scheme = "http"
    final var authority = ""
    /// Names in lower case.
    final var headers: [(name: String, value: String)] = []
    final var known = KnownHeaders()
    /// The client's address: the connection's, or what a trusted proxy says.
    final var sourceAddress = ""
    final var requestID = ""
    final let start = NIODeadline.now()
    /// What is wrong with the request as HTTP; it is answered with that.
    final var fault: RPCError?

    // MARK: For the log

    final var route: Route?
    final var call: GatewayMethod?
    /// The page of the edge itself that was asked for.
    final var page: String?
    final var status = 0
    final var bytesIn = 0
    final var bytesOut = 0
    final var organization: String?
    final var subject: String?
    /// The reason of the error that was answered with.
    final var reason: String?

    /// What the guard adds to the answer.
    final var guardFields: [(name: String, value: String)] = []
    /// The request is a gRPC call, and is answered as one.
    final var isGRPC = false

    /// The request's span; nil where the process traces nothing.
    final var span: (any Span)?

    // MARK: Time

    /// When the body must have come; watched by the loop.
    final var bodyDeadline = NIODeadline.distantFuture
    /// Since when somebody waits for the client's next bytes; nil while nobody does.
    final var readingSince: NIODeadline?
    /// For how long the client's bytes have been waited for, before that.
    final var readingTime = TimeAmount.zero
    /// The loop has found the body too slow.
    final var isTooSlow = false
    /// What a stream says when it has nothing to say.
    final var heartbeat: (() -> Void)?
    final var lastWrite = NIODeadline.now()
    final var hasBegun = false

    init(loop: EdgeLoop) { self.loop = loop }

    /// The first value of a field, by its name in lower case.
    final func header(_ name: String) -> String? {
        for header in headers where header.name == name { return header.value }
        return nil
    }

    // MARK: For subclasses

    /// Whether the client takes what was never announced to have an end.
    var supportsTrailers: Bool { false }
    /// The body's length where the head says it.
    var announcedLength: Int? { known.contentLength }
    /// Whether the head says that there is a body.
    var hasBody: Bool { fatalError("a kind of exchange says this") }
    /// Whether the whole body is here.
    var bodyHasEnded: Bool { fatalError("a kind of exchange says this") }

    /// The next bytes of the body; nil at its end.
    ///
    /// - Throws: REQUEST_TIMEOUT, REQUEST_MALFORMED, or CANCELLED where the client has gone.
    func nextChunk() async throws(RPCError) -> ByteBuffer? { fatalError("a kind of exchange says this") }

    /// Answers, all at once.
    func respond(_ response: EdgeResponse) async { fatalError("a kind of exchange says this") }

    /// Begins an answer whose length is not known.
    func begin(_ response: EdgeResponse) async throws(RPCError) { fatalError("a kind of exchange says this") }

    /// Sends a piece of such an answer; suspends while the client takes less than was written.
    func write(_ bytes: ByteBuffer) async throws(RPCError) { fatalError("a kind of exchange says this") }

    /// Ends such an answer.
    func end(trailers: [(name: String, value: String)] = []) async { fatalError("a kind of exchange says this") }

    /// Ends such an answer so that nobody takes it for whole.
    func abort() async { fatalError("a kind of exchange says this") }

    /// The client has kept us waiting too long: whoever waits for the body is told.
    func bodyIsTooSlow() { isTooSlow = true }

    // MARK: Common

    /// The whole body.
    ///
    /// - Throws: BODY_TOO_LARGE over `limit` bytes; as `nextChunk`.
    final func wholeBody(limit: Int) async throws(RPCError) -> ByteBuffer {
        if let announced = announcedLength, announced > limit { throw .bodyTooLarge(limit) }
        guard var body = try await nextChunk() else { return ByteBuffer() }
        while true {
            if body.readableBytes > limit { throw .bodyTooLarge(limit) }
            guard var more = try await nextChunk() else { return body }
            body.writeBuffer(&more)
        }
    }

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
