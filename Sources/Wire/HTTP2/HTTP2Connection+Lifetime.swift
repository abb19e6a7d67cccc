import CNghttp2
import NIOCore

/// The clocks of one connection.
struct HTTP2ConnectionLifetime {
    /// The loop's time at the start of the current read; budgets and stalls need no finer one.
    var now = NIODeadline.now()
    var hasReceived = false
    var isEstablished = false
    var hadRequest = false
    /// GOAWAY was sent or announced, or a drain has begun.
    var isDraining = false
    /// The final GOAWAY was sent: later requests are refused.
    var refusesRequests = false
    var peerGoAway: HTTP2ErrorCode?
    var pingOutstanding = false
    /// A header block has begun and not ended; nothing else can come on the connection meanwhile.
    var isInHeaderBlock = false
    var isHeaderBlockTimed = false
    /// nghttp2 has found the block at fault and does not say when it ends.
    var isHeaderBlockIgnored = false
    /// When the transport last took bytes.
    var lastWrite = NIODeadline.now()
    /// From -1 to 1, drawn once a connection: a connection goes idle after most reads, and the system's randomness
    /// costs a system call.
    let jitter = Double.random(in: -1...1)
    /// Handshake, then first request, then idle: only one of them is waited for at a time.
    let phase = CallbackTimer()
    let keepalive = CallbackTimer()
    let age = CallbackTimer()
    let stall = CallbackTimer()
    let drain = CallbackTimer()
    let headers = CallbackTimer()
}

extension HTTP2Connection {
    var currentTime: NIODeadline { lifetime.now }

    /// Reads the clock, once a read burst.
    func updateTime() { lifetime.now = .now() }

    private func arm(_ timer: CallbackTimer, in amount: TimeAmount, _ action: @escaping (HTTP2Connection) -> Void) {
        timer.action = { [unowned self] in action(self) }
        context.timers.arm(timer, at: .now() + amount)
    }

    private func jittered(_ amount: TimeAmount) -> TimeAmount {
        let share = lifetime.jitter * configuration.jitter
        return .nanoseconds(Int64(Double(amount.nanoseconds) * (1 + share)))
    }

    // MARK: Start

    func armHandshakeTimer() {
        arm(lifetime.phase, in: configuration.handshakeTimeout) { connection in
            connection.delegate?.abused(.handshakeTimeout, on: connection)
            connection.fail(.settingsTimeout, "no HTTP/2 preface and SETTINGS in time")
            connection.abort()
        }
    }

    func handshakeCompleted() {
        guard !lifetime.isEstablished else { return }
        lifetime.isEstablished = true
        if isServer && !lifetime.hadRequest {
            arm(lifetime.phase, in: configuration.firstRequestTimeout) { connection in
                connection.delegate?.abused(.firstRequestTimeout, on: connection)
                connection.beginDrain(grace: .zero)
            }
        } else if openCount == 0 {
            becameIdle()
        } else {
            context.timers.disarm(lifetime.phase)
        }
        if let age = configuration.maxAge {
            arm(lifetime.age, in: jittered(age)) { $0.beginDrain(grace: $0.configuration.maxAgeGrace) }
        }
        armKeepalive()
    }

    /// The first of the open streams has come.
    func becameBusy() {
        lifetime.hadRequest = true
        if lifetime.isEstablished { context.timers.disarm(lifetime.phase) }
        armStallTimer()
    }

    /// The last of the open streams has gone.
    func becameIdle() {
        context.timers.disarm(lifetime.stall)
        guard isOpen, lifetime.isEstablished, let idle = configuration.maxIdleTime else { return }
        arm(lifetime.phase, in: jittered(idle)) { connection in
            if connection.delegate?.mayEndIdle(connection) == false { return connection.becameIdle() }
            connection.beginDrain(grace: .zero)
        }
    }

    // MARK: Liveness

    private func armKeepalive() {
        guard let interval = configuration.keepaliveInterval else { return }
        arm(lifetime.keepalive, in: interval) { connection in
            // What was received shows that the peer lives.
            let heard = connection.lifetime.hasReceived
            connection.lifetime.hasReceived = false
            if !heard, connection.openCount > 0 || connection.configuration.keepaliveWithoutCalls {
                connection.sendPing()
            } else {
                connection.armKeepalive()
            }
        }
    }

    private func sendPing() {
        guard let session = unsafe session else { return }
        lifetime.pingOutstanding = true
        unsafe nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
        context.markDirty(self)
        arm(lifetime.keepalive, in: configuration.keepaliveTimeout) { connection in
            connection.failure = HTTP2Error(
                kind: .connectionLost, code: .noError, message: "keepalive: the peer did not acknowledge a PING in time"
            )
            connection.abort()
        }
    }

    func pingAcknowledged() {
        guard lifetime.pingOutstanding else { return }
        lifetime.pingOutstanding = false
        armKeepalive()
    }

    /// Looks for streams whose peer takes nothing, or next to nothing, of what waits for it.
    private func armStallTimer() {
        let limit = configuration.stallTimeout
        let minimum = max(configuration.stallMinimum, 1)
        arm(lifetime.stall, in: .nanoseconds(max(limit.nanoseconds / 2, 1))) { connection in
            connection.updateTime()
            let now = connection.currentTime
            var stalled: [HTTP2Stream] = []
            connection.forEachOpenStream { stream in
                // A byte now and then is no progress: whoever takes those could hold a stream's memory for ever.
                if stream.outbound.isEmpty || stream.takenSinceProgress >= minimum {
                    stream.takenSinceProgress = 0
                    stream.lastProgress = now
                } else if now - stream.lastProgress > limit {
                    stalled.append(stream)
                }
            }
            for stream in stalled {
                connection.delegate?.abused(.windowStall, on: connection)
                stream.reset(.enhanceYourCalm)
            }
            // RST_STREAM cannot leave either if the socket itself takes nothing, and replies without a body wait there.
            if connection.transport?.isWritable == false, now - connection.lifetime.lastWrite > limit {
                if stalled.isEmpty { connection.delegate?.abused(.windowStall, on: connection) }
                connection.failure = HTTP2Error(
                    kind: .connectionLost, code: .enhanceYourCalm, message: "the peer reads nothing")
                connection.abort()
            } else if connection.openCount > 0 {
                connection.armStallTimer()
            }
        }
    }

    /// After each read: a header block that came only in part must be whole in time.
    func watchHeaderBlock() {
        guard lifetime.isInHeaderBlock != lifetime.isHeaderBlockTimed else { return }
        guard isOpen, lifetime.isInHeaderBlock else {
            lifetime.isHeaderBlockTimed = false
            return context.timers.disarm(lifetime.headers)
        }
        lifetime.isHeaderBlockTimed = true
        arm(lifetime.headers, in: configuration.headersTimeout) { connection in
            if connection.lifetime.isHeaderBlockIgnored, let session = unsafe connection.session {
                // A peer inside a block cannot answer a PING; one that has sent it all can, and so ends the doubt.
                connection.lifetime.isHeaderBlockIgnored = false
                connection.lifetime.isHeaderBlockTimed = false
                unsafe nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
                connection.context.markDirty(connection)
                return connection.watchHeaderBlock()
            }
            connection.delegate?.abused(.slowRequest, on: connection)
            connection.fail(.enhanceYourCalm, "a header block did not arrive in time")
            connection.abort()
        }
    }

    // MARK: End

    /// Asks the peer to open no more streams, lets open ones finish for `grace`, then ends the rest.
    func beginDrain(grace: TimeAmount) {
        guard let session = unsafe session, !lifetime.isDraining else { return }
        lifetime.isDraining = true
        context.timers.disarm(lifetime.age)
        if isServer {
            // RFC 9113, section 6.8: first announce, then name the last stream once requests on the way have come.
            unsafe nghttp2_submit_shutdown_notice(session)
            context.markDirty(self)
            let announce: TimeAmount = openCount == 0 ? .milliseconds(20) : .milliseconds(100)
            arm(lifetime.drain, in: announce) { $0.finishDrain(grace: grace) }
        } else {
            // Whoever opens streams must know, or calls would go on to a connection that refuses them.
            delegate?.goAwayReceived(on: self)
            finishDrain(grace: grace)
        }
    }

    private func finishDrain(grace: TimeAmount) {
        guard let session = unsafe session else { return }
        lifetime.refusesRequests = true
        let last = isServer ? unsafe nghttp2_session_get_last_proc_stream_id(session) : 0
        unsafe nghttp2_submit_goaway(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, 0, nil, 0)
        context.markDirty(self)
        // Without calls only a peer that does not read is left to wait for.
        arm(lifetime.drain, in: openCount > 0 ? grace : max(grace, .seconds(1))) { connection in
            connection.failure = HTTP2Error(
                kind: .connectionLost, code: .noError, message: "the connection's grace has ended")
            connection.abort()
        }
    }

    /// Ends the connection now: flushes what can be flushed and closes.
    func abort() {
        flush()
        transportClosed()
    }

    func disarmTimers() {
        for timer in [
            lifetime.phase, lifetime.keepalive, lifetime.age, lifetime.stall, lifetime.drain, lifetime.headers,
        ] {
            context.timers.disarm(timer)
            timer.action = nil
        }
    }
}
