import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Wire

/// The `openssl` command at the other end.
@Suite struct TLSInteropTests {
    let files: TestCertificates

    init() throws { files = try TestCertificates.shared.get() }

    private func ask(port: Int, _ arguments: String...) async throws -> String {
        let files = files
        let all = ["s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", files.path("ca.pem")] + arguments
        return await withCheckedContinuation { continuation in
            // Blocking on a process belongs on a thread of its own.
            Thread.detachNewThread {
                let text: String
                do { text = try files.run("openssl", all, input: "hello wire\n") } catch { text = "\(error)" }
                continuation.resume(returning: text)
            }
        }
    }

    @Test func openSSLClientSpeaksBothVersions() async throws {
        let context = try files.server("server") { $0.minimumVersion = .tls12 }
        let server = try await TLSEchoServer(context)
        for version in ["-tls1_3", "-tls1_2"] {
            let text = try await ask(
                port: server.port, version, "-alpn", "h2", "-servername", "localhost", "-verify_return_error")
            #expect(text.contains("ALPN protocol: h2") && text.contains("Verify return code: 0 (ok)"), "\(text)")
            #expect(text.contains(version == "-tls1_3" ? "New, TLSv1.3" : "New, TLSv1.2"), "\(text)")
        }
        try await server.stop()
    }

    @Test func floorOfTLS13RefusesOlderClients() async throws {
        let server = try await TLSEchoServer(files.server("server"))
        let text = try await ask(port: server.port, "-tls1_2", "-alpn", "h2")
        #expect(text.contains("protocol version"), "\(text)")
        try await server.stop()
    }

    @Test func openSSLClientWithoutProtocolIsRefused() async throws {
        let server = try await TLSEchoServer(files.server("server"))
        let text = try await ask(port: server.port)
        #expect(text.contains("no application protocol"), "\(text)")
        try await server.stop()
    }

    @Test(arguments: ["-tls1_3", "-tls1_2"])
    func openSSLServerIsUnderstood(version: String) async throws {
        // openssl can share it, other tests cannot take it.
        let reserved = try DeadPort()
        let port = reserved.port
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert", files.path("server.pem"), "-key",
            files.path("server.key"), "-CAfile", files.path("ca.pem"), "-Verify", "1", "-verify_return_error",
            "-alpn", "h2", "-rev", "-quiet", version,
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        // SIGTERM is blocked in what a test thread starts.
        defer { kill(process.processIdentifier, SIGKILL) }
        let client = try files.client("client") { $0.minimumVersion = .tls12 }
        var connection: TLSConnection?
        for _ in 0..<100 where connection == nil {
            connection = try? await TLSConnection.open(client, port: port)
            if connection == nil { try await Task.sleep(for: .milliseconds(50)) }
        }
        let open = try #require(connection)
        let answer = try await open.stream.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: "abc\n"))
            var answer = ""
            for try await part in inbound {
                answer += String(buffer: part)
                if answer.hasSuffix("\n") { break }
            }
            return answer
        }
        #expect(answer == "cba\n")
        withExtendedLifetime(reserved) {}
        let handshake = try await open.handshake.get()
        #expect(handshake.alpn == "h2" && handshake.protocolVersion == (version == "-tls1_3" ? .tls13 : .tls12))
    }
}
