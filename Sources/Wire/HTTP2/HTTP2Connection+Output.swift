import CNghttp2
import NIOCore

// How nghttp2's output leaves. On the loop, outside nghttp2.
extension HTTP2Connection {
    /// Hands nghttp2's output to the transport while that takes it.
    func flush() {
        guard unsafe session != nil, !isInsideNghttp2, let transport else { return }
        if connectionCredit > 0 {
            unsafe nghttp2_session_consume_connection(session, connectionCredit)
            connectionCredit = 0
        }
        var goesOn = true
        while goesOn, unsafe session != nil {
            while transport.isWritable {
                guard drainSession() else { return }
                if context.output.bytes.readableBytes == 0 { break }
                transport.write(context.output.forTransport)
                lifetime.lastWrite = lifetime.now
                // A write that fails closes the transport at once, and that has ended the session.
                guard unsafe session != nil else { return }
            }
            goesOn = !finishedEarly.isEmpty
            for id in finishedEarly {
                // RFC 9113, section 8.1: the reply is complete, so the rest of the request is not wanted.
                unsafe nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, 0)
            }
            finishedEarly.removeAll(keepingCapacity: true)
            finishTurn()
            wakeWriters()
        }
        if unsafe session != nil, unsafe nghttp2_session_want_read(session) == 0,
            unsafe nghttp2_session_want_write(session) == 0
        {
            tearDown()
        }
    }

    /// Moves up to about 64 KiB from nghttp2 to the loop's buffer; false if the connection has ended.
    func drainSession() -> Bool {
        isInsideNghttp2 = true
        let result = unsafe context.output.gather { unsafe nghttp2_session_mem_send(session, &$0) }
        isInsideNghttp2 = false
        guard result < 0 else { return true }
        if failure == nil {
            let text = unsafe String(cString: nghttp2_strerror(Int32(result)))
            failure = HTTP2Error(kind: .connectionLost, code: .internalError, message: text)
        }
        tearDown()
        return false
    }

    func wakeWriters() {
        guard !drainedStreams.isEmpty else { return }
        let streams = drainedStreams
        drainedStreams.removeAll(keepingCapacity: true)
        for stream in streams where !stream.isClosed { stream.outputDrained() }
    }
}
