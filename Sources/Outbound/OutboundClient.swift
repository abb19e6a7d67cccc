public import Logging
import Synchronization

/// An HTTP client for addresses that others name: bounded in everything, and kept from networks that are not theirs.
///
/// Make one for each set of rules and keep it; its connections are kept for as long. `shutDown` ends it.
public final class OutboundClient: Sendable {
    private let configuration: OutboundConfiguration
    private let mailbox: Mailbox
    private let metrics = OutboundMetrics()
    private let end = LoopEnd()

    /// - Throws: `OutboundError` (`invalidRequest`) for a configuration that makes no sense.
    public init(_ configuration: OutboundConfiguration, logger: Logger = Logger(label: "outbound"))
        throws(OutboundError)
    {
        try configuration.validate()
        self.configuration = configuration
        let bounds = configuration.connections
        mailbox = Mailbox(capacity: bounds.maximumActive + bounds.maximumQueued)
        let loop = try TransferLoop(configuration, mailbox: mailbox, metrics: metrics, logger: logger)
        loop.start { [end] in end.reach() }
    }

    deinit { mailbox.close() }

    /// Connections open at present.
    public var openConnections: Int { metrics.openConnections }

    /// Sends a request and follows its redirects; returns when the head of the response is there.
    ///
    /// Every status is a response. The task's cancellation ends the transfer at once.
    /// - Throws: `OutboundError`.
    public func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundResponse {
        let start = ContinuousClock.now
        do {
            let response = try await follow(request, since: start)
            metrics.finished("\(response.status / 100)xx", after: .now - start)
            return response
        } catch {
            metrics.finished(error.reason.rawValue, after: .now - start)
            throw error
        }
    }

    /// Sends a request, follows its redirects, and reads the body into memory.
    /// - Parameter maximum: bytes of the body beyond which it is an error (`bodyTooLarge`); the limits hold besides.
    /// - Throws: `OutboundError`.
    public func fetch(
        _ request: OutboundRequest, upTo maximum: Int = .max
    ) async throws(OutboundError) -> CollectedResponse {
        let response = try await send(request)
        return CollectedResponse(
            status: response.status, headers: response.headers, url: response.url, redirects: response.redirects,
            connection: response.connection, timings: response.timings,
            body: try await response.body.collect(upTo: maximum))
    }

    /// Refuses further requests, waits for those under way, and ends the client's thread.
    /// - Parameter grace: how long they may take until they are ended (`shutDown`).
    public func shutDown(grace: Duration = .seconds(10)) async {
        mailbox.close()
        let isOver = await end.wait(atMost: grace)
        if !isOver {
            mailbox.post(.endAll)
            _ = await end.wait(atMost: nil)
        }
    }

    // MARK: Hops

    private func follow(
        _ request: OutboundRequest, since start: ContinuousClock.Instant
    ) async throws(OutboundError) -> OutboundResponse {
        let deadline = start + (request.timeouts ?? configuration.timeouts).total
        let limits = request.limits ?? configuration.limits
        var (current, redirects) = (request, [FollowedRedirect]())
        while true {
            do throws(OutboundError) {
                var response = try await exchange(current, deadline: deadline, limits: limits)
                guard
                    let next = try current.redirected(
                        status: response.status, headers: response.headers, maximumURLBytes: limits.urlBytes)
                else {
                    response.redirects = redirects
                    response.timings.total = .now - start
                    return response
                }
                guard redirects.count < request.redirects.maximum else {
                    throw OutboundError(.tooManyRedirects, "more than \(request.redirects.maximum) redirects")
                }
                redirects.append(FollowedRedirect(url: current.url, status: response.status))
                // A short body is read, so that the connection can be used again.
                _ = try? await response.body.collect(upTo: Self.redirectBodyBytes)
                current = next
            } catch {
                throw error.at(current.url, idempotent: current.isIdempotent)
            }
        }
    }

    private static let redirectBodyBytes = 16 << 10

    private func exchange(
        _ request: OutboundRequest, deadline: ContinuousClock.Instant, limits: OutboundLimits
    ) async throws(OutboundError) -> OutboundResponse {
        // Who was cancelled before asks nobody: a quick server could answer before the transfer hears of it.
        guard !Task.isCancelled else { throw .cancelledByCaller }
        try check(request, limits)
        let start = ContinuousClock.now
        let timeouts = request.timeouts ?? configuration.timeouts
        let addresses = try await addresses(for: request, within: min(timeouts.resolve, deadline - start))
        let exchange = Exchange(id: mailbox.makeID(), mailbox: mailbox, capacity: limits.bufferedBytes)
        try mailbox.submit(
            Transfer(
                exchange: exchange, request: request, addresses: addresses, configuration: configuration,
                deadline: deadline, resolved: .now - start))
        let head = try await exchange.head()
        return OutboundResponse(
            status: head.status, headers: head.headers, url: request.url, redirects: [], connection: head.connection,
            timings: head.timings,
            body: ResponseBody(
                exchange, headers: head.headers, decodes: request.decodesBody && request.method != .head,
                limits: limits,
                context: .init(url: request.url, isIdempotent: request.isIdempotent)))
    }

    private func check(_ request: OutboundRequest, _ limits: OutboundLimits) throws(OutboundError) {
        guard request.url.description.utf8.count <= limits.urlBytes else {
            throw OutboundError(.invalidURL, "the address is longer than \(limits.urlBytes) bytes")
        }
        try request.headers.validate(maximumCount: limits.headerCount, maximumBytes: limits.headerBytes)
        guard request.method != .head || request.body.isNone else {
            throw OutboundError(.invalidRequest, "a HEAD request has no body")
        }
        // Before any connection; decisive only where a proxy makes the connection, as the guard then sees the proxy's.
        let address = request.url.address ?? (configuration.proxy != nil ? request.url.localAddress : nil)
        let guarding = configuration.addressGuard
        let verdict =
            address.map { guarding.verdict(on: $0, port: request.url.port) }
            ?? guarding.verdict(onPort: request.url.port)
        guard verdict == .allowed else {
            metrics.refused(verdict)
            throw OutboundError(verdict, address: address ?? IPAddress(v4: 0))
        }
    }

    private func addresses(
        for request: OutboundRequest, within limit: Duration
    ) async throws(OutboundError) -> [IPAddress] {
        let dialled = configuration.proxy?.url ?? request.url
        guard dialled.address == nil else { return [] }
        return try await configuration.resolver.addresses(of: dialled.host, within: limit)
    }
}

extension WebURL {
    /// The address that a name means on every machine.
    var localAddress: IPAddress? {
        host == "localhost" || host.hasSuffix(".localhost") ? IPAddress(v4: 0x7F00_0001) : nil
    }
}

extension OutboundConfiguration {
    func validate() throws(OutboundError) {
        guard !userAgent.isEmpty, userAgent.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            throw OutboundError(.invalidRequest, "userAgent is empty, or is more than a line of ASCII")
        }
        for (name, value) in [
            ("connections.maximumPerHost", connections.maximumPerHost),
            ("connections.maximumTotal", connections.maximumTotal),
            ("connections.maximumIdle", connections.maximumIdle),
            ("connections.maximumStreams", connections.maximumStreams),
            ("connections.maximumActive", connections.maximumActive),
        ] {
            guard (1...1_000_000).contains(value) else {
                throw OutboundError(.invalidRequest, "\(name) is \(value), not within 1…1000000")
            }
        }
        guard (0...1_000_000).contains(connections.maximumQueued) else {
            throw OutboundError(.invalidRequest, "connections.maximumQueued is not within 0…1000000")
        }
    }
}
