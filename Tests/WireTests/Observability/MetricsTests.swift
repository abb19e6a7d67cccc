import EchoProtos
import Metrics
import MetricsTestKit
import NIOCore
import Testing

@testable import Wire

/// What swift-metrics is told. Its backend is the process's, so each test has a process of its own.
@Suite(.timeLimit(.minutes(3))) struct MetricsTests {
    @Test func callsAreCountedByMethodAndCodeOnBothSides() async throws {
        await #expect(processExitsWith: .success) {
            let metrics = TestMetrics()
            MetricsSystem.bootstrap(metrics)
            let server = Server(services: [
                ScriptedEcho(onSay: { request, _ in
                    if request.text == "bad" { throw RPCError(code: .notFound, message: "bad") }
                    return request
                })
            ])
            let address = try await server.listen(.tcp(host: "127.0.0.1", port: 0))
            let channel = ClientChannel(address.target)
            let client = Echo_EchoService.Client(channel)
            for _ in 0..<3 { _ = try await client.say(Echo_Echo("good")) }
            _ = try await failure { try await client.say(Echo_Echo("bad")) }
            for try await _ in try await client.stream(Echo_StreamReq("abc", count: 4)) {}
            let method = MethodDescriptor(service: "no.Service", name: "None", kind: .unary)
            _ = try await failure { try await channel.unaryBytes(method, []) }
            try await within { await channel.shutDown(grace: .zero) }
            try await within { await server.drain(grace: .zero) }

            let say = [("service", "echo.EchoService"), ("method", "Say")]
            for side in ["grpc_server", "grpc_client"] {
                let good = try metrics.expectCounter("\(side)_handled_total", say + [("code", "OK")])
                #expect(good.totalValue == 3)
                let bad = try metrics.expectCounter("\(side)_handled_total", say + [("code", "NOT_FOUND")])
                #expect(bad.totalValue == 1)
                let times = try metrics.expectTimer("\(side)_handling_seconds", say)
                #expect(times.values.count == 4)
                let isSane = times.values.allSatisfy { $0 > 0 && $0 < 60_000_000_000 }
                #expect(isSane)
            }
            let stream = [("service", "echo.EchoService"), ("method", "Stream")]
            #expect(try metrics.expectCounter("grpc_server_sent_messages_total", stream).totalValue == 4)
            #expect(try metrics.expectCounter("grpc_server_sent_bytes_total", stream).totalValue == 4 * 5)
            #expect(try metrics.expectCounter("grpc_server_received_messages_total", say).totalValue == 4)
            let unknown = [("service", "unknown"), ("method", "unknown"), ("code", "UNIMPLEMENTED")]
            #expect(try metrics.expectCounter("grpc_server_handled_total", unknown).totalValue == 1)
            #expect(try metrics.expectMeter("grpc_server_connections").values == [1, 0])
        }
    }

    @Test func abuseIsCounted() async throws {
        await #expect(processExitsWith: .success) {
            let metrics = TestMetrics()
            MetricsSystem.bootstrap(metrics)
            var configuration = ServerConfiguration()
            configuration.http2.handshakeTimeout = .milliseconds(50)
            let server = Server(services: [ScriptedEcho()], configuration: configuration)
            let address = try await server.listen(.tcp(host: "127.0.0.1", port: 0))
            let raw = try await RawClient.open(address, sending: [])
            _ = try await within { await raw.wait() }
            let counter = try metrics.expectCounter("grpc_server_abuse_total", [("kind", "handshake_timeout")])
            #expect(counter.totalValue == 1)
            await server.drain(grace: .zero)
        }
    }
}
