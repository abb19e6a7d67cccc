internal import CCurl
internal import Glibc

extension Transfer {
    /// Sets all options of a handle that has none.
    /// - Parameter stale: `host:port` entries that libcurl is to forget.
    func configure(
        _ easy: UnsafeMutableRawPointer, _ configuration: OutboundConfiguration, sockets: OpenSockets, stale: [String]
    ) throws(OutboundError) {
        unsafe self.easy = easy
        self.sockets = sockets
        var options = unsafe EasyOptions(easy)
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        options.set(CURLOPT_URL, request.url.description)
        options.check(unsafe outbound_set_pointer(easy, CURLOPT_PRIVATE, UnsafeMutableRawPointer(bitPattern: id)))
        confine(&options)
        options.check(unsafe outbound_set_open_socket(easy, socketWanted, context))
        options.check(
            unsafe outbound_set_close_socket(easy, socketDone, Unmanaged.passUnretained(sockets).toOpaque()))
        options.check(unsafe outbound_set_headers(easy, headerArrived, context))
        options.check(unsafe outbound_set_body(easy, bodyArrived, context))
        setConnection(&options, configuration)
        setTLS(&options)
        setProxy(&options, configuration)
        setAddresses(&options, stale: stale, proxy: configuration.proxy)
        unsafe try setBody(&options, context)
        setHeaders(&options, configuration)
        if let jar = request.cookies { cookiesSent = unsafe jar.give(to: easy, for: request.url) }
        guard options.failed == CURLE_OK else {
            throw OutboundError(.unexpected, "libcurl refuses an option: \(options.failed.rawValue)")
        }
    }

    /// Nothing but http and https, nothing from the environment, no files, no signals.
    private func confine(_ options: inout EasyOptions) {
        options.set(CURLOPT_PROTOCOLS_STR, "http,https")
        options.set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        options.set(CURLOPT_FOLLOWLOCATION, 0)
        options.set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        options.set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        options.set(CURLOPT_NOSIGNAL, 1)
        options.set(CURLOPT_HTTP09_ALLOWED, 0)
        options.set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    }

    private func setConnection(_ options: inout EasyOptions, _ configuration: OutboundConfiguration) {
        let bounds = configuration.connections
        let http2 = configuration.allowsHTTP2 && request.url.scheme == .https
        options.set(CURLOPT_HTTP_VERSION, http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)
        // Requests to a host whose first connection is being made wait for whether it takes many.
        options.set(CURLOPT_PIPEWAIT, http2 ? 1 : 0)
        options.set(CURLOPT_CONNECTTIMEOUT_MS, timeouts.connect.wholeMilliseconds)
        options.set(CURLOPT_MAXAGE_CONN, bounds.maximumIdleTime.wholeSeconds)
        options.set(CURLOPT_MAXLIFETIME_CONN, bounds.maximumAge.wholeSeconds)
        options.set(CURLOPT_TCP_NODELAY, 1)
        options.set(CURLOPT_TCP_KEEPALIVE, 1)
    }

    private func setTLS(_ options: inout EasyOptions) {
        let minimum = tls.minimumVersion == .tls1_3 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2
        for (verifyPeer, verifyHost, version) in [
            (CURLOPT_SSL_VERIFYPEER, CURLOPT_SSL_VERIFYHOST, CURLOPT_SSLVERSION),
            (CURLOPT_PROXY_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYHOST, CURLOPT_PROXY_SSLVERSION),
        ] {
            options.set(verifyPeer, 1)
            options.set(verifyHost, 2)
            options.set(version, minimum)
        }
        if let authorities = tls.authorities {
            options.set(CURLOPT_CAINFO, authorities)
            options.set(CURLOPT_CAPATH, String?.none)
            options.set(CURLOPT_PROXY_CAINFO, authorities)
            options.set(CURLOPT_PROXY_CAPATH, String?.none)
        }
        if let certificate = tls.certificate { options.set(CURLOPT_SSLCERT, certificate) }
        if let key = tls.privateKey { options.set(CURLOPT_SSLKEY, key) }
    }

    /// CURLAUTH_BASIC, a macro that Swift cannot read.
    private static let basicAuthentication = 1

    private func setProxy(_ options: inout EasyOptions, _ configuration: OutboundConfiguration) {
        // The empty text is what keeps libcurl from asking the environment.
        options.set(CURLOPT_NOPROXY, "")
        guard let proxy = configuration.proxy else { return options.set(CURLOPT_PROXY, "") }
        options.set(CURLOPT_PROXY, "\(proxy.url.scheme)://\(proxy.url.hostText):\(proxy.url.port)")
        options.set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
        if let username = proxy.username {
            options.set(CURLOPT_PROXYAUTH, Self.basicAuthentication)
            options.set(CURLOPT_PROXYUSERNAME, username)
            options.set(CURLOPT_PROXYPASSWORD, proxy.password ?? "")
        }
    }

    /// Hands libcurl the addresses, so that it looks no name up by itself.
    private func setAddresses(_ options: inout EasyOptions, stale: [String], proxy: OutboundProxy?) {
        var entries = stale.map { "-\($0)" }
        if !addresses.isEmpty {
            let texts = addresses.map { $0.isIPv6 ? "[\($0)]" : "\($0)" }
            entries.append("\(dialled(proxy)):\(texts.joined(separator: ","))")
        }
        options.set(CURLOPT_DNS_CACHE_TIMEOUT, -1)
        unsafe options.set(CURLOPT_RESOLVE, list(entries))
    }

    /// The host and port that are connected to.
    func dialled(_ proxy: OutboundProxy?) -> String {
        let url = proxy?.url ?? request.url
        return "\(url.host):\(url.port)"
    }

    private func setBody(_ options: inout EasyOptions, _ context: UnsafeMutableRawPointer) throws(OutboundError) {
        if let signature = request.signature {
            options.set(CURLOPT_AWS_SIGV4, "aws:amz:\(signature.region):\(signature.service)")
            options.set(CURLOPT_USERNAME, signature.accessKey)
            options.set(CURLOPT_PASSWORD, signature.secretKey)
            if case .bytes(let bytes) = request.body {
                // The signature covers a body that libcurl has as a whole.
                options.set(CURLOPT_POST, 1)
                options.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
                options.setOffset(CURLOPT_POSTFIELDSIZE_LARGE, Int64(bytes.count))
                options.set(CURLOPT_COPYPOSTFIELDS, bytes: bytes)
                sentBytes = Int64(bytes.count)
                return
            }
        }
        switch (request.body, request.method) {
        case (.none, .head):
            options.set(CURLOPT_NOBODY, 1)
            return
        case (.none, .get):
            options.set(CURLOPT_HTTPGET, 1)
            return
        case (.none, .delete), (.none, .options):
            options.set(CURLOPT_HTTPGET, 1)
            options.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
            return
        case (.none, _): upload = BytesUpload([])
        case (.bytes(let bytes), _): upload = BytesUpload(bytes)
        case (.file(let path, let offset, let length), _):
            upload = try FileUpload(path: path, offset: offset, length: length)
        case (.stream(let length, _), _):
            upload = StreamUpload(length: length, capacity: limits.bufferedUploadBytes)
        }
        options.set(CURLOPT_UPLOAD, 1)
        options.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        options.setOffset(CURLOPT_INFILESIZE_LARGE, upload?.length ?? -1)
        unsafe options.check(outbound_set_upload(options.easy, uploadWanted, uploadRewound, context))
    }

    private func setHeaders(_ options: inout EasyOptions, _ configuration: OutboundConfiguration) {
        var lines = request.headers.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        if request.headers["User-Agent"] == nil { options.set(CURLOPT_USERAGENT, configuration.userAgent) }
        if request.decodesBody, request.headers["Accept-Encoding"] == nil {
            lines.append("Accept-Encoding: \(ContentDecoder.offered)")
        }
        if request.headers["Content-Type"] == nil { lines.append("Content-Type:") }
        if let token = request.signature?.sessionToken { lines.append("X-Amz-Security-Token: \(token)") }
        // libcurl would wait for a permission to send larger bodies, which many servers never give.
        lines.append("Expect:")
        unsafe options.set(CURLOPT_HTTPHEADER, list(lines))
    }

    private func list(_ lines: [String]) -> UnsafeMutablePointer<curl_slist>? {
        var head: UnsafeMutablePointer<curl_slist>?
        for line in lines { unsafe head = curl_slist_append(head, line) }
        if let head = unsafe head { unsafe lists.append(head) }
        return unsafe head
    }
}

/// Sets options one after the other and remembers the first failure.
@safe
struct EasyOptions {
    let easy: UnsafeMutableRawPointer
    private(set) var failed = CURLE_OK

    init(_ easy: UnsafeMutableRawPointer) { unsafe self.easy = unsafe easy }

    mutating func check(_ code: CURLcode) { if failed == CURLE_OK { failed = code } }

    mutating func set(_ option: CURLoption, _ value: Int) { check(unsafe outbound_set_long(easy, option, value)) }
    mutating func setOffset(_ option: CURLoption, _ value: Int64) {
        check(unsafe outbound_set_offset(easy, option, curl_off_t(value)))
    }
    mutating func set(_ option: CURLoption, _ value: String?) {
        check(unsafe outbound_set_string(easy, option, value))
    }
    mutating func set(_ option: CURLoption, _ value: UnsafeMutablePointer<curl_slist>?) {
        check(unsafe outbound_set_list(easy, option, value))
    }
    mutating func set(_ option: CURLoption, bytes: [UInt8]) {
        // libcurl copies; a pointer that is not null says that there is a body, even an empty one.
        var copy = bytes
        if copy.isEmpty { copy.append(0) }
        check(unsafe copy.withUnsafeMutableBytes { unsafe outbound_set_pointer(easy, option, $0.baseAddress) })
    }
}

extension Duration {
    /// At least 1, as 0 means "no bound" or a default to libcurl.
    var wholeMilliseconds: Int { max(1, Int(min(self / .milliseconds(1), 2_000_000_000).rounded(.up))) }
    var wholeSeconds: Int { max(1, Int(min(self / .seconds(1), 2_000_000_000).rounded(.up))) }
}
