internal import CCurl
internal import Glibc

// What libcurl calls, on the loop's thread, with the transfer as context. None of it may call back into the handle's
// multi handle.

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    unsafe context.map { unsafe Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

func headerArrived(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let transfer = unsafe transfer(context), let bytes = unsafe bytes else { return 0 }
    let length = size * count
    return unsafe transfer.receiveHeader(UnsafeRawBufferPointer(start: bytes, count: length)) ? length : 0
}

func bodyArrived(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let transfer = unsafe transfer(context), let bytes = unsafe bytes else { return 0 }
    let length = size * count
    switch unsafe transfer.receiveBody(UnsafeRawBufferPointer(start: bytes, count: length)) {
    case .taken: return length
    case .full: return Int(CURL_WRITEFUNC_PAUSE)
    // Any other number than the one given ends the transfer.
    case .unwanted: return length == 0 ? 1 : 0
    }
}

func uploadWanted(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let transfer = unsafe transfer(context), let buffer = unsafe buffer else { return Int(CURL_READFUNC_ABORT) }
    return unsafe transfer.readUpload(UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
}

func uploadRewound(_ context: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32) -> Int32 {
    guard let transfer = unsafe transfer(context), origin == SEEK_SET, transfer.seekUpload(Int64(offset)) else {
        return CURL_SEEKFUNC_FAIL
    }
    return CURL_SEEKFUNC_OK
}

func socketWanted(
    _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let transfer = unsafe transfer(context), let address = unsafe address else { return CURL_SOCKET_BAD }
    return unsafe transfer.openSocket(address)
}

func socketDone(_ context: UnsafeMutableRawPointer?, _ socket: curl_socket_t) -> Int32 {
    if let context = unsafe context {
        unsafe Unmanaged<OpenSockets>.fromOpaque(context).takeUnretainedValue().closed(socket)
    }
    return close(socket)
}

extension Transfer {
    func receiveHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        switch unsafe head.read(line) {
        case .goesOn: return true
        case .tooLarge:
            fail(.headersTooLarge, "more than \(limits.headerCount) headers or \(limits.headerBytes) bytes of them")
            return false
        case .malformed:
            fail(.protocolError, "the response's first line is malformed")
            return false
        case .complete: return completeHead()
        }
    }

    private func completeHead() -> Bool {
        if request.method != .head, let length = head.headers["Content-Length"].flatMap(Int.init),
            length > limits.encodedBodyBytes
        {
            fail(.bodyTooLarge, "a body of \(length) bytes, of which at most \(limits.encodedBodyBytes) are taken")
            return false
        }
        guard let easy = unsafe easy else { return false }
        if let jar = request.cookies { unsafe jar.take(from: easy, sent: cookiesSent) }
        exchange.deliver(
            ResponseHead(
                status: head.status, headers: head.headers, connection: unsafe ConnectionInfo(easy),
                timings: unsafe OutboundTimings(easy, resolved: resolved, queued: (started ?? submitted) - submitted)))
        return true
    }

    func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Exchange.Appended {
        guard bodyBytes + bytes.count <= limits.encodedBodyBytes else {
            fail(.bodyTooLarge, "a body of more than \(limits.encodedBodyBytes) bytes")
            return .unwanted
        }
        let appended = unsafe exchange.append(bytes)
        switch appended {
        case .taken: bodyBytes += bytes.count
        case .full: isPaused = true
        case .unwanted: break
        }
        return appended
    }

    func readUpload(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let upload else { return 0 }
        switch unsafe upload.read(into: buffer) {
        case .bytes(let count):
            sentBytes += Int64(count)
            // The response's head is waited for from the last byte on.
            started = .now
            if let length = upload.length, sentBytes > length {
                fail(.requestBodyFailed, "the body is longer than its \(length) bytes")
                return Int(CURL_READFUNC_ABORT)
            }
            return count
        case .end:
            if let length = upload.length, sentBytes < length {
                fail(.requestBodyFailed, "the body ends after \(sentBytes) of \(length) bytes")
                return Int(CURL_READFUNC_ABORT)
            }
            uploadIsOver = true
            started = .now
            return 0
        case .wait:
            waitsForUpload = true
            return Int(CURL_READFUNC_PAUSE)
        case .failed(let message):
            fail(.requestBodyFailed, message)
            return Int(CURL_READFUNC_ABORT)
        }
    }

    /// libcurl goes back to the beginning to send a request again, on a new connection after a kept one turned out dead.
    /// What is not idempotent is not sent twice once its body has been under way.
    func seekUpload(_ offset: Int64) -> Bool {
        guard request.isIdempotent || sentBytes == 0, let upload, upload.seek(to: offset) else { return false }
        sentBytes = offset
        return true
    }

    /// The guard's place: libcurl comes here with each address that it is about to connect to.
    func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let wanted = unsafe address.pointee
        guard
            let raw = unsafe outbound_socket_address(address),
            let ip = unsafe IPAddress(socketAddress: raw, family: wanted.family, length: Int(wanted.addrlen))
        else { return CURL_SOCKET_BAD }
        let verdict = unsafe addressGuard.verdict(
            on: ip, port: raw.loadUnaligned(as: sockaddr_in.self).sin_port.bigEndian)
        guard verdict == .allowed else {
            refusal = (ip, verdict)
            return CURL_SOCKET_BAD
        }
        let descriptor = socket(wanted.family, wanted.socktype | Int32(SOCK_CLOEXEC.rawValue), wanted.protocol)
        guard descriptor >= 0 else { return CURL_SOCKET_BAD }
        opened.append(descriptor)
        sockets?.opened(descriptor)
        return descriptor
    }
}

extension ConnectionInfo {
    @unsafe
    init(_ easy: UnsafeMutableRawPointer) {
        var number = 0
        unsafe outbound_get_long(easy, CURLINFO_HTTP_VERSION, &number)
        version =
            switch number {
            case CURL_HTTP_VERSION_1_0: .http1_0
            case CURL_HTTP_VERSION_2_0: .http2
            default: .http1_1
            }
        var text: UnsafeMutablePointer<CChar>?
        unsafe outbound_get_string(easy, CURLINFO_PRIMARY_IP, &text)
        remoteAddress = unsafe text.flatMap { unsafe IPAddress(String(cString: $0)) }
        unsafe outbound_get_long(easy, CURLINFO_PRIMARY_PORT, &number)
        remotePort = UInt16(truncatingIfNeeded: number)
        unsafe outbound_get_long(easy, CURLINFO_NUM_CONNECTS, &number)
        wasReused = number == 0
        if let version = unsafe outbound_tls_version(easy), let cipher = unsafe outbound_tls_cipher(easy) {
            tls = unsafe TLS(version: String(cString: version), cipher: String(cString: cipher))
        }
    }
}

extension OutboundTimings {
    @unsafe
    init(_ easy: UnsafeMutableRawPointer, resolved: Duration, queued: Duration) {
        func time(_ info: CURLINFO) -> Duration {
            var microseconds: curl_off_t = 0
            unsafe outbound_get_offset(easy, info, &microseconds)
            return .microseconds(microseconds)
        }
        self.resolved = resolved
        self.queued = queued
        connected = time(CURLINFO_CONNECT_TIME_T)
        secured = time(CURLINFO_APPCONNECT_TIME_T)
        sent = time(CURLINFO_PRETRANSFER_TIME_T)
        firstByte = time(CURLINFO_STARTTRANSFER_TIME_T)
    }
}
