import COpenSSL

/// Text out of certificates. The pointers are borrowed for the call.
enum X509Text {
    /// The subject in the form of RFC 2253.
    static func subject(of certificate: OpaquePointer) -> String {
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { return "" }
        defer { unsafe BIO_free(bio) }
        _ = unsafe X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, wire_name_flags())
        return unsafe text(of: bio)
    }

    /// The names of a kind (`GEN_URI` or `GEN_DNS`) among the alternative names.
    ///
    /// Names with bytes outside printable ASCII are left out: an embedded NUL has fooled comparisons before.
    static func alternativeNames(of certificate: OpaquePointer, kind: Int32) -> [String] {
        guard let raw = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
        let names = OpaquePointer(raw)
        defer { unsafe GENERAL_NAMES_free(names) }
        return unsafe (0..<wire_general_names_count(names)).compactMap { index in
            guard let name = unsafe wire_general_name_text(names, index, kind) else { return nil }
            return unsafe asciiText(name)
        }
    }

    /// The serial number in upper-case hexadecimal.
    static func serialNumber(of certificate: OpaquePointer) -> String {
        guard let number = unsafe ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nil) else { return "" }
        defer { unsafe BN_free(number) }
        guard let text = unsafe BN_bn2hex(number) else { return "" }
        defer { unsafe CRYPTO_free(text, nil, 0) }
        return unsafe String(cString: text)
    }

    /// The SHA-256 of the certificate in DER.
    static func fingerprint(of certificate: OpaquePointer) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
            var length: UInt32 = 0
            let done = unsafe X509_digest(certificate, EVP_sha256(), buffer.baseAddress, &length)
            count = done == 1 ? Int(length) : 0
        }
    }

    /// A time as OpenSSL prints it.
    static func date(_ time: UnsafePointer<ASN1_TIME>?) -> String {
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { return "" }
        defer { unsafe BIO_free(bio) }
        _ = unsafe ASN1_TIME_print(bio, time)
        return unsafe text(of: bio)
    }

    private static func text(of bio: OpaquePointer) -> String {
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe wire_bio_mem_data(bio, &start)
        guard let start = unsafe start, count > 0 else { return "" }
        // The bytes belong to the BIO, which lives through the copy.
        return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: Int(count)), as: UTF8.self)
    }

    private static func asciiText(_ string: UnsafePointer<ASN1_IA5STRING>) -> String? {
        let count = unsafe Int(ASN1_STRING_length(string))
        guard count > 0, let data = unsafe ASN1_STRING_get0_data(string) else { return nil }
        let bytes = unsafe UnsafeBufferPointer(start: data, count: count)
        guard unsafe bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }
}
