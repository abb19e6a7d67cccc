import COpenSSL
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Certificates, trust and rules in memory, ready for any number of connections: the owner of an `SSL_CTX`.
///
/// Unchecked, as pointers are not `Sendable`: the `SSL_CTX` is configured in `init` alone and only read after it,
/// which OpenSSL allows from any thread.
@safe
public final class TLSContext: @unchecked Sendable {
    /// What the context was made from.
    public let configuration: TLSConfiguration
    /// The side that its connections play.
    public let role: TLSRole

    let pointer: OpaquePointer
    let identities: [TLSIdentity]
    let serverNames: ServerNameTable
    let alpnProtocols: [[UInt8]]
    let connectionCount = Atomic<Int>(0)

    /// Connections alive with this context.
    public var liveConnections: Int { connectionCount.load(ordering: .relaxed) }

    /// Loads the configuration's files.
    ///
    /// - Throws: A ``TLSError`` that names the file at fault, and why.
    public convenience init(configuration: TLSConfiguration, role: TLSRole) throws(TLSError) {
        try self.init(configuration: configuration, role: role, now: Int(time(nil)))
    }

    /// As the public one, with certificates judged at `now` (seconds since 1970).
    init(configuration: TLSConfiguration, role: TLSRole, now: Int) throws(TLSError) {
        try configuration.validate(role: role)
        var identities: [TLSIdentity] = []
        for files in configuration.identities {
            identities.append(try TLSIdentity(files, now: now))
        }
        OpenSSLErrors.clear()
        guard let pointer = unsafe SSL_CTX_new(role == .server ? TLS_server_method() : TLS_client_method()) else {
            throw OpenSSLErrors.take(fallback: .internalFailure, "no TLS context")
        }
        self.configuration = configuration
        self.role = role
        unsafe self.pointer = pointer
        self.identities = identities
        self.serverNames = ServerNameTable(names: identities.map(\.dnsNames))
        self.alpnProtocols = configuration.alpnProtocols.map { Array($0.utf8) }
        // From here on `deinit` frees the pointer, also when one of these throws.
        try setProtocol()
        try setIdentity()
        try setTrust()
        try setALPN()
    }

    deinit {
        unsafe SSL_CTX_free(pointer)
    }
}

extension TLSContext: TLSContextSource {
    /// The context itself: it never changes.
    public var current: TLSContext { self }
}

extension TLSContext {
    /// The address that callbacks get this context by. Not counted: a connection keeps its context alive, and callbacks
    /// run only inside a connection's calls.
    private var callbackArgument: UnsafeMutableRawPointer {
        unsafe Unmanaged.passUnretained(self).toOpaque()
    }

    private func require(_ done: Bool, _ step: String) throws(TLSError) {
        guard done else { throw OpenSSLErrors.take(fallback: .invalidConfiguration, step) }
    }

    private func setProtocol() throws(TLSError) {
        // An idle connection gives its 16 KiB record buffers back. Partial writes stay off: the output never blocks,
        // and one call for a whole flush frees the record buffer once instead of once per record.
        _ = unsafe wire_ssl_ctx_set_mode(
            pointer,
            UInt32(SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)
        )
        unsafe wire_ssl_ctx_harden(pointer)
        // A server-side cache would hold up to 20,000 sessions; tickets need none.
        unsafe wire_ssl_ctx_disable_session_cache(pointer)
        let version = configuration.minimumVersion == .tls13 ? TLS1_3_VERSION : TLS1_2_VERSION
        try require(unsafe wire_ssl_ctx_set_min_version(pointer, version) == 1, "minimum version")
        // AES-128 first: as safe against all known attacks, and a quarter cheaper than AES-256.
        let suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
        try require(unsafe SSL_CTX_set_ciphersuites(pointer, suites) == 1, "cipher suites")
        // TLS 1.2: forward secret AEAD only, as HTTP/2 demands (RFC 9113, section 9.2.2).
        try require(unsafe SSL_CTX_set_cipher_list(pointer, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1, "ciphers")
        // Not the larger groups of OpenSSL's default: a peer could make each handshake cost milliseconds.
        try require(unsafe wire_ssl_ctx_set_groups(pointer, "X25519:P-256:P-384") == 1, "groups")
        if role == .server {
            let tickets = configuration.clientVerification == .none ? configuration.sessionTickets : 0
            try require(unsafe wire_ssl_ctx_set_tickets(pointer, tickets) == 1, "session tickets")
        }
    }

    private func setIdentity() throws(TLSError) {
        if let first = identities.first {
            try require(unsafe first.install(inContext: pointer), "certificate")
        }
        if role == .server && identities.count > 1 {
            unsafe SSL_CTX_set_cert_cb(pointer, TLSCallbacks.chooseIdentity, callbackArgument)
        }
    }

    private func setTrust() throws(TLSError) {
        guard configuration.verifiesPeers(role: role) else {
            unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil)
            return
        }
        switch configuration.trust {
        case .systemRoots:
            try require(unsafe SSL_CTX_set_default_verify_paths(pointer) == 1, "system roots")
        case .files(let files):
            for file in files {
                for authority in try Certificate.load(file) { try trust(authority) }
            }
            // The named certificates are trusted as they stand, also an intermediate whose root is not named.
            _ = unsafe X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(pointer), UInt(X509_V_FLAG_PARTIAL_CHAIN))
        }
        var mode = SSL_VERIFY_PEER
        if role == .server && configuration.clientVerification == .required { mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT }
        unsafe SSL_CTX_set_verify(pointer, mode, TLSCallbacks.verifyPeer)
    }

    private func trust(_ authority: Certificate) throws(TLSError) {
        // The store and the list take references of their own.
        try require(
            unsafe X509_STORE_add_cert(SSL_CTX_get_cert_store(pointer), authority.pointer) == 1,
            "certificate authority"
        )
        if role == .server {
            // Clients with several certificates choose by the names that the server lists.
            try require(unsafe SSL_CTX_add_client_CA(pointer, authority.pointer) == 1, "certificate authority")
        }
    }

    private func setALPN() throws(TLSError) {
        guard !alpnProtocols.isEmpty else { return }
        switch role {
        case .client:
            let encoded = ALPN.encode(configuration.alpnProtocols)
            // OpenSSL copies the list; unlike its other functions this one returns zero for success.
            try require(unsafe SSL_CTX_set_alpn_protos(pointer, encoded, UInt32(encoded.count)) == 0, "ALPN")
        case .server:
            unsafe SSL_CTX_set_alpn_select_cb(pointer, TLSCallbacks.chooseProtocol, callbackArgument)
            if configuration.requiresALPN {
                unsafe SSL_CTX_set_client_hello_cb(pointer, TLSCallbacks.requireALPN, callbackArgument)
            }
        }
    }
}
