import Metrics
import MetricsTestKit
import Testing

@testable import Outbound

@Suite struct ConnectionTests {
    let server: TestServer

    init() throws { server = try TestServer.get() }

    @Test func connectionsAreUsedAgain() async throws {
        let client = try makeClient()
        var numbers: Set<String> = []
        for index in 0..<20 {
            let response = try await client.fetch(OutboundRequest(.get, server.url("/connection", host: "site.test")))
            numbers.insert(response.text)
            #expect(response.connection.wasReused == (index > 0))
        }
        #expect(numbers.count == 1 && client.openConnections == 1)
        await client.shutDown()
        #expect(client.openConnections == 0)
    }

    @Test func perHostAndTotalAreBounded() async throws {
        let client = try makeClient {
            $0.connections.maximumPerHost = 3
            $0.connections.maximumTotal = 5
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<40 {
                let host = ["site.test", "twin.test"][index % 2]
                group.addTask {
                    let response = try await client.fetch(OutboundRequest(.get, server.url("/delay/0.02", host: host)))
                    #expect(response.text == "late")
                    #expect(client.openConnections <= 5)
                }
            }
            try await group.waitForAll()
        }
        await client.shutDown()
    }

    /// The server closes what it promised to keep: asked again on a new connection, unless that could do harm.
    @Test func deadConnectionsAreReplaced() async throws {
        let client = try makeClient()
        for method in [HTTPMethod.get, .put, .get, .put] {
            let response = try await client.fetch(
                OutboundRequest(method, server.url("/then-gone"), body: method == .put ? .bytes([1, 2, 3]) : .none))
            #expect(response.text == "kept")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test func thousandsOfTransfers() async throws {
        let client = try makeClient()
        let count = 3000
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<count {
                group.addTask {
                    let response = try await client.fetch(OutboundRequest(.get, server.url("/bytes/\(index % 5000)")))
                    return response.body.count == index % 5000
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(client.openConnections <= 8)
        await client.shutDown()
        #expect(client.openConnections == 0)
    }

    @Test func stormsOfCancellation() async throws {
        let client = try makeClient { $0.connections.maximumActive = 50 }
        for _ in 0..<5 {
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<300 {
                    let path = ["/hello", "/silent", "/endless", "/delay/0.05"][index % 4]
                    group.addTask {
                        guard let request = try? OutboundRequest(.get, server.url(path)),
                            let response = try? await client.send(request)
                        else { return }
                        while let _ = try? await response.body.next() {}
                    }
                }
                try? await Task.sleep(for: .milliseconds(Int.random(in: 0...60)))
                group.cancelAll()
            }
        }
        #expect(try await client.fetch(OutboundRequest(.get, server.url("/hello"))).text == "hello")
        await client.shutDown()
        #expect(client.openConnections == 0)
    }

    @Test func shutDownWaitsAndThenDoesNot() async throws {
        let client = try makeClient()
        let quick = Task { try await client.fetch(OutboundRequest(.get, server.url("/delay/0.3"))) }
        let endless = Task { try await client.fetch(OutboundRequest(.get, server.url("/silent"))) }
        try await Task.sleep(for: .milliseconds(100))
        await client.shutDown(grace: .seconds(1))
        #expect(try await quick.value.text == "late")
        #expect(await failure { try await endless.value }?.reason == .shutDown)
        #expect(
            await failure { try await client.fetch(OutboundRequest(.get, server.url("/hello"))) }?.reason == .shutDown)
        #expect(client.openConnections == 0)
        // Once more does no harm.
        await client.shutDown()
    }

    @Test func clientsThatAreDroppedEnd() async throws {
        weak var dropped: OutboundClient?
        do {
            let client = try makeClient()
            dropped = client
            _ = try await client.fetch(OutboundRequest(.get, server.url("/hello")))
        }
        #expect(dropped == nil)
    }

    @Test func metricsTell() async throws {
        let metrics = TestMetrics()
        let client = try withMetricsFactory(metrics) { try makeClient() }
        _ = try await client.fetch(OutboundRequest(.get, server.url("/bytes/1000")))
        _ = await failure { try await client.fetch(OutboundRequest(.get, "http://10.0.0.1/")) }
        await client.shutDown()
        #expect(try metrics.expectCounter("outbound_requests_total", [("outcome", "2xx")]).totalValue == 1)
        #expect(try metrics.expectCounter("outbound_requests_total", [("outcome", "addressRefused")]).totalValue == 1)
        #expect(try metrics.expectCounter("outbound_refused_total", [("reason", "private")]).totalValue == 1)
        #expect(try metrics.expectCounter("outbound_received_bytes_total").totalValue == 1000)
        #expect(try metrics.expectTimer("outbound_request_seconds").values.count == 2)
        #expect(try metrics.expectMeter("outbound_connections").lastValue == 0)
    }
}
