import COpenSSL
import NIOCore
internal import Synchronization

/// One connection's TLS state: the owner of an `SSL`. It does no I/O and calls nobody: bytes go in and come out.
///
/// Confined to its connection's event loop.
@safe
final class TLSSession {
    /// How far the handshake got.
    enum HandshakeStep {
        case done
        case needsBytes
        case failed(TLSError)
    }

    /// Why reading stopped.
    enum ReadEnd {
        case needsBytes
        /// The peer sent close_notify.
        case closed
        case failed(TLSError)
    }

    let context: TLSContext
    let expectation: PeerExpectation
    /// Set by a callback that refuses the peer: it knows better than OpenSSL's queue.
    var refusal: TLSError?

    private let ssl: OpaquePointer
    private let link = TLSByteLink()
    /// Ciphertext that came in since OpenSSL last ran dry: what the plaintext at hand cannot exceed.
    private var undecrypted = 0

    /// Makes a connection's session. `serverName` is the SNI of a client, nil for none.
    init(context: TLSContext, serverName: String?, expectation: PeerExpectation) throws(TLSError) {
        OpenSSLErrors.clear()
        guard let ssl = unsafe SSL_new(context.pointer) else {
            throw OpenSSLErrors.take(fallback: .internalFailure, "no TLS session")
        }
        self.context = context
        self.expectation = expectation
        unsafe self.ssl = ssl
        context.connectionCount.add(1, ordering: .relaxed)
        // All is initialized: from here on `deinit` cleans up, also when the rest throws.
        guard let bio = unsafe link.makeBIO() else { throw OpenSSLErrors.take(fallback: .internalFailure, "no BIO") }
        // The SSL takes the one reference for both directions.
        unsafe SSL_set_bio(ssl, bio, bio)
        // Callbacks find the session here; not counted, as the session owns the SSL.
        unsafe SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        switch context.role {
        case .server: unsafe SSL_set_accept_state(ssl)
        case .client:
            unsafe SSL_set_connect_state(ssl)
            try setPeer(serverName: serverName)
        }
    }

    deinit {
        unsafe SSL_free(ssl)
        context.connectionCount.subtract(1, ordering: .relaxed)
    }

    /// The session of an `SSL` that a callback was given.
    static func of(_ ssl: OpaquePointer?) -> TLSSession? {
        guard let ssl = unsafe ssl, let data = unsafe SSL_get_ex_data(ssl, 0) else { return nil }
        return unsafe Unmanaged<TLSSession>.fromOpaque(data).takeUnretainedValue()
    }

    private func setPeer(serverName: String?) throws(TLSError) {
        func refuse(_ name: String) -> TLSError {
            OpenSSLErrors.clear()
            return TLSError(.invalidConfiguration, "not a host name: \(name)")
        }
        if let serverName {
            let name = Self.normalized(serverName)
            guard !name.utf8.contains(0) else { throw refuse(serverName) }
            // SNI carries names only (RFC 6066, section 3).
            if !Self.isAddress(name) {
                guard unsafe wire_ssl_set_server_name(ssl, name) == 1 else { throw refuse(serverName) }
            }
        }
        guard case .host(let host) = expectation else { return }
        let name = Self.normalized(host)
        guard !name.utf8.contains(0) else { throw refuse(host) }
        if Self.isAddress(name) {
            guard unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1 else { throw refuse(host) }
        } else {
            unsafe SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            guard unsafe SSL_set1_host(ssl, name) == 1 else { throw refuse(host) }
        }
    }

    /// Without the dot that ends an absolute name: certificates do not have it.
    private static func normalized(_ name: String) -> String {
        name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    private static func isAddress(_ name: String) -> Bool {
        (try? SocketAddress(ipAddress: name, port: 0)) != nil
    }
}

extension TLSSession {
    /// Ciphertext waiting to be sent.
    var outputBytes: Int { link.outbound.readableBytes }

    /// Takes the ciphertext waiting to be sent.
    func takeOutput() -> ByteBuffer? {
        guard link.outbound.readableBytes > 0 else { return nil }
        let output = link.outbound
        link.outbound = ByteBuffer()
        return output
    }

    /// Offers the memory of output that was sent; taken if nobody else holds it and no output waits.
    func reuse(_ sent: consuming ByteBuffer) {
        guard link.outbound.readableBytes == 0 else { return }
        link.outbound = sent
        link.outbound.clear()
    }

    /// Makes room for the output of a write ahead of it, so that it grows once.
    func reserveOutput(_ count: Int) {
        link.outbound.reserveCapacity(count)
    }

    /// Adds received ciphertext.
    func feed(_ bytes: ByteBuffer) {
        undecrypted += bytes.readableBytes
        if link.inbound.readableBytes == 0 {
            link.inbound = bytes
        } else {
            var bytes = bytes
            link.inbound.writeBuffer(&bytes)
        }
    }

    /// Continues the handshake with the bytes at hand.
    func handshake() -> HandshakeStep {
        OpenSSLErrors.clear()
        let result = unsafe SSL_do_handshake(ssl)
        guard result != 1 else { return .done }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ:
            releaseInput()
            return .needsBytes
        default: return .failed(failure(fallback: .handshakeFailed, "handshake"))
        }
    }

    /// Decrypts all that is at hand into `buffer`.
    func read(into buffer: inout ByteBuffer) -> ReadEnd {
        OpenSSLErrors.clear()
        buffer.reserveCapacity(minimumWritableBytes: undecrypted)
        while true {
            var count = 0
            var result: Int32 = 0
            // A record holds at most 16 KiB; what does not fit stays in OpenSSL for the next turn.
            unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 1) { bytes in
                result = unsafe SSL_read_ex(ssl, bytes.baseAddress, bytes.count, &count)
                return count
            }
            guard result == 1 else {
                switch unsafe SSL_get_error(ssl, result) {
                case SSL_ERROR_WANT_READ:
                    releaseInput()
                    return .needsBytes
                case SSL_ERROR_ZERO_RETURN: return .closed
                default: return .failed(failure(fallback: .protocolViolation, "read"))
                }
            }
            // Asking once more with nothing left would cost an error entry per burst.
            if link.inbound.readableBytes == 0, unsafe SSL_has_pending(ssl) == 0 {
                undecrypted = 0
                releaseInput()
                return .needsBytes
            }
            if buffer.writableBytes == 0 { buffer.reserveCapacity(minimumWritableBytes: 16 << 10) }
        }
    }

    /// Lets go of the socket's buffer once it is read, so that the channel can fill it again.
    private func releaseInput() {
        if link.inbound.readableBytes == 0 { link.inbound = ByteBuffer() }
    }

    /// Encrypts bytes into the output. Only after the handshake, and before ``sendCloseNotify()``.
    func write(_ bytes: UnsafeRawBufferPointer) throws(TLSError) {
        guard unsafe !bytes.isEmpty else { return }
        OpenSSLErrors.clear()
        var count = 0
        // The output takes any amount and partial writes are off: success means all of it.
        guard unsafe SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &count) == 1 else {
            throw failure(fallback: .protocolViolation, "write")
        }
    }

    /// Puts close_notify into the output.
    func sendCloseNotify() {
        OpenSSLErrors.clear()
        // Zero says that the peer's is still missing, which is not waited for. A failure means that there is nobody to
        // tell any more.
        _ = unsafe SSL_shutdown(ssl)
        OpenSSLErrors.clear()
    }

    private func failure(fallback: TLSError.Code, _ step: String) -> TLSError {
        let error = OpenSSLErrors.take(fallback: fallback, step)
        return refusal ?? error
    }

    /// What the handshake settled.
    func describeHandshake() -> TLSHandshakeCompleted {
        var start: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        // Borrowed from the SSL for the copy.
        unsafe SSL_get0_alpn_selected(ssl, &start, &count)
        let alpn = unsafe start.map { start in
            unsafe String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
        }
        let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)
        return TLSHandshakeCompleted(
            alpn: alpn,
            peer: unsafe SSL_get0_peer_certificate(ssl).map { unsafe TLSPeer(certificate: $0) },
            serverName: unsafe name.map { unsafe String(cString: $0) },
            protocolVersion: unsafe SSL_version(ssl) == TLS1_3_VERSION ? .tls13 : .tls12
        )
    }
}
