import COpenSSL

/// The calling thread's OpenSSL error queue.
///
/// The queue is per thread and outlives a call, so each operation clears it before and drains it after: otherwise one
/// connection would report another's failure.
enum OpenSSLErrors {
    /// One entry of the queue.
    struct Entry {
        let library: Int32
        let reason: Int32
        let text: String
    }

    static func clear() {
        ERR_clear_error()
    }

    /// Takes all entries, oldest (the cause) first.
    static func drain() -> [Entry] {
        var entries: [Entry] = []
        while true {
            var data: UnsafePointer<CChar>? = nil
            var flags: Int32 = 0
            // The out-pointers live for the call alone; `data` is owned by the queue until its next change.
            let code = unsafe ERR_get_error_all(nil, nil, nil, &data, &flags)
            guard code != 0 else { return entries }
            var text = unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) } ?? "error \(code)"
            if flags & ERR_TXT_STRING != 0, let data = unsafe data {
                let detail = unsafe String(cString: data)
                if !detail.isEmpty { text += " (\(detail))" }
            }
            entries.append(Entry(library: wire_err_library(code), reason: wire_err_reason(code), text: text))
        }
    }

    /// Drains the queue into an error: of the code that the first SSL reason stands for, else of `fallback`.
    static func take(fallback: TLSError.Code, _ context: String, file: String? = nil) -> TLSError {
        let entries = drain()
        let code = entries.lazy.filter { $0.library == ERR_LIB_SSL }.compactMap { Self.code(ofReason: $0.reason) }.first
        let reasons = entries.map(\.text).joined(separator: "; ")
        return TLSError(code ?? fallback, reasons.isEmpty ? context : "\(context): \(reasons)", file: file)
    }

    /// What an SSL reason means for the connection; nil where it says nothing particular.
    static func code(ofReason reason: Int32) -> TLSError.Code? {
        switch reason {
        // A received alert's reason is its number plus this offset.
        case Int32(SSL_AD_REASON_OFFSET)..<Int32(SSL_AD_REASON_OFFSET + 256): .peerAlert
        case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_WRONG_VERSION_NUMBER, SSL_R_BAD_RECORD_TYPE,
            SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_RECORD_LENGTH_MISMATCH:
            .notTLS
        case SSL_R_CERTIFICATE_VERIFY_FAILED: .certificateRejected
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: .certificateMissing
        case SSL_R_NO_APPLICATION_PROTOCOL: .noApplicationProtocol
        case SSL_R_UNEXPECTED_EOF_WHILE_READING: .truncated
        case Int32(ERR_R_MALLOC_FAILURE), Int32(ERR_R_INTERNAL_ERROR): .internalFailure
        default: nil
        }
    }
}
