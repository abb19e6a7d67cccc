import NIOCore
import InteropProtos
import Testing

@testable import Wire

/// What the server makes of requests that no gRPC client sends.
@Suite struct ProtocolTests {
    private func reply(
        configure: (inout ServerConfiguration) -> Void = { _ in },
        _ change: (inout RawRequest) -> Void
    ) async throws -> RawReply {
        var request = RawRequest()
        change(&request)
        let sent = request
        return try await withServer(configure: configure, router: addEchoes) { pair async throws in
            let reply = try await sent.send(on: pair.channel)
            // The connection has survived.
            #expect(try await pair.unary("after").message == "after")
            try await eventually("no call is in flight") { pair.server.callsInFlight == 0 }
            return reply
        }
    }

    @Test func answersAHandWrittenCall() async throws {
        let reply = try await reply { _ in }
        #expect(reply.head.status == 200)
        #expect(reply.head.fields["content-type"] == "application/grpc")
        #expect(!reply.isTrailersOnly)
        #expect(reply.body == frame([]))
        #expect(reply.trailers["grpc-status"] == "0")
    }

    @Test(arguments: ["application/grpc+proto", "application/grpc;charset=utf-8", "application/grpc+json"])
    func takesContentType(_ type: String) async throws {
        #expect(try await reply { $0.set("content-type", type) }.code == "0")
    }

    @Test(arguments: ["application/json", "application/grpcx", "application/grpc-web", "text/plain", nil])
    func refusesContentType(_ type: String?) async throws {
        let reply = try await reply { $0.set("content-type", type) }
        #expect(reply.head.status == 415 && reply.code == "13" && reply.isTrailersOnly)
    }

    @Test func refusesARequestWithoutTE() async throws {
        let reply = try await reply { $0.set("te", nil) }
        #expect(reply.head.status == 400 && reply.code == "13")
    }

    @Test(arguments: ["GET", "PUT", "OPTIONS", "post"])
    func refusesMethod(_ method: String) async throws {
        let reply = try await reply {
            $0.method = method
            if method == "GET" { $0.body = nil }
        }
        #expect(reply.head.status == 405 && reply.code == "13")
    }

    @Test(arguments: ["", "S", "1", "1x", "123456789S", "-1S"])
    func refusesTimeout(_ timeout: String) async throws {
        let reply = try await reply { $0.set("grpc-timeout", timeout) }
        #expect(reply.head.status == 400 && reply.code == "13")
    }

    @Test func refusesUnknownEncodings() async throws {
        let reply = try await reply { $0.set("grpc-encoding", "snappy") }
        #expect(reply.head.status == 200 && reply.code == "12" && reply.isTrailersOnly)
        #expect(reply.head.fields["grpc-accept-encoding"] == "identity,gzip")
    }

    @Test(arguments: ["/", "/test.Kinds", "/test.Kinds/", "//Unary", "/test.Kinds/Unary/x", "/test.Kinds/unary", "*"])
    func knowsNoMethod(_ path: String) async throws {
        let reply = try await reply {
            $0.path = path
            if path == "*" { $0.path = "/*" }
        }
        #expect(reply.head.status == 200 && reply.code == "12" && reply.isTrailersOnly && reply.body.isEmpty)
    }

    @Test(arguments: [
        (nil, "13"), ([[]], "13"), ([[0, 0, 0]], "13"), ([frame([1, 2], length: 5)], "13"),
        ([frame([], flag: 2)], "13"), ([frame([], flag: 1)], "13"), ([frame([]) + frame([])], "12"),
        ([frame([]), [0]], "12"), ([frame([0xFF, 0xFF])], "3"),
        ([frame([], length: 5 << 20)], "8"),
    ] as [([[UInt8]]?, String)])
    func refusesBody(_ body: [[UInt8]]?, _ code: String) async throws {
        let reply = try await reply { $0.body = body }
        #expect(reply.head.status == 200 && reply.code == code && reply.isTrailersOnly)
        #expect(reply.message?.isEmpty == false)
    }

    @Test func readsAMessageInSingleBytes() async throws {
        let bytes = frame([8, 7])
        #expect(try await reply { $0.body = bytes.map { [$0] } }.body == bytes)
    }

    /// A message that is too large is refused before it has come.
    @Test func refusesLargeMessagesByTheirPrefix() async throws {
        let reply = try await reply(configure: { $0.maxRequestMessageSize = 100 }) {
            $0.body = [frame([], length: 101)]
            $0.ends = false
        }
        #expect(reply.code == "8")
    }

    @Test func refusesMessagesThatUnpackTooLarge() async throws {
        let packed = withRaw([UInt8](repeating: 0, count: 100_000))
        let reply = try await reply(configure: { $0.maxRequestMessageSize = 10_000 }) {
            $0.set("grpc-encoding", "gzip")
            $0.body = [frame(packed, flag: 1)]
        }
        #expect(packed.count < 10_000)
        #expect(reply.code == "8")
    }

    @Test func refusesDamagedGzip() async throws {
        let reply = try await reply {
            $0.set("grpc-encoding", "gzip")
            $0.body = [frame([1, 2, 3], flag: 1)]
        }
        #expect(reply.code == "13")
    }

    @Test func takesPlainMessagesInACompressedCall() async throws {
        let reply = try await reply {
            $0.set("grpc-encoding", "gzip")
            $0.body = [frame([8, 1])]
        }
        #expect(reply.code == "0" && reply.body == frame([8, 1]))
    }

    @Test func refusesLargeHeaders() async throws {
        let reply = try await reply {
            $0.fields.append(("x-large", String(repeating: "x", count: 17_000)))
        }
        #expect(reply.head.status == 431 && reply.code == "8")
        let many = try await self.reply { for index in 0..<130 { $0.fields.append(("x-\(index)", "")) } }
        #expect(many.head.status == 431 && many.code == "8")
    }

    @Test func doesNotWaitForARequestForEver() async throws {
        let reply = try await reply(configure: { $0.requestTimeout = .milliseconds(50) }) {
            $0.body = [[0, 0]]
            $0.ends = false
        }
        #expect(reply.code == "4")
    }

    @Test func ignoresTrailersOfARequest() async throws {
        let reply = try await reply { $0.trailers = HTTP2Fields(["x-after": "1"]) }
        #expect(reply.code == "0")
    }

    private func withRaw(_ bytes: [UInt8]) -> [UInt8] { unsafe withBytes(bytes) { unsafe Gzip.compress($0) } }
}
