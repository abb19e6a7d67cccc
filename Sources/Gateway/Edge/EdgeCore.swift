import Logging
import NIOCore
import NIOPosix
import PolicyModel
import Synchronization
import Tracing
public import Wire
import WireProtos

/// What all loops of an edge share.
final class EdgeCore: Sendable {
    let configuration: EdgeConfiguration
    let routes: RouteTable
    let upstreams: Upstreams
    let guardian: any RequestGuard
    let pages: [String: EdgePage]
    let missingPages: [(prefix: String, page: EdgePage)]
    let logger: Logger
    let accessLog: AccessLog
    let metrics: EdgeMetrics?
    let commonFields: CommonFields
    let offload: OffloadPool
    let spools: SpoolBudget
    private let inFlight = Atomic<Int>(0)

    init(
        configuration: EdgeConfiguration, routes: RouteTable, upstreams: Upstreams, guardian: any RequestGuard,
        pages: [String: EdgePage], missingPages: [(prefix: String, page: EdgePage)], accessLog: AccessLog,
        logger: Logger, isEncrypted: Bool
    ) {
        self.missingPages = missingPages
        (self.configuration, self.routes, self.upstreams) = (configuration, routes, upstreams)
        (self.guardian, self.pages, self.accessLog, self.logger) = (guardian, pages, accessLog, logger)
        metrics = EdgeMetrics.make()
        commonFields = CommonFields(configuration, isEncrypted: isEncrypted)
        offload = OffloadPool(threads: configuration.offloadThreads, limit: configuration.maxOffloaded)
        spools = SpoolBudget(count: configuration.maxSpools, bytes: configuration.maxSpoolBytes)
    }

    /// Requests that are served now.
    var requestsInFlight: Int { inFlight.load(ordering: .relaxed) }

    // MARK: One request

    /// Answers a request, whatever it is, and leaves its line in the log. On the request's loop.
    func handle(_ exchange: any Exchange) async {
        let isWithinLimit = begin(exchange)
        prepare(exchange)
        let isWatched = !exchange.bodyHasEnded
        if isWatched {
            exchange.bodyDeadline = .now() + .nanoseconds(configuration.requestTimeout.edgeNanoseconds)
            exchange.loop.watch(exchange)
        }
        if configuration.isTraced, EdgeTracing.hasInstrument {
            let span = EdgeTracing.begin(exchange)
            exchange.span = span
            await ServiceContext.withValue(span.context) { await answer(exchange, isWithinLimit) }
            EdgeTracing.end(span, exchange)
        } else {
            await answer(exchange, isWithinLimit)
        }
        // A stream may have put itself on the list.
        if isWatched || exchange.heartbeat != nil {
            exchange.heartbeat = nil
            exchange.loop.unwatch(exchange)
        }
        end(exchange)
    }

    /// Counts a request that begins; false: there are too many.
    @discardableResult
    func begin(_ exchange: ExchangeState) -> Bool {
        // One that began without a task may go on with one.
        if exchange.isCounted { return true }
        exchange.isCounted = true
        metrics?.requestBegan()
        return inFlight.add(1, ordering: .relaxed).newValue <= configuration.maxRequestsInFlight
    }

    /// Counts a request that is over, and leaves its line in the log.
    func end(_ exchange: ExchangeState) {
        inFlight.subtract(1, ordering: .relaxed)
        metrics?.requestEnded()
        let end = NIODeadline.now()
        exchange.endTime = end
        let nanoseconds = (end - exchange.start).nanoseconds
        exchange.loop.metrics.record(exchange, nanoseconds: nanoseconds)
        if configuration.logsRequests { exchange.loop.log.write(exchange, microseconds: Int(nanoseconds / 1_000)) }
    }

    @inline(__always)
    private func answer(_ exchange: any Exchange, _ isWithinLimit: Bool) async {
        do throws(RPCError) {
            if let fault = exchange.fault { throw fault }
            guard isWithinLimit else { throw .overloaded }
            try await serve(exchange)
        } catch {
            await fail(exchange, error)
        }
    }

    /// Gives a request its identifier and, behind proxies, its client's address.
    func prepare(_ exchange: ExchangeState) {
        guard exchange.requestID.isEmpty else { return }
        if let id = exchange.fields.known.requestID, FieldText.isRequestID(id) {
            exchange.requestID = id
        } else {
            exchange.requestID = exchange.loop.identifiers.next()
        }
        if !configuration.trustedProxies.isEmpty { believeProxy(exchange) }
    }

    /// Takes the client's address and scheme from proxies whose word is believed.
    private func believeProxy(_ exchange: ExchangeState) {
        let (peer, proxies) = (exchange.sourceAddress, configuration.trustedProxies)
        guard ForwardedAddress.isTrusted(peer, proxies) else { return }
        let lines = exchange.headers.filter { $0.name == "x-forwarded-for" }.map(\.value)
        exchange.sourceAddress = ForwardedAddress.client(peer: peer, forwardedFor: lines, trusted: proxies)
        if let scheme = exchange.header("x-forwarded-proto"), scheme == "http" || scheme == "https" {
            exchange.scheme = scheme
        }
    }

    private func serve(_ exchange: any Exchange) async throws(RPCError) {
        if let type = exchange.known.contentType, type.hasPrefix("application/grpc") {
            return try await serveGRPC(exchange)
        }
        if exchange.method == "OPTIONS" { return try await answerOptions(exchange) }
        if let page = pages[exchange.path] { return try await serve(page, exchange) }
        if let route = routes.find(exchange.method, exchange.path) {
            exchange.route = route
            exchange.call = route.call
            return try await serve(route, nil, exchange)
        }
        let path = try path(exchange)
        switch routes.find(exchange.method, path) {
        case .unknown:
            guard let page = missingPage(exchange) else { throw .routeUnknown }
            try await serve(page, exchange)
        case .otherMethods(let allowed): throw .methodNotAllowed(allowed)
        case .found(let route):
            exchange.route = route
            exchange.call = route.call
            try await serve(route, path, exchange)
        }
    }

    func path(_ exchange: any Exchange) throws(RPCError) -> RequestPath {
        do throws(RequestPath.Fault) { return try RequestPath(exchange.path) } catch {
            switch error {
            case .encoding: throw .malformed("the path's percent-encoding is none")
            case .dots: throw .malformed("the path has a segment of dots")
            case .relative: throw .malformed("the path does not begin with a slash")
            }
        }
    }

    /// What is shown in the place of a page that there is not; nil where callers of the API are told.
    private func missingPage(_ exchange: any Exchange) -> EdgePage? {
        guard exchange.method == "GET" || exchange.method == "HEAD" else { return nil }
        return missingPages.first { exchange.path.hasPrefix($0.prefix) }?.page
    }

    private func serve(_ page: EdgePage, _ exchange: any Exchange) async throws(RPCError) {
        exchange.page = page.label ?? exchange.path
        guard exchange.method == "GET" || exchange.method == "HEAD" else {
            throw .methodNotAllowed(["GET", "HEAD", "OPTIONS"])
        }
        let content = page.content(EdgePage.Request(exchange))
        var response = EdgeResponse(status: content.status, contentType: content.contentType, body: content.body)
        response.fields = content.fields
        response.hasOwnTerms = content.hasOwnTerms
        await answer(exchange, response)
    }

    // MARK: Answers

    /// Answers with what every answer has beside.
    func answer(_ exchange: any Exchange, _ response: EdgeResponse) async {
        var response = response
        complete(&response, exchange)
        if !exchange.respondNow(response) { await exchange.respond(response) }
    }

    /// Adds the fields that depend on the request.
    func complete(_ response: inout EdgeResponse, _ exchange: ExchangeState) {
        response.isHead = exchange.method == "HEAD"
        if let route = exchange.route, !route.deprecationFields.isEmpty { response.fields += route.deprecationFields }
        if let origin = exchange.known.origin {
            response.fields += CrossOrigin.fields(origin, configuration.crossOrigin)
        }
    }

    func fail(_ exchange: any Exchange, _ error: RPCError) async {
        guard let response = failure(of: exchange, error) else { return await exchange.abort() }
        if exchange.isGRPC { return await failGRPC(exchange, error) }
        await answer(exchange, response)
    }

    /// What an error is answered with; nil: nothing, but the answer's end.
    func failure(of exchange: ExchangeState, _ error: RPCError) -> EdgeResponse? {
        let body = ErrorBody(error)
        exchange.reason = body.info?.reason ?? error.code.description
        guard !exchange.hasBegun else { return nil }
        guard error.code != .cancelled || exchange.fault != nil else {
            exchange.status = body.status
            return nil
        }
        let isProblem = exchange.fields.known.accept?.contains("problem+json") == true
        var response = EdgeResponse(
            status: body.status, contentType: isProblem ? ErrorBody.problemType : ErrorBody.statusType,
            body: isProblem
                ? body.problemJSON(routes.transcoder, instance: exchange.requestID)
                : body.statusJSON(routes.transcoder))
        if let seconds = body.retryAfter { response.fields.append(("retry-after", "\(seconds)")) }
        if body.status == 401 { response.fields.append(("www-authenticate", "Bearer realm=\"datavault\"")) }
        if body.status == 405, let allowed = body.info?.metadata["allow"] { response.fields.append(("allow", allowed)) }
        if body.status == 415, let codings = body.info?.metadata["accept_encoding"] {
            response.fields.append(("accept-encoding", codings))
        }
        response.fields += GuardFields.of(error)
        return response
    }
}

/// Where calls to a peer go, by its name: asked for each call, as the way may be made when it is first needed.
public typealias Upstreams = [String: @Sendable () throws -> ClientChannel]

/// Fields that a guard's refusal brings along.
enum GuardFields {
    private static let names = ["ratelimit", "ratelimit-policy"]

    /// Text metadata of an error of those names.
    static func of(_ error: RPCError) -> [(name: String, value: String)] {
        guard error.origin == .local, !error.metadata.isEmpty else { return [] }
        return names.compactMap { name in error.metadata[name].map { (name, $0) } }
    }
}

/// Identifiers for requests that came without one. They tell requests apart, and keep no secret: 64 random bits of the
/// loop and 64 of a sequence that begins anywhere cost no system call each.
struct RequestIdentifiers {
    private static let digits = Array("0123456789abcdef".utf8)
    private let loop = UInt64.random(in: 0...(.max))
    private var sequence = UInt64.random(in: 0...(.max))

    /// 32 digits of hexadecimal.
    mutating func next() -> String {
        // An odd step reaches all numbers before it comes back, and neighbours look nothing alike.
        sequence &+= 0x9E37_79B9_7F4A_7C15
        let (loop, sequence) = (loop, sequence)
        return unsafe String(unsafeUninitializedCapacity: 32) { buffer in
            for index in 0..<32 {
                let word = index < 16 ? loop : sequence
                unsafe buffer[index] = Self.digits[Int(truncatingIfNeeded: word >> UInt64(index % 16 * 4)) & 15]
            }
            return 32
        }
    }
}
