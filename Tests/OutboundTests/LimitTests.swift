import Testing

@testable import Outbound

@Suite struct LimitTests {
    let server: TestServer
    let client: OutboundClient

    init() throws {
        server = try TestServer.get()
        client = try makeClient()
    }

    @Test(arguments: [
        ("/endless-headers", OutboundError.Reason.headersTooLarge), ("/many-headers/300", .headersTooLarge),
        ("/long-header/70000", .headersTooLarge), ("/endless-interim", .headersTooLarge),
        ("/announced/100000000", .bodyTooLarge), ("/endless", .bodyTooLarge), ("/bytes/2000000", .bodyTooLarge),
        ("/truncated", .connectionLost), ("/truncated-chunks", .connectionLost), ("/garbage", .protocolError),
        ("/nothing", .connectionLost), ("/reset", .connectionLost), ("/reset/midway", .connectionLost),
    ])
    func badServers(path: String, reason: OutboundError.Reason) async throws {
        var request = try OutboundRequest(.get, server.url(path))
        var limits = OutboundLimits()
        limits.encodedBodyBytes = 1 << 20
        request.limits = limits
        let error = await failure { try await client.fetch(request) }
        #expect(error?.reason == reason, "\(String(describing: error))")
        #expect(error?.url == server.url(path))
        #expect(try await client.fetch(OutboundRequest(.get, server.url("/hello"))).text == "hello")
    }

    @Test func manyHeadersWithinTheBound() async throws {
        let response = try await client.fetch(OutboundRequest(.get, server.url("/many-headers/150")))
        #expect(response.headers.fields.count == 151)
    }

    @Test func aFetchHasABoundOfItsOwn() async throws {
        let request = try OutboundRequest(.get, server.url("/bytes/1000"))
        #expect(try await client.fetch(request, upTo: 1000).body.count == 1000)
        #expect(await failure { try await client.fetch(request, upTo: 999) }?.reason == .bodyTooLarge)
    }

    private func within(_ adjust: (inout OutboundTimeouts) -> Void) -> OutboundTimeouts {
        var timeouts = OutboundTimeouts()
        adjust(&timeouts)
        return timeouts
    }

    private func reason(_ path: String, _ adjust: (inout OutboundTimeouts) -> Void) async throws -> OutboundError
        .Reason?
    {
        var request = try OutboundRequest(.get, server.url(path))
        request.timeouts = within(adjust)
        return await failure { try await client.fetch(request) }?.reason
    }

    @Test func timesAreBounded() async throws {
        #expect(try await reason("/silent") { $0.headers = .milliseconds(300) } == .headersTimeout)
        #expect(try await reason("/stall") { $0.idle = .milliseconds(300) } == .idleTimeout)
        #expect(try await reason("/drip") { $0.total = .milliseconds(700) } == .totalTimeout)
        #expect(try await reason("/silent") { $0.total = .milliseconds(300) } == .totalTimeout)
    }

    @Test func slowBodiesAreGivenUp() async throws {
        var request = try OutboundRequest(.get, server.url("/drip"))
        request.timeouts = within { $0.idle = .milliseconds(500) }
        var limits = OutboundLimits()
        limits.minimumBytesPerSecond = 10_000
        request.limits = limits
        #expect(await failure { try await client.fetch(request) }?.reason == .idleTimeout)
    }

    @Test func connectionsThatNobodyTakes() async throws {
        #expect(
            await failure {
                try await client.fetch(OutboundRequest(.get, "http://127.0.0.1:\(server.unused)/"))
            }?.reason == .connectFailed)
    }

    @Test func resolversAreBounded() async throws {
        let slow = try makeClient {
            $0.timeouts.resolve = .milliseconds(200)
            $0.resolver = HostResolver { _ in
                try await Task.sleep(for: .seconds(3600))
                return []
            }
        }
        #expect(
            await failure { try await slow.fetch(OutboundRequest(.get, "http://slow.test/")) }?.reason
                == .resolverFailed)
        #expect(
            await failure { try await client.fetch(OutboundRequest(.get, "http://none.test/")) }?.reason
                == .nameNotFound)
    }

    @Test func waitingRequestsAreBounded() async throws {
        let small = try makeClient {
            $0.connections.maximumActive = 1
            $0.connections.maximumQueued = 1
        }
        let request = try OutboundRequest(.get, server.url("/silent"))
        // None of them is answered, so the first that ends is the one that found no place.
        let reasons = await withTaskGroup(of: OutboundError.Reason?.self) { group in
            for _ in 0..<3 { group.addTask { await failure { try await small.send(request) }?.reason } }
            var reasons = [await group.next() ?? nil]
            group.cancelAll()
            for await reason in group { reasons.append(reason) }
            return reasons
        }
        #expect(reasons == [.queueFull, .cancelled, .cancelled])
        // What was cancelled leaves its place within a turn of the loop.
        var text: String?
        while text == nil { text = try? await small.fetch(OutboundRequest(.get, server.url("/hello"))).text }
        #expect(text == "hello")
    }
}
