import EchoProtos
import NIOCore
import Testing

@testable import Wire

/// Both sides show certificates, and each sees who the other is.
@Suite(.timeLimit(.minutes(3))) struct MutualTLSTests {
    private func names(client name: String?, expected: [String]) async throws -> [String] {
        let files = try TestCertificates.shared.get()
        let (server, address) = try await startServer(
            ScriptedEcho(onSay: { _, context in
                Echo_Echo((context.peer.uriNames + ["\(context.peer.isEncrypted)"]).joined(separator: " "))
            }),
            tls: files.server("role", verification: .required))
        let client = try files.client(name) { $0.expectedPeerURIs = expected }
        let channel = makeChannel(address.target, tls: client)
        let result = await Task {
            try await within { try await Echo_EchoService.Client(channel).say(Echo_Echo("")).text }
        }
        .result
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
        return try result.get().split(separator: " ").map(String.init)
    }

    @Test func serverSeesTheClientsNames() async throws {
        let names = try await names(client: "client", expected: ["spiffe://test/scrape"])
        #expect(names == ["spiffe://test/gateway", "true"])
    }

    @Test func clientRefusesAnotherServer() async throws {
        let error = try await failure { try await names(client: "client", expected: ["spiffe://test/other"]) }
        #expect(error.code == .unavailable)
        #expect(error.message.contains("spiffe://test/other") || error.message.contains("URI"), "\(error.message)")
    }

    @Test(arguments: [nil, "stranger"]) func serverRefusesOthers(client: String?) async throws {
        let error = try await failure { try await names(client: client, expected: ["spiffe://test/scrape"]) }
        #expect(error.code == .unavailable, "\(error)")
    }

    @Test func inProcessCallerHasTheNamesOfItsChannel() async throws {
        let server = Server(services: [ScriptedEcho(onSay: { _, context in Echo_Echo("\(context.peer.uriNames)") })])
        let channel = makeChannel(.inProcess(server, uriNames: ["spiffe://test/inside"]))
        let reply = try await within { try await Echo_EchoService.Client(channel).say(Echo_Echo("")) }
        #expect(reply.text == "[\"spiffe://test/inside\"]")
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }
}
