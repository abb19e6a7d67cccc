import COpenSSL

/// The identity that a peer proved with its certificate.
public struct TLSPeer: Sendable, Hashable {
    /// The subject's distinguished name, in the form of RFC 2253.
    public let subject: String
    /// The URI names: `spiffe://…` of a role.
    public let uris: [String]
    /// The DNS names.
    public let dnsNames: [String]
    /// SHA-256 of the certificate in DER, 32 bytes.
    public let fingerprint: [UInt8]
    /// The serial number in upper-case hexadecimal.
    public let serialNumber: String

    /// Names a peer, for tests and for transports that learn it elsewhere.
    public init(subject: String, uris: [String], dnsNames: [String], fingerprint: [UInt8], serialNumber: String) {
        self.subject = subject
        self.uris = uris
        self.dnsNames = dnsNames
        self.fingerprint = fingerprint
        self.serialNumber = serialNumber
    }

    /// Reads a borrowed `X509`.
    init(certificate: OpaquePointer) {
        unsafe self.init(
            subject: X509Text.subject(of: certificate),
            uris: X509Text.alternativeNames(of: certificate, kind: GEN_URI),
            dnsNames: X509Text.alternativeNames(of: certificate, kind: GEN_DNS),
            fingerprint: X509Text.fingerprint(of: certificate),
            serialNumber: X509Text.serialNumber(of: certificate)
        )
    }
}

/// The user event that ``TLSHandler`` fires inbound when its handshake is done. No bytes come before it.
public struct TLSHandshakeCompleted: Sendable, Hashable {
    /// The application protocol agreed on.
    public let alpn: String?
    /// The peer, if it showed a certificate that this side verified.
    public let peer: TLSPeer?
    /// The name that the client asked for (SNI).
    public let serverName: String?
    /// The version spoken.
    public let protocolVersion: TLSVersion

    /// Describes a handshake.
    public init(alpn: String?, peer: TLSPeer?, serverName: String?, protocolVersion: TLSVersion) {
        self.alpn = alpn
        self.peer = peer
        self.serverName = serverName
        self.protocolVersion = protocolVersion
    }
}
