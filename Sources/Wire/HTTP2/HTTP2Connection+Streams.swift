import CNghttp2
import NIOCore

// The connection's streams: how they open, answer, return window, and end. All on the loop, outside nghttp2.
extension HTTP2Connection {
    /// Opens a stream with the request that the loop's header builder holds.
    ///
    /// - Throws: `HTTP2Error` of kind `unprocessed` if the connection takes no more.
    func open(_ stream: HTTP2Stream, hasBody: Bool) throws {
        guard unsafe session != nil, !lifetime.isDraining else {
            throw HTTP2Error(kind: .unprocessed, code: .refusedStream, message: "the connection takes no new streams")
        }
        let pointer = unsafe Unmanaged.passUnretained(stream).toOpaque()
        var source = unsafe nghttp2_data_provider(
            source: nghttp2_data_source(ptr: pointer), read_callback: HTTP2Callbacks.readSource)
        let id = unsafe context.headerBuilder.submit { fields, count in
            hasBody
                ? unsafe nghttp2_submit_request(session, nil, fields, count, &source, pointer)
                : unsafe nghttp2_submit_request(session, nil, fields, count, nil, pointer)
        }
        guard id > 0 else {
            let text = unsafe String(cString: nghttp2_strerror(id))
            throw HTTP2Error(kind: .unprocessed, code: .refusedStream, message: text)
        }
        // A client's clock was last read with the last reply, which may be long ago.
        if openCount == 0 { updateTime() }
        attach(stream, id: id)
        stream.hasDataSource = hasBody
        context.markDirty(self)
    }

    /// Replies with constant fields, or with those that the loop's header builder holds.
    func respond(_ stream: HTTP2Stream, hasBody: Bool, with constant: StaticHeaderBlock? = nil) {
        guard unsafe session != nil, !stream.isClosed else { return }
        if let constant {
            unsafe submit(stream, hasBody, constant.fields, constant.count)
        } else {
            unsafe context.headerBuilder.submit { unsafe submit(stream, hasBody, $0, $1) }
        }
        stream.hasDataSource = hasBody
        context.markDirty(self)
    }

    private func submit(_ stream: HTTP2Stream, _ hasBody: Bool, _ fields: UnsafePointer<nghttp2_nv>?, _ count: Int) {
        guard hasBody else {
            unsafe nghttp2_submit_response(session, stream.id, fields, count, nil)
            return
        }
        var source = unsafe nghttp2_data_provider(
            source: nghttp2_data_source(ptr: Unmanaged.passUnretained(stream).toOpaque()),
            read_callback: HTTP2Callbacks.readSource
        )
        unsafe nghttp2_submit_response(session, stream.id, fields, count, &source)
    }

    /// Sends a 1xx reply with the fields that the loop's header builder holds.
    func inform(_ stream: HTTP2Stream) {
        guard unsafe session != nil, !stream.isClosed else { return }
        _ = unsafe context.headerBuilder.submit { fields, count in
            unsafe nghttp2_submit_headers(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, nil, fields, count, nil)
        }
        context.markDirty(self)
    }

    func resume(_ stream: HTTP2Stream) {
        guard unsafe session != nil else { return }
        unsafe nghttp2_session_resume_data(session, stream.id)
    }

    func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        guard unsafe session != nil, !stream.isClosed else { return }
        stream.localReset = code
        unsafe nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, code.rawValue)
        context.markDirty(self)
    }

    /// Gives bytes of a stream that we have refused back to the connection's window.
    func creditRefused(_ count: Int) {
        connectionCredit += count
        context.markDirty(self)
    }

    func credit(_ stream: HTTP2Stream, _ count: Int) {
        guard unsafe session != nil else { return }
        connectionCredit += count
        // Once the peer has ended the stream its own window is of no use to it.
        if !stream.inboundEnded && !stream.isClosed {
            unsafe nghttp2_session_consume_stream(session, stream.id, count)
        }
        context.markDirty(self)
    }

    func attach(_ stream: HTTP2Stream, id: Int32) {
        stream.id = id
        unsafe stream.openOn = .passUnretained(self)
        stream.lastProgress = lifetime.now
        unsafe stream.nextOpen = firstOpen
        unsafe stream.previousOpen = nil
        unsafe firstOpen?.previousOpen = stream
        unsafe firstOpen = stream
        openCount += 1
        _ = unsafe Unmanaged.passRetained(stream)
        if openCount == 1 {
            // Balanced in `end`, with the last stream.
            _ = unsafe Unmanaged.passRetained(self)
            becameBusy()
        }
    }

    func detach(_ stream: HTTP2Stream) {
        if let previous = unsafe stream.previousOpen {
            unsafe previous.nextOpen = stream.nextOpen
        } else {
            unsafe firstOpen = stream.nextOpen
        }
        unsafe stream.nextOpen?.previousOpen = stream.previousOpen
        unsafe stream.nextOpen = nil
        unsafe stream.previousOpen = nil
        openCount -= 1
    }

    /// Takes a stream out of the connection and tells it.
    func end(_ stream: HTTP2Stream, _ error: HTTP2Error?) {
        guard unsafe stream.openOn?.toOpaque() == Unmanaged.passUnretained(self).toOpaque() else { return }
        detach(stream)
        stream.isClosed = true
        if stream.uncredited > 0 {
            connectionCredit += stream.uncredited
            stream.uncredited = 0
            if unsafe session != nil { context.markDirty(self) }
        }
        if stream.gathered > 0 { endGathering(stream) }
        context.timers.disarm(stream)
        stream.closed(error)
        unsafe stream.openOn = nil
        // Balances `attach`. The stream is still held by the caller.
        unsafe Unmanaged.passUnretained(stream).release()
        delegate?.streamEnded(on: self)
        if openCount == 0 {
            becameIdle()
            // Balances `attach`. The connection is still held by the caller.
            unsafe Unmanaged.passUnretained(self).release()
        }
    }

    func recycle(_ closed: inout [HTTP2Stream]) {
        while var last = closed.popLast() {
            if isKnownUniquelyReferenced(&last) { last.recycle() }
        }
    }

    /// Visits every open stream. `body` must not open or end any.
    func forEachOpenStream(_ body: (HTTP2Stream) -> Void) {
        var next = unsafe firstOpen
        while let stream = next {
            next = unsafe stream.nextOpen
            body(stream)
        }
    }
}
