/// Who is at the other end of a connection.
public struct PeerInfo: Sendable {
    /// How the peer is reached.
    public enum Transport: Sendable {
        case tcp
        case unixSocket
        /// In this process; nothing leaves it.
        case inProcess
    }

    public var transport: Transport
    /// The peer's IP address without port, as text; empty for Unix sockets and in-process peers.
    public var address: String
    /// The peer's port; 0 where there is none.
    public var port: Int
    /// Whether the connection is encrypted by TLS.
    public var isEncrypted: Bool
    /// The server name that a client asked for (SNI); nil without TLS, or if it asked for none.
    public var serverName: String?
    /// The verified URI subject alternative names of the peer's certificate, for example SPIFFE ids. For an in-process
    /// peer those that its channel was made with.
    public var uriNames: [String]
    /// SHA-256 of the peer's certificate, in lower-case hexadecimal; empty if it showed none.
    public var certificateFingerprint: String

    public init(
        transport: Transport,
        address: String = "",
        port: Int = 0,
        isEncrypted: Bool = false,
        uriNames: [String] = [],
        certificateFingerprint: String = ""
    ) {
        self.transport = transport
        self.address = address
        self.port = port
        self.isEncrypted = isEncrypted
        self.uriNames = uriNames
        self.certificateFingerprint = certificateFingerprint
    }
}

/// One copy of a peer's description for all calls of its connection.
final class SharedPeerInfo: Sendable {
    let info: PeerInfo

    /// The peer of a call that never was on a connection.
    static let unknown = SharedPeerInfo(PeerInfo(transport: .inProcess))

    init(_ info: PeerInfo) { self.info = info }
}

extension PeerInfo {
    /// Takes over what a TLS handshake has shown.
    package mutating func authenticate(_ handshake: TLSHandshakeCompleted) {
        isEncrypted = true
        serverName = handshake.serverName
        guard let peer = handshake.peer else { return }
        uriNames = peer.uris
        let digits = Array("0123456789abcdef".utf8)
        let hex = peer.fingerprint.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        certificateFingerprint = String(decoding: hex, as: UTF8.self)
    }
}
