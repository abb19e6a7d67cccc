import NIOCore
import NIOEmbedded
import Testing

@testable import Wire

/// Who is let in, on either side.
@Suite struct TLSPeerTests {
    let files: TestCertificates

    init() throws { files = try TestCertificates.shared.get() }

    @Test func requiredClientCertificateNamesThePeer() throws {
        let pair = try TLSPair(
            client: files.client("client"), server: files.server("server", verification: .required)
        ).connect()
        #expect(pair.serverEnd.handshake?.peer?.uris == ["spiffe://test/gateway"])
        #expect(pair.serverEnd.handshake?.peer?.dnsNames == ["client.test"])
        pair.finish()
    }

    @Test func requiredClientCertificateIsMissed() throws {
        let pair = try TLSPair(client: files.client(), server: files.server("server", verification: .required))
            .connect()
        #expect(pair.serverEnd.tlsErrors.map(\.code) == [.certificateMissing])
        #expect(pair.serverEnd.handshake == nil)
        #expect(pair.clientEnd.tlsErrors.map(\.code) == [.peerAlert])
        pair.finish()
    }

    @Test func optionalClientCertificateMayBeMissing() throws {
        let server = try files.server("server", verification: .optional)
        let without = try TLSPair(client: files.client(), server: server).connect()
        #expect(without.serverEnd.handshake != nil && without.serverEnd.handshake?.peer == nil)
        without.finish()
        let with = try TLSPair(client: files.client("client"), server: server).connect()
        #expect(with.serverEnd.handshake?.peer?.subject == "CN=client")
        with.finish()
    }

    @Test(arguments: [TLSConfiguration.ClientVerification.optional, .required])
    func clientOfAnotherAuthorityIsRefused(verification: TLSConfiguration.ClientVerification) throws {
        let pair = try TLSPair(
            client: files.client("stranger"), server: files.server("server", verification: verification)
        ).connect()
        #expect(pair.serverEnd.tlsErrors.map(\.code) == [.certificateRejected])
        #expect(pair.clientEnd.tlsErrors.first?.message.contains("unknown ca") == true)
        pair.finish()
    }

    @Test func serverMayNarrowItsClientsByURI() throws {
        for (expected, accepted) in [("spiffe://test/gateway", true), ("spiffe://test/other", false)] {
            let server = try files.server("server", verification: .required) { $0.expectedPeerURIs = [expected] }
            let pair = try TLSPair(client: files.client("client"), server: server).connect()
            #expect((pair.serverEnd.handshake != nil) == accepted)
            #expect(pair.serverEnd.tlsErrors.map(\.code) == (accepted ? [] : [.unexpectedPeer]))
            pair.finish()
        }
    }

    @Test func clientAcceptsOnlyTheRoleItDials() throws {
        let client = try files.client { $0.expectedPeerURIs = ["spiffe://test/x", "spiffe://test/scrape"] }
        let right = try TLSPair(client: client, server: files.server("role")).connect()
        #expect(right.clientEnd.handshake?.peer?.uris == ["spiffe://test/scrape"])
        right.finish()
        // The host name would fit, but it is the role that counts.
        let wrong = try TLSPair(client: client, server: files.server("server")).connect()
        #expect(wrong.clientEnd.tlsErrors.map(\.code) == [.unexpectedPeer])
        #expect(wrong.serverEnd.tlsErrors.map(\.code) == [.peerAlert])
        #expect(wrong.serverEnd.handshake == nil)
        wrong.finish()
    }

    @Test func hostNameMismatchIsRefused() throws {
        let pair = try TLSPair(client: files.client(), server: files.server("a"), serverName: "localhost").connect()
        #expect(pair.clientEnd.tlsErrors.map(\.code) == [.unexpectedPeer])
        #expect(pair.clientEnd.tlsErrors.first?.message.contains("localhost") == true)
        #expect(pair.clientEnd.handshake == nil && pair.clientEnd.inactive)
        pair.finish()
    }

    @Test func expiredServerIsRefused() throws {
        let pair = try TLSPair(client: files.client(), server: files.server("expired")).connect()
        #expect(pair.clientEnd.tlsErrors.map(\.code) == [.certificateRejected])
        #expect(pair.clientEnd.tlsErrors.first?.message.contains("expired") == true)
        pair.finish()
    }

    @Test func serverOfAnotherAuthorityIsRefused() throws {
        let pair = try TLSPair(client: files.client(), server: files.server("stranger")).connect()
        #expect(pair.clientEnd.tlsErrors.map(\.code) == [.certificateRejected])
        #expect(pair.serverEnd.tlsErrors.first?.message.contains("unknown ca") == true)
        pair.finish()
    }

    @Test func systemRootsDoNotKnowUs() throws {
        let pair = try TLSPair(client: files.client { $0.trust = .systemRoots }, server: files.server("server"))
            .connect()
        #expect(pair.clientEnd.tlsErrors.map(\.code) == [.certificateRejected])
        pair.finish()
    }
}
