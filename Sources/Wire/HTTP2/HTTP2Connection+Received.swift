import CNghttp2
import NIOCore

/// Counters of what a connection's peer has caused, one bucket a budget.
struct HTTP2ConnectionBudgets {
    var resetsReceived: TokenBucket
    var resetsProvoked: TokenBucket
    var pings: TokenBucket
    var settings: TokenBucket
    var priorities: TokenBucket
    var emptyData: TokenBucket
    var windowUpdates: TokenBucket
    var badHeaders: TokenBucket
    /// The first overdrawn budget; the connection is ended after nghttp2 has returned.
    var overdrawn: AbuseKind?

    init(_ budgets: AbuseBudgets) {
        resetsReceived = TokenBucket(budgets.resetsReceived)
        resetsProvoked = TokenBucket(budgets.resetsProvoked)
        pings = TokenBucket(budgets.pings)
        settings = TokenBucket(budgets.settings)
        priorities = TokenBucket(budgets.priorities)
        emptyData = TokenBucket(budgets.emptyData)
        windowUpdates = TokenBucket(budgets.windowUpdates)
        badHeaders = TokenBucket(budgets.badHeaders)
    }
}

// What nghttp2's callbacks call. All run inside nghttp2: they record and submit, and start or end nothing.
extension HTTP2Connection {
    func frameBegan(type: UInt8, flags: UInt8, length: Int) {
        if type != UInt8(NGHTTP2_CONTINUATION.rawValue) {
            lifetime.isInHeaderBlock = false
            lifetime.isHeaderBlockIgnored = false
        }
        switch UInt32(type) {
        case NGHTTP2_DATA.rawValue:
            if length == 0, flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) == 0 { emptyDataReceived() }
        case NGHTTP2_PRIORITY.rawValue: if !budgets.priorities.take(now: nanoseconds) { overdraw(.priorities) }
        case NGHTTP2_RST_STREAM.rawValue:
            if isServer { if !budgets.resetsReceived.take(now: nanoseconds) { overdraw(.resetsReceived) } }
        case NGHTTP2_SETTINGS.rawValue:
            if flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 {
                if !budgets.settings.take(now: nanoseconds) { overdraw(.settings) }
            }
        case NGHTTP2_PING.rawValue:
            if flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 {
                if !budgets.pings.take(now: nanoseconds) { overdraw(.pings) }
            }
        case NGHTTP2_WINDOW_UPDATE.rawValue:
            if !budgets.windowUpdates.take(now: nanoseconds) { overdraw(.windowUpdates) }
        default: break
        }
    }

    private func emptyDataReceived() {
        if !budgets.emptyData.take(now: nanoseconds) { overdraw(.emptyData) }
    }

    private var nanoseconds: UInt64 { lifetime.now.uptimeNanoseconds }

    /// Ends the connection with ENHANCE_YOUR_CALM, for the first budget that is overdrawn.
    func overdraw(_ kind: AbuseKind) {
        guard budgets.overdrawn == nil else { return }
        budgets.overdrawn = kind
        delegate?.abused(kind, on: self)
        fail(.enhanceYourCalm, "over the budget for \(kind.rawValue)")
    }

    func requestBegan(_ id: Int32) {
        guard isServer, let session = unsafe session else { return }
        // A refused stream has no object: nghttp2 goes on decoding its headers, which we do not keep.
        guard budgets.overdrawn == nil, !lifetime.refusesRequests, let stream = delegate?.makeStream(on: self) else {
            unsafe nghttp2_submit_rst_stream(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, HTTP2ErrorCode.refusedStream.rawValue)
            return
        }
        attach(stream, id: id)
        unsafe headerStream = .passUnretained(stream)
        unsafe nghttp2_session_set_stream_user_data(session, id, Unmanaged.passUnretained(stream).toOpaque())
    }

    /// Takes a field of a header block; false if the rest of the block is not even worth a refusal.
    func field(of stream: HTTP2Stream, name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) -> Bool {
        if stream.headersAreTooLarge {
            // A block of some kilobytes can stand for many megabytes, each of which nghttp2 would look at.
            stream.surplusHeaders += name.count + value.count + 32
            return stream.surplusHeaders <= 8 * configuration.maxHeaderListSize
        }
        let isTrailer = stream.isReceivingTrailers
        let size = isTrailer ? stream.trailers.listSize : stream.headers.listSize
        let count = isTrailer ? stream.trailers.fieldCount : stream.headers.fieldCount
        guard
            size + name.count + value.count + 32 <= configuration.maxHeaderListSize,
            count < configuration.maxHeaderCount
        else {
            stream.headersAreTooLarge = true
            if !budgets.badHeaders.take(now: nanoseconds) { overdraw(.badHeaders) }
            return true
        }
        if isTrailer {
            unsafe stream.trailers.append(name: name, value: value)
        } else if unsafe stream.takeField(name, value) {
            unsafe stream.headers.count(name: name, value: value)
        } else {
            unsafe stream.headers.append(name: name, value: value)
        }
        return true
    }

    func frameReceived(_ frame: UnsafePointer<nghttp2_frame>, session: OpaquePointer?) {
        let header = unsafe frame.pointee.hd
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue, NGHTTP2_DATA.rawValue:
            lifetime.isInHeaderBlock = false
            let ends = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
            if header.type == UInt8(NGHTTP2_DATA.rawValue), !ends, header.length > 0,
                unsafe frame.pointee.data.padlen == header.length
            {
                emptyDataReceived()
            }
            unsafe HTTP2Callbacks.stream(session, header.stream_id) {
                messagePartReceived($0, isHeaders: header.type == UInt8(NGHTTP2_HEADERS.rawValue), ends: ends)
            }
        case NGHTTP2_PING.rawValue:
            if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 { pingAcknowledged() }
        case NGHTTP2_SETTINGS.rawValue:
            if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 {
                recordedSettings = true
                handshakeCompleted()
            }
        case NGHTTP2_GOAWAY.rawValue:
            let code = unsafe HTTP2ErrorCode(rawValue: frame.pointee.goaway.error_code)
            lifetime.peerGoAway = code
            if failure == nil, code != .noError {
                failure = HTTP2Error(kind: .connectionLost, code: code, message: "the peer ended the connection")
            }
            recordedGoAway = true
        default: break
        }
    }

    private func messagePartReceived(_ stream: HTTP2Stream, isHeaders: Bool, ends: Bool) {
        if ends { stream.inboundEnded = true }
        if isHeaders {
            if !stream.headersAreComplete {
                if !isServer, stream.headers.isInformational { return stream.headers.clear() }
                stream.headersAreComplete = true
            }
            record(stream, ends ? [.headers, .end] : .headers)
        } else if ends {
            record(stream, .end)
        }
    }

    func invalidFrame(type: UInt8) {
        guard type == UInt8(NGHTTP2_HEADERS.rawValue) else { return }
        // Whether more of the block is to come is not known.
        lifetime.isHeaderBlockIgnored = true
        if isServer, openCount >= configuration.maxConcurrentStreams {
            // nghttp2 refuses these by itself: with RST_STREAM before the limit is acknowledged, with GOAWAY after.
            delegate?.abused(.streams, on: self)
        } else if !budgets.badHeaders.take(now: nanoseconds) {
            overdraw(.badHeaders)
        }
    }

    func frameSent(_ frame: UnsafePointer<nghttp2_frame>, session: OpaquePointer?) {
        let header = unsafe frame.pointee.hd
        switch UInt32(header.type) {
        case NGHTTP2_DATA.rawValue, NGHTTP2_HEADERS.rawValue:
            if header.type == UInt8(NGHTTP2_DATA.rawValue) { budgets.windowUpdates.giveBack() }
            let ends = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
            guard !isServer || ends else { return }
            unsafe HTTP2Callbacks.stream(session, header.stream_id) { stream in
                stream.wasSent = true
                if isServer, ends, !stream.inboundEnded { finishedBeforePeer(header.stream_id) }
            }
        case NGHTTP2_RST_STREAM.rawValue:
            guard isServer else { return }
            let code = unsafe HTTP2ErrorCode(rawValue: frame.pointee.rst_stream.error_code)
            // CANCEL and NO_ERROR are our own handlers' doing; the rest the peer has provoked.
            if code != .cancel, code != .noError, code != .internalError {
                if !budgets.resetsProvoked.take(now: nanoseconds) { overdraw(.resetsProvoked) }
            }
        default: break
        }
    }

    func frameNotSent(_ frame: UnsafePointer<nghttp2_frame>, session: OpaquePointer?, code: Int32) {
        let header = unsafe frame.pointee.hd
        guard UInt32(header.type) == NGHTTP2_HEADERS.rawValue else { return }
        unsafe HTTP2Callbacks.stream(session, header.stream_id) { $0.wasNotSent = true }
        // A reply whose head or trailers are too large for nghttp2: the client must not wait for them.
        if isServer {
            unsafe nghttp2_submit_rst_stream(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), header.stream_id, HTTP2ErrorCode.internalError.rawValue)
        }
    }
}

// What ends and what has left.
extension HTTP2Connection {
    func record(_ stream: HTTP2Stream, _ event: HTTP2Stream.Events) {
        stream.events.insert(event)
        if !stream.isPending {
            stream.isPending = true
            pending.append(stream)
        }
    }

    func streamClosed(_ stream: HTTP2Stream, code: UInt32) {
        let code = HTTP2ErrorCode(rawValue: code)
        let error: HTTP2Error?
        if code == .noError && (stream.inboundEnded || isServer) && stream.localReset == nil {
            error = nil
        } else if let local = stream.localReset {
            error = HTTP2Error(kind: .resetLocally, code: local, message: "the stream was reset here")
        } else if code == .refusedStream || stream.wasNotSent {
            error = HTTP2Error(kind: .unprocessed, code: code, message: "the peer did not process the request")
        } else {
            error = HTTP2Error(kind: .resetByPeer, code: code, message: "the peer reset the stream")
        }
        // nghttp2 forgets the stream: its user data must not be reached again.
        if let error {
            stream.closeError = error
            stream.hasCloseError = true
        }
        // A block may go on after its stream's end, which we may have decided on.
        if unsafe headerStream?.toOpaque() == Unmanaged.passUnretained(stream).toOpaque() { unsafe headerStream = nil }
        closedStreams.append(stream)
    }

    func finishedBeforePeer(_ id: Int32) { finishedEarly.append(id) }

    func outputTaken(_ stream: HTTP2Stream, _ count: Int) {
        stream.takenSinceProgress += count
        if stream.isWriterWaiting, stream.outbound.count <= configuration.maxBufferedOutput / 2 {
            stream.isWriterWaiting = false
            drainedStreams.append(stream)
        }
    }
}

extension HeaderBlock {
    /// Whether the block is a 1xx reply, which another one follows.
    var isInformational: Bool {
        var result = false
        unsafe forEach { name, value in
            if unsafe name.equals(":status"), value.count == 3, unsafe value[0] == UInt8(ascii: "1") { result = true }
        }
        return result
    }
}
