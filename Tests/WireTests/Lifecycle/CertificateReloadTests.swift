import EchoProtos
import NIOCore
import Testing

@testable import Wire

/// Certificates are replaced under a channel at work.
@Suite(.timeLimit(.minutes(3))) struct CertificateReloadTests {
    @Test func liveChannelKeepsItsConnectionAndNewOnesSeeTheNewCertificate() async throws {
        let files = try TestCertificates()
        try files.issue("first", names: "DNS:localhost,URI:spiffe://test/first")
        try files.issue("second", names: "DNS:localhost,URI:spiffe://test/second")
        try files.replace("live.pem", with: "first.pem")
        try files.replace("live.key", with: "first.key")
        let source = try ReloadingTLSContext(
            configuration: TLSConfiguration(identities: [files.identity("live")]), role: .server)
        let (server, address) = try await startServer(
            ScriptedEcho(onSay: { _, context in Echo_Echo("\(context.peer.port)") }), tls: source)

        func channel(_ uri: String) throws -> ClientChannel {
            makeChannel(address.target, tls: try files.client { $0.expectedPeerURIs = [uri] })
        }
        let live = try channel("spiffe://test/first")
        let done = Gate()
        let calls = Task {
            try await within { () -> Set<String> in
                var ports = Set<String>()
                while !done.isOpen { ports.insert(try await Echo_EchoService.Client(live).say(Echo_Echo("")).text) }
                return ports
            }
        }
        _ = try await within { try await Echo_EchoService.Client(live).say(Echo_Echo("")) }
        try files.replace("live.pem", with: "second.pem")
        try files.replace("live.key", with: "second.key")
        _ = try source.reload().get()

        let new = try channel("spiffe://test/second")
        _ = try await within { try await Echo_EchoService.Client(new).say(Echo_Echo("")) }
        let old = try channel("spiffe://test/first")
        let refused = try await failure {
            try await within { try await Echo_EchoService.Client(old).say(Echo_Echo("")) }
        }
        #expect(refused.code == .unavailable)
        done.open()
        #expect(try await calls.value.count == 1, "one connection all along")
        for channel in [live, new, old] { await channel.shutDown(grace: .zero) }
        await server.drain(grace: .zero)
    }
}
