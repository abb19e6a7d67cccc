import COpenSSL

/// One owner of an `X509`.
///
/// Unchecked, as pointers are not `Sendable`: the certificate does not change after it is read, and OpenSSL counts its
/// references atomically.
@safe
final class Certificate: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over a reference.
    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe X509_free(pointer)
    }

    /// All certificates of a PEM file, in order; at least one.
    static func load(_ path: String) throws(TLSError) -> [Certificate] {
        try unsafe TLSFile.withContents(of: path) { bytes throws(TLSError) in
            let source = try unsafe PEMSource(bytes, file: path)
            var certificates: [Certificate] = []
            OpenSSLErrors.clear()
            while let pointer = unsafe PEM_read_bio_X509(source.bio, nil, refusePassword, nil) {
                unsafe certificates.append(Certificate(owning: pointer))
            }
            try source.expectEnd(found: certificates.count, "certificate")
            return certificates
        }
    }

    /// Throws if the certificate is not valid at `now` (seconds since 1970).
    func checkValidity(at now: Int, file: String) throws(TLSError) {
        var moment = time_t(now)
        let name = unsafe X509Text.subject(of: pointer)
        // The times belong to the certificate, which lives through the calls.
        if unsafe X509_cmp_time(X509_get0_notAfter(pointer), &moment) < 0 {
            let date = unsafe X509Text.date(X509_get0_notAfter(pointer))
            throw TLSError(.certificateExpired, "\(name) expired on \(date)", file: file)
        }
        if unsafe X509_cmp_time(X509_get0_notBefore(pointer), &moment) > 0 {
            let date = unsafe X509Text.date(X509_get0_notBefore(pointer))
            throw TLSError(.certificateNotYetValid, "\(name) is valid only from \(date)", file: file)
        }
    }
}

/// One owner of an `EVP_PKEY`. Unchecked for the same reason as ``Certificate``.
@safe
final class PrivateKey: @unchecked Sendable {
    let pointer: OpaquePointer

    private init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe EVP_PKEY_free(pointer)
    }

    /// The private key of a PEM file.
    static func load(_ path: String) throws(TLSError) -> PrivateKey {
        try unsafe TLSFile.withContents(of: path) { bytes throws(TLSError) in
            let source = try unsafe PEMSource(bytes, file: path)
            OpenSSLErrors.clear()
            if let pointer = unsafe PEM_read_bio_PrivateKey(source.bio, nil, refusePassword, nil) {
                return unsafe PrivateKey(owning: pointer)
            }
            // Both PEM forms of an encrypted key (PKCS #8 and the older header) say so in clear text.
            if source.mentions("ENCRYPTED") {
                OpenSSLErrors.clear()
                throw TLSError(
                    .keyEncrypted, "the private key is encrypted; decrypt it and guard it by mode 0600", file: path)
            }
            throw OpenSSLErrors.take(fallback: .notPEM, "no private key in PEM", file: path)
        }
    }
}

/// Without a callback OpenSSL would ask for a password on the terminal. Minus one refuses.
private func refusePassword(
    _: UnsafeMutablePointer<CChar>?, _: Int32, _: Int32, _: UnsafeMutableRawPointer?
) -> Int32 {
    -1
}

/// PEM text in memory, as a BIO to read from. It must not outlive the bytes.
@safe
private final class PEMSource {
    let bio: OpaquePointer
    private let bytes: UnsafeRawBufferPointer
    private let file: String

    init(_ bytes: UnsafeRawBufferPointer, file: String) throws(TLSError) {
        // Files are at most 8 MiB, so the length fits; the BIO only reads.
        guard let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else {
            throw OpenSSLErrors.take(fallback: .internalFailure, "out of memory", file: file)
        }
        unsafe self.bio = bio
        unsafe self.bytes = bytes
        self.file = file
    }

    deinit {
        unsafe BIO_free(bio)
    }

    /// Distinguishes the end of the text from a block that does not decode.
    func expectEnd(found: Int, _ kind: String) throws(TLSError) {
        let last = OpenSSLErrors.drain().last
        let ended = last.map { $0.library == ERR_LIB_PEM && $0.reason == PEM_R_NO_START_LINE } ?? true
        guard ended else {
            throw TLSError(.notPEM, "\(kind) \(found + 1) does not decode: \(last?.text ?? "")", file: file)
        }
        guard found > 0 else { throw TLSError(.notPEM, "no \(kind) in PEM", file: file) }
    }

    func mentions(_ word: String) -> Bool {
        unsafe String(decoding: bytes, as: UTF8.self).contains(word)
    }
}
