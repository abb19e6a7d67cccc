import Foundation
import Testing

@testable import Wire

/// Files that load, and files that say why they do not.
@Suite struct TLSFilesTests {
    let files: TestCertificates

    init() throws { files = try TestCertificates() }

    private func failure(_ configuration: TLSConfiguration, now: Int? = nil) -> TLSError? {
        do throws(TLSError) {
            if let now {
                _ = try TLSContext(configuration: configuration, role: .server, now: now)
            } else {
                _ = try TLSContext(configuration: configuration, role: .server)
            }
            return nil
        } catch {
            return error
        }
    }

    @Test func eachBadFileIsNamedWithItsReason() throws {
        let good = try files.issue("good", names: "DNS:localhost")
        try files.issue("old", names: "DNS:localhost", dates: ("20200101000000Z", "20200201000000Z"))
        try files.issue("early", names: "DNS:localhost", dates: ("21000101000000Z", "21100201000000Z"))
        try files.issue("foreign", names: "DNS:localhost")
        try files.write("hello", to: "text")
        try files.write("", to: "empty")
        try files.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", to: "broken")
        try files.openssl(
            "pkcs8", "-topk8", "-in", good.privateKeyFile, "-passout", "pass:secret", "-out", files.path("locked"))
        try files.openssl(
            "ec", "-in", good.privateKeyFile, "-aes128", "-passout", "pass:secret", "-out", files.path("locked-old"))
        func with(_ certificate: String, _ key: String) -> TLSConfiguration {
            TLSConfiguration(identities: [
                .init(certificateChainFile: files.path(certificate), privateKeyFile: files.path(key))
            ])
        }
        let cases: [(String, String, TLSError.Code, String)] = [
            ("none.pem", "good.key", .fileMissing, "none.pem"),
            ("good.pem", "none.key", .fileMissing, "none.key"),
            (".", "good.key", .fileUnreadable, "."),
            ("text", "good.key", .notPEM, "text"),
            ("empty", "good.key", .notPEM, "empty"),
            ("broken", "good.key", .notPEM, "broken"),
            ("good.key", "good.key", .notPEM, "good.key"),
            ("good.pem", "text", .notPEM, "text"),
            ("good.pem", "good.pem", .notPEM, "good.pem"),
            ("good.pem", "locked", .keyEncrypted, "locked"),
            ("good.pem", "locked-old", .keyEncrypted, "locked-old"),
            ("good.pem", "foreign.key", .keyMismatch, "foreign.key"),
            ("old.pem", "old.key", .certificateExpired, "old.pem"),
            ("early.pem", "early.key", .certificateNotYetValid, "early.pem"),
        ]
        for (certificate, key, code, file) in cases {
            let error = failure(with(certificate, key))
            #expect(error?.code == code, "\(certificate) \(key): \(String(describing: error))")
            #expect(error?.file == files.path(file))
            #expect(error?.message.contains("BEGIN") == false)
        }
        #expect(failure(with("good.pem", "good.key")) == nil)
        #expect(failure(with("old.pem", "old.key"), now: 1_579_000_000) == nil)
    }

    @Test func authoritiesAreCheckedOnlyWherePeersAre() throws {
        let identity = try files.issue("good", names: "DNS:localhost")
        var configuration = TLSConfiguration(identities: [identity], trust: .files([files.path("none")]))
        #expect(failure(configuration) == nil)
        configuration.clientVerification = .required
        #expect(failure(configuration)?.code == .fileMissing)
        configuration.trust = .files([identity.privateKeyFile])
        #expect(failure(configuration) == TLSError(.notPEM, "no certificate in PEM", file: identity.privateKeyFile))
        configuration.trust = .files([])
        #expect(failure(configuration)?.code == .invalidConfiguration)
    }

    @Test func contradictionsAreRefused() throws {
        #expect(failure(TLSConfiguration())?.code == .invalidConfiguration)
        let identity = try files.issue("good", names: "DNS:localhost")
        #expect(failure(TLSConfiguration(identities: [identity], alpnProtocols: [""]))?.code == .invalidConfiguration)
        #expect(failure(TLSConfiguration(identities: [identity], alpnProtocols: []))?.code == .invalidConfiguration)
        #expect(failure(TLSConfiguration(identities: [identity], sessionTickets: 99))?.code == .invalidConfiguration)
        let uris = TLSConfiguration(identities: [identity], expectedPeerURIs: ["spiffe://x"])
        #expect(failure(uris)?.code == .invalidConfiguration)
    }
}
