import Foundation
import Gateway
import NIOCore
import NIOPosix
import PolicyModel
import ServiceKit
import Testing
import Wire

/// TLS at the edge: ALPN decides between HTTP/1.1 and HTTP/2.
@Suite struct TLSTests {
    private static func run(_ body: (EdgeBed, TLSContext, TLSContext) async throws -> Void) async throws {
        let folder = KeyFolder(NSTemporaryDirectory() + "edge-tls-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        _ = try await DevelopmentKeys.prepare(in: folder, roles: [.gateway])
        let identity = folder.identity(of: .gateway)
        let server = try TLSContext(
            configuration: TLSConfiguration(
                identities: [identity], alpnProtocols: ["h2", "http/1.1"], requiresALPN: false), role: .server)
        func client(_ alpn: String) throws -> TLSContext {
            try TLSContext(
                configuration: TLSConfiguration(
                    trust: .files([folder.authorityCertificate]), alpnProtocols: [alpn], serverName: "localhost"),
                role: .client)
        }
        let bed = try await EdgeBed(tls: FixedTLS(server))
        let result: Result<Void, any Error>
        do { result = .success(try await body(bed, client("h2"), client("http/1.1"))) } catch {
            result = .failure(error)
        }
        await bed.end()
        try result.get()
    }

    private struct FixedTLS: TLSContextSource {
        let current: TLSContext
        init(_ context: TLSContext) { current = context }
    }

    @Test func speaksBothVersions() async throws {
        try await Self.run { bed, h2, http1 in
            let channel = ClientChannel(
                .dns(host: "127.0.0.1", port: bed.port), tls: FixedTLS(h2), serverName: "localhost")
            let stream = try await channel.request(
                HTTP2RequestHead(method: "GET", authority: "edge.test", path: "/livez"), endsStream: true)
            let head = try await stream.response()
            #expect(head.status == 200)
            #expect(head.fields["strict-transport-security"] == "max-age=31536000")
            while try await stream.nextChunk() != nil {}
            await channel.shutDown(grace: .milliseconds(100))

            let client = try await RawClient(port: bed.port, tls: http1)
            for _ in 0..<2 {
                let answer = try await client.request(
                    RequestText.post("/api/v1/sinks:echo", #"{"stringValue":"x"}"#))
                #expect(answer.status == 200)
                #expect(answer.text == #"{"sink":{"stringValue":"x"}}"#)
                #expect(answer["strict-transport-security"] == "max-age=31536000")
            }
            #expect(bed.guardian.schemes == ["https", "https"])
        }
    }

    @Test func takesNoCleartext() async throws {
        try await Self.run { bed, _, _ in
            let client = try await bed.client()
            try await client.send(RequestText.get("/livez"))
            let rest = try await client.readToEnd()
            #expect(!rest.contains("HTTP/1.1"))
        }
    }
}
