/// How to speak TLS: identities, trust and what is demanded of the peer. One value serves clients and servers.
public struct TLSConfiguration: Sendable, Hashable {
    /// A certificate with its key, in PEM files.
    public struct Identity: Sendable, Hashable {
        /// The certificate, then its intermediates.
        public var certificateChainFile: String
        /// The private key, not encrypted.
        public var privateKeyFile: String

        /// Names the two files of an identity.
        public init(certificateChainFile: String, privateKeyFile: String) {
            self.certificateChainFile = certificateChainFile
            self.privateKeyFile = privateKeyFile
        }
    }

    /// The authorities that a peer's certificate may come from.
    public enum Trust: Sendable, Hashable {
        /// The roots of the operating system.
        case systemRoots
        /// The certificates in these PEM files, and no others.
        case files([String])
    }

    /// What a server does about its clients' certificates.
    public enum ClientVerification: String, Sendable, Hashable {
        /// None is asked for.
        case none
        /// One is asked for, and must be valid if it comes.
        case optional
        /// A connection without a valid one is refused.
        case required
    }

    /// Identities to present. A server chooses by the names in the certificates and falls back to the first; a client
    /// presents the first if it is asked. Default: none, which only a client may have.
    public var identities: [Identity]
    /// Who vouches for peers. Default: the system's roots.
    public var trust: Trust
    /// The lowest version spoken. Default: TLS 1.3.
    public var minimumVersion: TLSVersion
    /// Application protocols (RFC 7301), the preferred first. Default: `h2`.
    public var alpnProtocols: [String]
    /// Whether a connection without a common application protocol is refused. Default: true, as gRPC demands.
    public var requiresALPN: Bool
    /// Whether a server verifies clients. Default: ``ClientVerification/none``.
    public var clientVerification: ClientVerification
    /// URI names (SPIFFE IDs, say), of which the peer's certificate must hold one. On a client this replaces the check
    /// of the host name; on a server it narrows the accepted clients. Default: empty, no such check.
    public var expectedPeerURIs: [String]
    /// The name that a client asks for (SNI) and checks, unless its connection names another. Default: nil.
    public var serverName: String?
    /// Session tickets that a server issues per TLS 1.3 handshake. Servers that verify clients issue none: a resumed
    /// session would outlive the certificate that it was made with. Default: 1.
    public var sessionTickets: Int

    /// Makes a configuration from the parts that differ from the defaults.
    public init(
        identities: [Identity] = [],
        trust: Trust = .systemRoots,
        minimumVersion: TLSVersion = .tls13,
        alpnProtocols: [String] = ["h2"],
        requiresALPN: Bool = true,
        clientVerification: ClientVerification = .none,
        expectedPeerURIs: [String] = [],
        serverName: String? = nil,
        sessionTickets: Int = 1
    ) {
        self.identities = identities
        self.trust = trust
        self.minimumVersion = minimumVersion
        self.alpnProtocols = alpnProtocols
        self.requiresALPN = requiresALPN
        self.clientVerification = clientVerification
        self.expectedPeerURIs = expectedPeerURIs
        self.serverName = serverName
        self.sessionTickets = sessionTickets
    }
}

/// A version of TLS.
public enum TLSVersion: String, Sendable, Hashable {
    /// RFC 5246, with forward-secret AEAD ciphers only.
    case tls12 = "TLSv1.2"
    /// RFC 8446.
    case tls13 = "TLSv1.3"
}

/// Which side of the handshake a context plays.
public enum TLSRole: String, Sendable, Hashable {
    /// The side that dials.
    case client
    /// The side that accepts.
    case server
}

extension TLSConfiguration {
    /// Every file that a context of this role is made from.
    func files(role: TLSRole) -> [String] {
        var files = identities.flatMap { [$0.certificateChainFile, $0.privateKeyFile] }
        if case .files(let authorities) = trust, verifiesPeers(role: role) { files += authorities }
        return files
    }

    /// Whether a context of this role checks its peers' certificates, and so needs authorities.
    func verifiesPeers(role: TLSRole) -> Bool {
        role == .client || clientVerification != .none
    }

    /// Throws `invalidConfiguration` where the values contradict each other.
    func validate(role: TLSRole) throws(TLSError) {
        func refuse(_ reason: String) -> TLSError { TLSError(.invalidConfiguration, reason) }
        if role == .server && identities.isEmpty { throw refuse("a server needs a certificate and its key") }
        if case .files(let files) = trust, files.isEmpty, verifiesPeers(role: role) {
            throw refuse("peers are verified but no CA file is named")
        }
        if alpnProtocols.contains(where: { $0.isEmpty || $0.utf8.count > 255 }) {
            throw refuse("an ALPN protocol's name has 1 to 255 bytes")
        }
        if requiresALPN && alpnProtocols.isEmpty { throw refuse("ALPN is required but no protocol is named") }
        if role == .server && !expectedPeerURIs.isEmpty && clientVerification == .none {
            throw refuse("expected peer URIs on a server need client verification")
        }
        if sessionTickets < 0 || sessionTickets > 8 { throw refuse("session tickets per handshake: 0 to 8") }
    }
}
