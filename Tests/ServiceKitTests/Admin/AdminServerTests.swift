import Foundation
import NIOCore
import NIOPosix
import Testing
import Wire

@testable import ServiceKit

@Suite struct AdminServerTests {
    private static func withServer(
        _ change: (inout AdminServer.Configuration) -> Void = { _ in },
        _ body: (_ port: Int, _ readiness: Readiness) async throws -> Void
    ) async throws {
        var configuration = AdminServer.Configuration()
        change(&configuration)
        let readiness = Readiness([ReadinessCheck("store") { throw SuiteFailure("it is away") }])
        let metrics: AdminServer.Page = { accept in
            AdminServer.Answer(contentType: "x/y", Array("m 1 \(accept)\n".utf8))
        }
        let server = try await AdminServer(
            .tcp(host: "127.0.0.1", port: 0), pages: AdminServer.pages(readiness: readiness, metrics: metrics),
            configuration: configuration)
        guard case .tcp(_, let port) = server.address else { return }
        let running = Task { try await server.run() }
        try await body(port, readiness)
        running.cancel()
        try await running.value
    }

    /// All that the server answers to these bytes until it closes.
    private static func exchange(_ port: Int, _ request: String) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var text = ""
            for try await part in inbound { text += String(buffer: part) }
            return text
        }
    }

    private static func get(_ port: Int, _ path: String, _ more: String = "") async throws -> String {
        try await exchange(port, "GET \(path) HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\(more)\r\n")
    }

    @Test func pages() async throws {
        try await Self.withServer { port, readiness in
            #expect(try await Self.get(port, "/livez").hasSuffix("\r\n\r\nok\n"))
            await readiness.round()
            let missing = try await Self.get(port, "/readyz")
            #expect(missing.hasPrefix("HTTP/1.1 503 ") && missing.hasSuffix("not ready\nstore: it is away\n"))
            let metrics = try await Self.get(port, "/metrics?x=1", "accept: a/b\r\n")
            #expect(metrics.contains("content-type: x/y\r\n") && metrics.hasSuffix("m 1 a/b\n"))
            #expect(try await Self.get(port, "/").hasPrefix("HTTP/1.1 404 "))
            let head = try await Self.exchange(port, "HEAD /livez HTTP/1.1\r\nconnection: close\r\nhost: x\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 200 ") && head.hasSuffix("\r\n\r\n") && head.contains("content-length: 3"))
            let post = try await Self.exchange(
                port, "POST /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi")
            #expect(post.hasPrefix("HTTP/1.1 405 ") && post.contains("allow: GET, HEAD"))
        }
    }

    @Test func oneConnectionServesManyRequests() async throws {
        try await Self.withServer { port, _ in
            let one = "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"
            let last = "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
            let answer = try await Self.exchange(port, one + one + last)
            #expect(answer.components(separatedBy: "HTTP/1.1 200").count == 4)
        }
    }

    @Test(arguments: [
        "nonsense\r\n\r\n", "GET /livez HTTP/1.1\r\nhost: x\r\n" + String(repeating: "a", count: 200_000),
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n" + String(repeating: "b", count: 100_000),
    ])
    func hostileRequestsEndTheConnection(request: String) async throws {
        try await Self.withServer { port, _ in
            // The reset that ends it may reach the client before its answer.
            let answer = (try? await Self.exchange(port, request)) ?? ""
            #expect(!answer.contains("200 OK"))
            let next = try await Self.get(port, "/livez")
            #expect(next.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func connectionsAreBoundedInNumberAndTime() async throws {
        try await Self.withServer({ ($0.maximumConnections, $0.idleTimeout) = (2, .milliseconds(300)) }) { port, _ in
            // Two that say nothing take all places until they are idle for too long.
            async let first = Self.exchange(port, "G")
            async let second = Self.exchange(port, "G")
            _ = try? await (first, second)
            // Their clients may see the end before the server has counted it.
            var next = ""
            for _ in 0..<200 where !next.hasPrefix("HTTP/1.1 200") {
                next = (try? await Self.get(port, "/livez")) ?? ""
                if next.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            }
            #expect(next.hasPrefix("HTTP/1.1 200"))
        }
    }
}
