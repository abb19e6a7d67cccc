public import NIOCore

extension TLSHandler {
    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let buffer = unwrapOutboundIn(data)
        guard lifecycle.acceptsWrites, pendingClose == nil else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        queue.append(buffer, promise: promise)
        if lifecycle.phase != .open && queue.byteCount > Self.handshakeBufferLimit {
            fail(context, TLSError(.bufferLimit, "too much was written before the handshake's end"))
        }
    }

    public func flush(context: ChannelHandlerContext) {
        queue.flush()
        if !inReadBurst { pump(context) }
    }

    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        let decision: TLSLifecycle.Close
        switch mode {
        case .input: return context.close(mode: .input, promise: promise)
        case .output: decision = lifecycle.closeOutput()
        case .all: decision = lifecycle.close()
        }
        switch decision {
        case .notifyThenTransport, .afterHandshake:
            // A wish to close everything overtakes one to close the output, which completes with it.
            if let earlier = pendingClose?.promise { earlier.succeed() }
            pendingClose = PendingClose(mode: mode, promise: promise)
            pump(context)
        case .transport:
            failWrites(ChannelError.ioOnClosedChannel)
            context.close(mode: .all, promise: promise)
        case .alreadyClosed: promise?.fail(ChannelError.outputClosed)
        }
    }

    /// Sends all that may be sent: encrypts flushed writes, says close_notify if a close waits, flushes once.
    ///
    /// Writing may make neighbours call again; that only asks for another round, so that records leave in order.
    func pump(_ context: ChannelHandlerContext) {
        guard !pumping else {
            pumpAgain = true
            return
        }
        pumping = true
        defer { pumping = false }
        repeat {
            pumpAgain = false
            pumpOnce(context)
        } while pumpAgain
    }

    private func pumpOnce(_ context: ChannelHandlerContext) {
        guard let session else { return }
        var wrote = false
        if lifecycle.canEncrypt || lifecycle.phase == .closing {
            do throws(TLSError) {
                while queue.hasFlushed {
                    let promise = try queue.encryptChunk(with: session)
                    let chunk = session.takeOutput() ?? ByteBuffer()
                    context.write(wrapOutboundOut(chunk), promise: promise)
                    wrote = true
                    if queue.hasFlushed {
                        // What the socket took at once leaves its memory for the next chunk: fresh pages cost more than
                        // the encryption does.
                        context.flush()
                        session.reuse(chunk)
                    }
                }
            } catch {
                return fail(context, error)
            }
        }
        let close = takeClose(session)
        if let output = session.takeOutput() {
            let written = close.map { _ in context.eventLoop.makePromise(of: Void.self) }
            context.write(wrapOutboundOut(output), promise: written)
            context.flush()
            if let close { finish(close, after: written?.futureResult, context) }
        } else {
            if wrote { context.flush() }
            if let close { finish(close, after: nil, context) }
        }
    }

    /// The waiting close whose turn it is, with its close_notify in the session's output.
    private func takeClose(_ session: TLSSession) -> PendingClose? {
        guard let close = pendingClose, lifecycle.canEncrypt || lifecycle.phase == .closing else { return nil }
        pendingClose = nil
        lifecycle.sentCloseNotify()
        session.sendCloseNotify()
        return close
    }

    /// Closes the transport when close_notify has left it, as closing earlier would drop what the socket has not taken.
    private func finish(_ close: PendingClose, after sent: EventLoopFuture<Void>?, _ context: ChannelHandlerContext) {
        failWrites(ChannelError.ioOnClosedChannel)
        guard let sent else { return context.close(mode: close.mode, promise: close.promise) }
        let loop = context.eventLoop.assumeIsolated()
        var done = false
        sent.assumeIsolated().whenComplete { _ in
            done = true
            context.close(mode: close.mode, promise: close.promise)
        }
        guard !done else { return }
        let timeout = loop.scheduleTask(in: Self.closeTimeout) { context.close(mode: .all, promise: nil) }
        sent.assumeIsolated().whenComplete { _ in timeout.cancel() }
    }

    /// Ends the connection for a reason of TLS: sends the alert that OpenSSL prepared, tells, closes.
    func fail(_ context: ChannelHandlerContext, _ error: TLSError) {
        guard lifecycle.fail() else { return }
        pump(context)
        report(context, error, writes: error)
    }

    /// Fails what waits, fires the error if there is one to fire, and closes the transport.
    func report(_ context: ChannelHandlerContext, _ error: TLSError?, writes failure: TLSError) {
        let close = pendingClose
        pendingClose = nil
        failWrites(failure)
        if let error { context.fireErrorCaught(error) }
        context.close(mode: .all, promise: close?.promise)
    }

    func failWrites(_ error: any Error) {
        for promise in queue.removeAll() { promise.fail(error) }
    }
}
