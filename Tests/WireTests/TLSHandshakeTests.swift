import NIOCore
import NIOEmbedded
import Testing

@testable import Wire

@Suite struct TLSHandshakeTests {
    let files: TestCertificates

    init() throws { files = try TestCertificates.shared.get() }

    @Test func settlesVersionProtocolAndName() throws {
        let pair = try TLSPair(client: files.client(), server: files.server("server")).connect()
        let client = try #require(pair.clientEnd.handshake)
        let server = try #require(pair.serverEnd.handshake)
        #expect(client.protocolVersion == .tls13 && server.protocolVersion == .tls13)
        #expect(client.alpn == "h2" && server.alpn == "h2")
        #expect(server.serverName == "localhost" && client.serverName == "localhost")
        #expect(server.peer == nil)
        let peer = try #require(client.peer)
        #expect(peer.subject == "CN=server" && peer.dnsNames == ["localhost"] && peer.uris.isEmpty)
        let print = try files.openssl(
            "x509", "-in", files.path("server.pem"), "-noout", "-fingerprint", "-sha256", "-serial")
        let hex = peer.fingerprint.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }
        #expect(print.contains(hex.joined(separator: ":")) && print.contains("serial=" + peer.serialNumber))
        pair.finish()
    }

    @Test(arguments: [(TLSVersion.tls12, TLSVersion.tls12), (.tls12, .tls13), (.tls13, .tls13)])
    func floorsOfVersionsMeet(client: TLSVersion, server: TLSVersion) throws {
        let pair = try TLSPair(
            client: files.client { $0.minimumVersion = client },
            server: files.server("server") { $0.minimumVersion = server }
        ).connect()
        #expect(pair.clientEnd.handshake?.protocolVersion == .tls13)
        pair.finish()
    }

    @Test func addressesAreCheckedAndNotSentAsNames() throws {
        let pair = try TLSPair(client: files.client(), server: files.server("server"), serverName: "127.0.0.1")
            .connect()
        #expect(pair.clientEnd.handshake != nil && pair.serverEnd.handshake?.serverName == nil)
        pair.finish()
        let wrong = try TLSPair(client: files.client(), server: files.server("server"), serverName: "127.0.0.2")
            .connect()
        #expect(wrong.clientEnd.tlsErrors.map(\.code) == [.unexpectedPeer])
        wrong.finish()
    }

    @Test func serverPreferenceDecidesTheProtocol() throws {
        let pair = try TLSPair(
            client: files.client { $0.alpnProtocols = ["http/1.1", "h2"] },
            server: files.server("server") { $0.alpnProtocols = ["h2", "http/1.1"] }
        ).connect()
        #expect(pair.clientEnd.handshake?.alpn == "h2")
        pair.finish()
    }

    @Test func noCommonProtocolIsRefusedWithItsAlert() throws {
        let pair = try TLSPair(
            client: files.client { $0.alpnProtocols = ["http/1.1"] }, server: files.server("server")
        ).connect()
        #expect(pair.serverEnd.tlsErrors.map(\.code) == [.noApplicationProtocol])
        #expect(pair.clientEnd.tlsErrors.map(\.code) == [.peerAlert])
        #expect(pair.clientEnd.tlsErrors.first?.message.contains("120") == true)
        pair.finish()
    }

    @Test func noOfferOfAProtocolIsRefusedUnlessAllowed() throws {
        let silent: (inout TLSConfiguration) -> Void = {
            $0.alpnProtocols = []
            $0.requiresALPN = false
        }
        let refused = try TLSPair(client: files.client(change: silent), server: files.server("server")).connect()
        #expect(refused.serverEnd.tlsErrors.map(\.code) == [.noApplicationProtocol])
        #expect(refused.clientEnd.tlsErrors.first?.message.contains("120") == true)
        refused.finish()
        let allowed = try TLSPair(
            client: files.client(change: silent), server: files.server("server") { $0.requiresALPN = false }
        ).connect()
        #expect(allowed.serverEnd.handshake != nil && allowed.serverEnd.handshake?.alpn == nil)
        allowed.finish()
        let clientInsists = try TLSPair(
            client: files.client(), server: files.server("server", change: silent)
        ).connect()
        #expect(clientInsists.clientEnd.tlsErrors.map(\.code) == [.noApplicationProtocol])
        clientInsists.finish()
    }

    @Test(arguments: [("a.test", "CN=a"), ("B.test", "CN=b"), ("x.b.test", "CN=b")])
    func serverNameSelectsTheIdentity(name: String, subject: String) throws {
        let pair = try TLSPair(
            client: files.client(), server: files.server("server", "a", "b"), serverName: name
        ).connect()
        #expect(pair.clientEnd.handshake?.peer?.subject == subject)
        pair.finish()
    }

    @Test func unknownServerNameGetsTheFirstIdentity() throws {
        let pair = try TLSPair(
            client: files.client(), server: files.server("a", "b"), serverName: "elsewhere.test"
        ).connect()
        #expect(pair.clientEnd.tlsErrors.map(\.code) == [.unexpectedPeer])
        #expect(pair.clientEnd.tlsErrors.first?.message.contains("CN=a") == true)
        #expect(pair.serverEnd.tlsErrors.map(\.code) == [.peerAlert])
        pair.finish()
    }

    @Test func fullHandshakeOneByteAtATime() throws {
        let pair = try TLSPair(client: files.client(), server: files.server("server")).connect(chunk: 1)
        #expect(pair.clientEnd.handshake != nil && pair.serverEnd.handshake != nil)
        pair.finish()
    }

    @Test func clientNeedsAnExpectation() throws {
        let context = try files.client { $0.serverName = nil }
        #expect(throws: TLSError(.invalidConfiguration, "a client needs a server name or expected peer URIs")) {
            try TLSHandler(client: context)
        }
        #expect(throws: TLSError.self) { try TLSHandler(client: context, serverName: "good.test\0evil.test") }
        #expect(throws: TLSError.self) { try TLSHandler(server: context) }
        #expect(context.liveConnections == 0)
    }
}
