import Logging
import ServiceKit
import Synchronization
import Wire

/// The certificate that the edge shows to those outside, which is not the one that it shows to other roles.
enum EdgeTLS {
    static let certificateFile = SettingKey(
        "gateway.edge.certificate-file", default: "",
        "The certificate for those outside, with its chain. Empty: the edge is in cleartext, for loopback or behind a proxy that encrypts. Read again when it changes."
    )
    static let keyFile = SettingKey(
        "gateway.edge.key-file", default: "", "The private key of gateway.edge.certificate-file.")
    static let allowsTLS12 = SettingKey(
        "gateway.edge.tls-1-2", default: false, "Whether TLS 1.2 is taken beside 1.3, for old clients.")

    static let declarations = [certificateFile.declaration, keyFile.declaration, allowsTLS12.declaration]

    /// The edge's TLS; nil for cleartext.
    ///
    /// - Throws: `SuiteFailure` if one of the two files is named and the other is not, or they cannot be used.
    static func source(_ settings: Settings, logger: Logger) throws -> ReloadingTLSContext? {
        let (certificate, key) = (settings[certificateFile], settings[keyFile])
        guard !certificate.isEmpty || !key.isEmpty else { return nil }
        guard !certificate.isEmpty, !key.isEmpty else {
            throw SuiteFailure("\(certificateFile.name) and \(keyFile.name) go together: set both, or none.")
        }
        var configuration = TLSConfiguration(
            identities: [.init(certificateChainFile: certificate, privateKeyFile: key)])
        configuration.alpnProtocols = ["h2", "http/1.1"]
        // Plain HTTPS clients name no protocol, and mean HTTP/1.1 (RFC 9112).
        configuration.requiresALPN = false
        if settings[allowsTLS12] { configuration.minimumVersion = .tls12 }
        do { return try ReloadingTLSContext(configuration: configuration, role: .server, logger: logger) } catch {
            throw SuiteFailure("the edge has no certificate to show: \(error). See \(certificateFile.name).")
        }
    }
}

/// Whether the role can serve, as its readiness last said.
final class ReadyState: Sendable {
    private let state = Mutex(false)

    var isReady: Bool {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
