// swift-format-ignore-file: NeverForceUnwrap
// nghttp2 passes no null pointer in any of these places.

import CNghttp2
import NIOCore

/// nghttp2's callbacks, made once for the process.
///
/// They only record: inside them nghttp2 forbids `mem_recv`, `mem_send` and `session_del`, so whatever could lead there
/// (handlers, closing) waits until nghttp2 has returned.
//
// The pointers given by nghttp2 are valid within a callback. The user data is the connection, which outlives its
// session; a stream's user data is the stream, which the connection retains until the stream is closed.
enum HTTP2Callbacks {
    // Made once, never changed and never freed.
    nonisolated(unsafe) static let table: OpaquePointer = {
        var callbacks: OpaquePointer?
        guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks = unsafe callbacks else {
            fatalError("out of memory")
        }
        unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, onBeginFrame)
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onBeginHeaders)
        unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader)
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onDataChunk)
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame)
        unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, onInvalidFrame)
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onStreamClose)
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, onFrameSent)
        unsafe nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, onFrameNotSent)
        unsafe nghttp2_session_callbacks_set_send_data_callback(callbacks, onSendData)
        return unsafe callbacks
    }()

    // Objects are visited without retaining them: a connection outlives its session, and nothing that a callback does
    // lets go of a stream.

    @inline(__always)
    private static func connection<Result>(
        _ userData: UnsafeMutableRawPointer?,
        _ body: (HTTP2Connection) -> Result
    ) -> Result {
        unsafe Unmanaged<HTTP2Connection>.fromOpaque(userData!)._withUnsafeGuaranteedRef { body($0) }
    }

    @inline(__always)
    private static func stream<Result>(
        _ pointer: UnsafeMutableRawPointer,
        _ body: (HTTP2Stream) -> Result
    ) -> Result {
        unsafe Unmanaged<HTTP2Stream>.fromOpaque(pointer)._withUnsafeGuaranteedRef { body($0) }
    }

    /// Visits the object of stream `id`, if it has one.
    @inline(__always)
    static func stream(_ session: OpaquePointer?, _ id: Int32, _ body: (HTTP2Stream) -> Void) {
        guard let pointer = unsafe nghttp2_session_get_stream_user_data(session, id) else { return }
        unsafe stream(pointer, body)
    }

    private static let onBeginFrame: nghttp2_on_begin_frame_callback = { _, header, userData in
        let header = unsafe header!.pointee
        unsafe connection(userData) { $0.frameBegan(type: header.type, flags: header.flags, length: header.length) }
        return 0
    }

    private static let onBeginHeaders: nghttp2_on_begin_headers_callback = { session, frame, userData in
        let id = unsafe frame!.pointee.hd.stream_id
        unsafe connection(userData) { connection in
            connection.lifetime.isInHeaderBlock = true
            if let pointer = unsafe nghttp2_session_get_stream_user_data(session, id) {
                unsafe connection.headerStream = .fromOpaque(pointer)
                // Another block on an open stream: trailers, or what follows a 1xx reply.
                unsafe stream(pointer) { $0.isReceivingTrailers = $0.headersAreComplete }
            } else {
                unsafe connection.headerStream = nil
                connection.requestBegan(id)
            }
        }
        return 0
    }

    private static let onHeader: nghttp2_on_header_callback = {
        session, frame, name, nameCount, value, valueCount, _, userData in
        unsafe connection(userData) { connection in
            // Blocks are not interleaved (RFC 9113, section 4.3), so the stream was looked up at the block's begin.
            guard let pointer = unsafe connection.headerStream?.toOpaque() else { return 0 }
            let goesOn = unsafe stream(pointer) {
                unsafe connection.field(
                    of: $0,
                    name: UnsafeRawBufferPointer(start: name, count: nameCount),
                    value: UnsafeRawBufferPointer(start: value, count: valueCount)
                )
            }
            return goesOn ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
    }

    private static let onDataChunk: nghttp2_on_data_chunk_recv_callback = { session, _, id, data, count, userData in
        unsafe connection(userData) { connection in
            guard let pointer = unsafe nghttp2_session_get_stream_user_data(session, id) else {
                return connection.creditRefused(count)
            }
            unsafe stream(pointer) { stream in
                stream.uncredited += count
                unsafe stream.inbound.append(UnsafeRawBufferPointer(start: data, count: count))
                connection.record(stream, .data)
            }
        }
        return 0
    }

    private static let onFrame: nghttp2_on_frame_recv_callback = { session, frame, userData in
        unsafe connection(userData) { unsafe $0.frameReceived(frame!, session: session) }
        return 0
    }

    private static let onInvalidFrame: nghttp2_on_invalid_frame_recv_callback = { _, frame, _, userData in
        unsafe connection(userData) { unsafe $0.invalidFrame(type: frame!.pointee.hd.type) }
        return 0
    }

    private static let onStreamClose: nghttp2_on_stream_close_callback = { session, id, code, userData in
        unsafe connection(userData) { connection in
            unsafe stream(session, id) { connection.streamClosed($0, code: code) }
        }
        return 0
    }

    private static let onFrameSent: nghttp2_on_frame_send_callback = { session, frame, userData in
        unsafe connection(userData) { unsafe $0.frameSent(frame!, session: session) }
        return 0
    }

    private static let onFrameNotSent: nghttp2_on_frame_not_send_callback = { session, frame, code, userData in
        unsafe connection(userData) { unsafe $0.frameNotSent(frame!, session: session, code: code) }
        return 0
    }

    /// Moves a DATA frame's bytes straight into the loop's output buffer.
    private static let onSendData: nghttp2_send_data_callback = { _, _, header, count, source, userData in
        unsafe connection(userData) { connection in
            unsafe stream(source!.pointee.ptr) { stream in
                guard unsafe connection.context.output.append(frame: header!, stream.outbound.readable, count) else {
                    return NGHTTP2_ERR_WOULDBLOCK.rawValue
                }
                stream.outbound.consume(count)
                connection.outputTaken(stream, count)
                return 0
            }
        }
    }

    /// Says how many bytes the next DATA frame has; `onSendData` moves them.
    static let readSource: nghttp2_data_source_read_callback = { session, id, _, limit, flags, source, userData in
        unsafe stream(source!.pointee.ptr) { stream in
            let available = stream.outbound.count
            let count = min(limit, available)
            if count == available && stream.outboundEnded {
                unsafe flags!.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
                if stream.endsWithTrailers {
                    unsafe flags!.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue)
                    unsafe submitTrailers(of: stream, session)
                }
            } else if count == 0 {
                stream.isDeferred = true
                return Int(NGHTTP2_ERR_DEFERRED.rawValue)
            }
            if count > 0 { unsafe flags!.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_COPY.rawValue) }
            return count
        }
    }

    private static func submitTrailers(of stream: HTTP2Stream, _ session: OpaquePointer?) {
        if let constant = stream.constantTrailers {
            unsafe nghttp2_submit_trailer(session, stream.id, constant.fields, constant.count)
        } else {
            let builder = stream.context.headerBuilder
            builder.reset()
            stream.buildTrailers(builder)
            _ = unsafe builder.submit { unsafe nghttp2_submit_trailer(session, stream.id, $0, $1) }
        }
    }
}
