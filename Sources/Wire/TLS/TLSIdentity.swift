import COpenSSL

/// An identity in memory: certificate, intermediates and key, checked against each other.
///
/// Unchecked, as pointers are not `Sendable`: nothing changes after `init`, and OpenSSL takes counted references.
@safe
final class TLSIdentity: @unchecked Sendable {
    /// The names that SNI may ask for.
    let dnsNames: [String]
    private let leaf: Certificate
    private let key: PrivateKey
    private let intermediates: OpaquePointer

    /// Loads and checks the files. `now` is in seconds since 1970.
    init(_ files: TLSConfiguration.Identity, now: Int) throws(TLSError) {
        let chain = try Certificate.load(files.certificateChainFile)
        let key = try PrivateKey.load(files.privateKeyFile)
        for certificate in chain {
            try certificate.checkValidity(at: now, file: files.certificateChainFile)
        }
        OpenSSLErrors.clear()
        guard unsafe X509_check_private_key(chain[0].pointer, key.pointer) == 1 else {
            OpenSSLErrors.clear()
            let reason = "the private key does not match the first certificate of \(files.certificateChainFile)"
            throw TLSError(.keyMismatch, reason, file: files.privateKeyFile)
        }
        guard let stack = unsafe wire_x509_stack_new() else {
            throw OpenSSLErrors.take(fallback: .internalFailure, "out of memory")
        }
        for certificate in chain.dropFirst() {
            // The stack holds a reference of its own, dropped when it is freed.
            if unsafe X509_up_ref(certificate.pointer) == 1,
                unsafe wire_x509_stack_push(stack, certificate.pointer) == 0
            {
                unsafe X509_free(certificate.pointer)
            }
        }
        self.leaf = chain[0]
        self.key = key
        unsafe self.intermediates = stack
        self.dnsNames = unsafe X509Text.alternativeNames(of: chain[0].pointer, kind: GEN_DNS)
    }

    deinit {
        unsafe wire_x509_stack_free(intermediates)
    }

    /// Makes this the identity of all connections of an `SSL_CTX`. False leaves the reason in the error queue.
    func install(inContext context: OpaquePointer) -> Bool {
        unsafe SSL_CTX_use_cert_and_key(context, leaf.pointer, key.pointer, intermediates, 1) == 1
    }

    /// Makes this the identity of one connection.
    func install(inConnection ssl: OpaquePointer) -> Bool {
        unsafe SSL_use_cert_and_key(ssl, leaf.pointer, key.pointer, intermediates, 1) == 1
    }
}
