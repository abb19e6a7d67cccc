/// What went wrong with a TLS connection, or with the files of its certificates.
///
/// Messages name files, peers and OpenSSL's reasons; they never hold key material.
public struct TLSError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of a ``TLSError``.
    public enum Code: String, Sendable, Hashable {
        /// A file does not exist.
        case fileMissing
        /// A file exists but cannot be read, or is too large to be what it should be.
        case fileUnreadable
        /// A file holds no PEM of the kind that is needed, or PEM that does not decode.
        case notPEM
        /// The private key is encrypted: it must lie in the clear, guarded by the file's mode.
        case keyEncrypted
        /// The private key belongs to another certificate.
        case keyMismatch
        /// A certificate of the chain file has expired.
        case certificateExpired
        /// A certificate of the chain file is not valid yet.
        case certificateNotYetValid
        /// The configuration contradicts itself or asks for what OpenSSL does not offer.
        case invalidConfiguration

        /// This side refuses the peer's certificate.
        case certificateRejected
        /// The peer's certificate is valid but names somebody else.
        case unexpectedPeer
        /// The peer sent no certificate although one is required.
        case certificateMissing
        /// The two sides share no application protocol.
        case noApplicationProtocol
        /// The peer ended the connection with an alert.
        case peerAlert
        /// The bytes received are not TLS: plain HTTP, another protocol, or noise.
        case notTLS
        /// The peer broke the protocol, or the two sides share no version or cipher.
        case handshakeFailed
        /// A record after the handshake was malformed or tampered with.
        case protocolViolation
        /// The connection closed before the handshake was done.
        case closedDuringHandshake
        /// The transport ended without close_notify: what was received may be cut short.
        case truncated
        /// A buffer reached its bound.
        case bufferLimit
        /// The connection is closed for this operation.
        case closed
        /// OpenSSL failed in a way that is nobody's doing (memory, for example).
        case internalFailure
    }

    /// The kind of the error, for programs.
    public let code: Code
    /// The reason, for people.
    public let message: String
    /// The file at fault, for errors of loading.
    public let file: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, file: String? = nil) {
        self.code = code
        self.message = message
        self.file = file
    }

    public var description: String {
        guard let file else { return "TLS \(code.rawValue): \(message)" }
        return "TLS \(code.rawValue): \(file): \(message)"
    }
}
