internal import CCurl

extension Transfer {
    /// What a code of libcurl's means, beside what the callbacks know.
    func error(for code: CURLcode) -> OutboundError {
        if let failure { return failure }
        if let refused = refusalError(code) { return refused }
        if let refused = proxyError() { return refused }
        return OutboundError(reason(for: code), "\(unsafe String(cString: curl_easy_strerror(code)))")
    }

    /// A connection that failed as no address was allowed; had any been, its own failure is what counts.
    private func refusalError(_ code: CURLcode) -> OutboundError? {
        guard let refusal, opened.isEmpty, [CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT].contains(code) else {
            return nil
        }
        return OutboundError(refusal.verdict, address: refusal.address)
    }

    /// What a proxy answered when it was asked for a tunnel.
    private func proxyError() -> OutboundError? {
        guard let easy = unsafe easy, !head.isComplete else { return nil }
        var status = 0
        unsafe outbound_get_long(easy, CURLINFO_HTTP_CONNECTCODE, &status)
        return status >= 300 ? OutboundError(.proxyFailed, "the proxy answers \(status)") : nil
    }

    private func reason(for code: CURLcode) -> OutboundError.Reason {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: .nameNotFound
        case CURLE_COULDNT_CONNECT: .connectFailed
        // The only bound in time that libcurl has been given.
        case CURLE_OPERATION_TIMEDOUT: .connectTimeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_CLIENTCERT:
            .tlsFailed
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR: .certificateInvalid
        case CURLE_PROXY, CURLE_COULDNT_RESOLVE_PROXY: .proxyFailed
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND,
            CURLE_SSL_SHUTDOWN_FAILED, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            .connectionLost
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING,
            CURLE_HTTP_RETURNED_ERROR:
            .protocolError
        case CURLE_URL_MALFORMAT: .invalidURL
        default: .unexpected
        }
    }
}

extension OutboundError {
    init(_ verdict: AddressGuard.Verdict, address: IPAddress) {
        switch verdict {
        case .refusedPort: self.init(.portRefused, verdict.explanation)
        default: self.init(.addressRefused, "\(address) is refused: \(verdict.explanation)")
        }
    }
}

extension AddressGuard.Verdict {
    /// For people: `loopback`, `port 25`.
    var explanation: String {
        switch self {
        case .allowed: "allowed"
        case .refused(let found): found.rawValue
        case .refusedPort(let port): "port \(port)"
        }
    }
}
