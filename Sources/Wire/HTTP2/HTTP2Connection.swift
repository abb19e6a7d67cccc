import CNghttp2
import NIOCore

/// Where a connection's bytes go: a socket's channel, or a peer in the same process.
protocol ByteTransport: AnyObject {
    /// Whether more output may be handed over; if not, `HTTP2Connection.transportBecameWritable` follows.
    var isWritable: Bool { get }
    /// Sends bytes in order.
    func write(_ bytes: ByteBuffer)
    /// Ends the transport after what was written; `HTTP2Connection.transportClosed` follows.
    func close()
}

/// Who is at the other end of a connection, and what it decides.
protocol HTTP2ConnectionDelegate: AnyObject {
    /// A stream object for a request that begins; nil refuses it.
    func makeStream(on connection: HTTP2Connection) -> HTTP2Stream?
    /// The peer's SETTINGS have arrived (the first ones, or later ones).
    func settingsReceived(on connection: HTTP2Connection)
    /// The connection takes no new streams any more.
    func goAwayReceived(on connection: HTTP2Connection)
    /// A budget was overdrawn, or a limit refused something.
    func abused(_ kind: AbuseKind, on connection: HTTP2Connection)
    /// A stream has ended: there is room for another.
    func streamEnded(on connection: HTTP2Connection)
    /// Whether the connection may end because it has no stream. Nothing opens one after that.
    func mayEndIdle(_ connection: HTTP2Connection) -> Bool
    /// The connection has ended; all its streams have been told.
    func connectionClosed(_ connection: HTTP2Connection, _ error: HTTP2Error?)
}

extension HTTP2ConnectionDelegate {
    func mayEndIdle(_ connection: HTTP2Connection) -> Bool { true }
}

/// One HTTP/2 connection: the sole owner of an nghttp2 session, confined to one event loop.
///
/// Bytes come in by `receive`, go out by `flush`. nghttp2's callbacks record; `finishTurn` carries out what they recorded.
//
// Unchecked: confined to the loop.
@safe
final class HTTP2Connection: @unchecked Sendable {
    let isServer: Bool
    let context: LoopContext
    let configuration: HTTP2Configuration
    /// Shared with the calls, which take it by reference.
    private(set) var sharedPeer: SharedPeerInfo
    var peer: PeerInfo {
        get { sharedPeer.info }
        set { sharedPeer = SharedPeerInfo(newValue) }
    }
    @safe @exclusivity(unchecked) weak var transport: (any ByteTransport)?
    @safe @exclusivity(unchecked) var delegate: (any HTTP2ConnectionDelegate)?

    @exclusivity(unchecked) var session: OpaquePointer?
    @safe @exclusivity(unchecked) var isInsideNghttp2 = false
    @safe @exclusivity(unchecked) private var hasStarted = false
    /// Set by the loop's context: the connection is in its list of those to flush.
    @safe @exclusivity(unchecked) var isDirty = false

    // Open streams: a list, since deleting a session runs no close callbacks, and each call must be told.
    @exclusivity(unchecked) unowned(unsafe) var firstOpen: HTTP2Stream?
    @safe @exclusivity(unchecked) var openCount = 0
    /// Calls whose stream has ended while their handler still runs.
    @safe @exclusivity(unchecked) var orphanedCalls = 0

    /// Frames (DATA aside) that may wait for a peer that does not read.
    private static let maxQueuedFrames = 4096

    // What callbacks have recorded.
    /// The stream whose header block arrives; nil if it was refused.
    @exclusivity(unchecked) var headerStream: Unmanaged<HTTP2Stream>?
    @safe @exclusivity(unchecked) var pending: [HTTP2Stream] = []
    @safe @exclusivity(unchecked) var closedStreams: [HTTP2Stream] = []
    @safe @exclusivity(unchecked) var drainedStreams: [HTTP2Stream] = []
    @safe @exclusivity(unchecked) var finishedEarly: [Int32] = []
    @safe @exclusivity(unchecked) var connectionCredit = 0
    @safe @exclusivity(unchecked) var recordedGoAway = false
    @safe @exclusivity(unchecked) var recordedSettings = false

    /// The reason that the connection ends with, once one is known.
    @safe @exclusivity(unchecked) var failure: HTTP2Error?
    @safe @exclusivity(unchecked) var lifetime: HTTP2ConnectionLifetime
    @safe @exclusivity(unchecked) var budgets: HTTP2ConnectionBudgets
    @safe @exclusivity(unchecked) var gathering: HTTP2MessageGathering

    init(
        isServer: Bool,
        context: LoopContext,
        configuration: HTTP2Configuration,
        peer: PeerInfo,
        transport: any ByteTransport,
        delegate: any HTTP2ConnectionDelegate
    ) {
        self.isServer = isServer
        self.context = context
        self.configuration = configuration
        self.sharedPeer = SharedPeerInfo(peer)
        self.transport = transport
        self.delegate = delegate
        self.lifetime = HTTP2ConnectionLifetime()
        self.budgets = HTTP2ConnectionBudgets(configuration.budgets)
        self.gathering = HTTP2MessageGathering(limit: configuration.maxGatheredBytes)
        unsafe firstOpen = nil
        unsafe headerStream = nil
        unsafe session = nil
    }

    deinit { unsafe nghttp2_session_del(session) }

    /// Streams that the peer lets this side have open at once.
    var peerMaxConcurrentStreams: Int {
        guard let session = unsafe session else { return 0 }
        let value = unsafe nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)
        // Peers that announce no limit get one, so that their calls spread over connections.
        return Int(min(value, 1000))
    }

    /// Size of the largest header list that may be sent: the peer's limit, and what nghttp2 packs at most.
    var maxSentHeaderListSize: Int {
        guard let session = unsafe session else { return 0 }
        let limit = unsafe nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE)
        return min(Int(limit), 60 * 1024)
    }

    var isOpen: Bool { unsafe session != nil }

    // MARK: Start and end

    /// Makes the session and sends SETTINGS.
    func start() {
        hasStarted = true
        var options: OpaquePointer?
        guard unsafe nghttp2_option_new(&options) == 0 else { fatalError("out of memory") }
        defer { unsafe nghttp2_option_del(options) }
        // Windows follow the handlers, not the socket.
        unsafe nghttp2_option_set_no_auto_window_update(options, 1)
        // Closed streams are of no use to us, and would be kept only for RFC 7540's priorities.
        unsafe nghttp2_option_set_no_closed_streams(options, 1)
        // One read may bring as many PINGs and SETTINGS as their budgets allow, whose replies wait for its end.
        unsafe nghttp2_option_set_max_outbound_ack(options, max(1000, acknowledgedFrames) + 1)
        unsafe nghttp2_option_set_max_settings(options, 32)
        // nghttp2's own limit on resets stays as a second line behind ours.
        unsafe nghttp2_option_set_stream_reset_rate_limit(options, 10_000, 2_000)
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        let made = unsafe context.sessionMemory.withHooks { memory in
            isServer
                ? unsafe nghttp2_session_server_new3(&session, HTTP2Callbacks.table, me, options, memory)
                : unsafe nghttp2_session_client_new3(&session, HTTP2Callbacks.table, me, options, memory)
        }
        guard made == 0 else { fatalError("out of memory") }
        var settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
                value: UInt32(clamping: configuration.streamWindow)
            ),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
                value: UInt32(clamping: configuration.maxHeaderListSize)
            ),
        ]
        if isServer {
            settings.append(
                nghttp2_settings_entry(
                    settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
                    value: UInt32(clamping: configuration.maxConcurrentStreams)
                )
            )
        } else {
            settings.append(
                nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0)
            )
        }
        unsafe nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), settings, settings.count)
        unsafe nghttp2_session_set_local_window_size(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, Int32(clamping: configuration.connectionWindow))
        armHandshakeTimer()
        context.markDirty(self)
    }

    /// Ends the connection at once: every open call is told, and the session is gone when this returns.
    ///
    /// Must not be called inside nghttp2; `fail` may.
    func tearDown() {
        guard !isInsideNghttp2 else { return }
        guard unsafe session != nil else {
            // A socket that closed before it was ready: the server counts it, and must not wait for it.
            if isServer, !hasStarted {
                let delegate = self.delegate
                self.delegate = nil
                delegate?.connectionClosed(self, failure)
            }
            return
        }
        finishTurn()
        disarmTimers()
        unsafe nghttp2_session_del(session)
        unsafe session = nil
        let lost = failure ?? HTTP2Error(kind: .connectionLost, code: .noError, message: "the connection was closed")
        pending.removeAll()
        while let stream = unsafe firstOpen {
            let error =
                stream.id == 0 || !stream.wasSent && !isServer
                ? HTTP2Error(kind: .unprocessed, code: lost.code, message: lost.message, cause: lost.cause)
                : HTTP2Error(kind: .connectionLost, code: lost.code, message: lost.message, cause: lost.cause)
            end(stream, error)
        }
        let delegate = self.delegate
        self.delegate = nil
        delegate?.connectionClosed(self, failure)
        transport?.close()
    }

    /// The transport is gone.
    func transportClosed(_ reason: String? = nil, cause: (any Error)? = nil) {
        if failure == nil, let reason {
            failure = HTTP2Error(kind: .connectionLost, code: .noError, message: reason, cause: cause)
        }
        context.turn { tearDown() }
    }

    func transportBecameWritable() { context.markDirty(self) }

    /// Ends the connection with GOAWAY(`code`) in this turn.
    func fail(_ code: HTTP2ErrorCode, _ message: String) {
        guard unsafe session != nil else { return }
        if failure == nil { failure = HTTP2Error(kind: .connectionLost, code: code, message: message) }
        unsafe nghttp2_session_terminate_session(session, code.rawValue)
        context.markDirty(self)
    }

    // MARK: Input

    /// Takes bytes from the peer. Handlers whose requests they complete run before this returns.
    func receive(_ bytes: ByteBuffer) {
        guard unsafe session != nil else { return }
        isInsideNghttp2 = true
        let taken = unsafe bytes.withUnsafeReadableBytes {
            unsafe nghttp2_session_mem_recv(session, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
        }
        isInsideNghttp2 = false
        lifetime.hasReceived = true
        if taken < 0 {
            receiveFailed(Int32(taken))
        } else {
            finishTurn()
            watchHeaderBlock()
            // A peer that does not read can make us owe it frames without end.
            if unsafe session != nil, unsafe nghttp2_session_get_outbound_queue_size(session) > Self.maxQueuedFrames,
                transport?.isWritable != true
            {
                flooded("the peer does not read what it makes us send")
            }
        }
        if unsafe session != nil { context.markDirty(self) }
    }

    private func receiveFailed(_ code: Int32) {
        let text = unsafe String(cString: nghttp2_strerror(code))
        if code == NGHTTP2_ERR_FLOODED.rawValue || code == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue {
            return flooded(text)
        }
        if failure == nil { failure = HTTP2Error(kind: .connectionLost, code: .protocolError, message: text) }
        tearDown()
    }

    /// Ends the connection at once, past nghttp2: its queue is what is full.
    private func flooded(_ message: String) {
        if budgets.overdrawn == nil { delegate?.abused(.flooded, on: self) }
        if failure == nil { failure = HTTP2Error(kind: .connectionLost, code: .enhanceYourCalm, message: message) }
        var goAway = ByteBuffer()
        goAway.writeBytes([0, 0, 8, UInt8(NGHTTP2_GOAWAY.rawValue), 0, 0, 0, 0, 0])
        goAway.writeInteger(unsafe nghttp2_session_get_last_proc_stream_id(session))
        goAway.writeInteger(HTTP2ErrorCode.enhanceYourCalm.rawValue)
        transport?.write(goAway)
        tearDown()
    }

    /// Frames that a peer within its budgets may send at once and have acknowledged.
    private var acknowledgedFrames: Int {
        let sum = configuration.budgets.pings.burst.addingReportingOverflow(configuration.budgets.settings.burst)
        return sum.overflow ? 100_000 : min(sum.partialValue, 100_000)
    }

    /// Carries out what callbacks recorded. Handlers may run, and the session may be gone when this returns.
    func finishTurn() {
        if recordedSettings {
            recordedSettings = false
            delegate?.settingsReceived(on: self)
        }
        if recordedGoAway {
            recordedGoAway = false
            delegate?.goAwayReceived(on: self)
        }
        // What arrived before a stream's end must be seen before the end is.
        var index = 0
        while index < pending.count {
            let stream = pending[index]
            index += 1
            stream.isPending = false
            let events = stream.events
            stream.events = []
            stream.process(events)
        }
        if !pending.isEmpty { pending.removeAll(keepingCapacity: true) }
        while !closedStreams.isEmpty {
            var closed = closedStreams
            closedStreams.removeAll(keepingCapacity: true)
            for stream in closed { end(stream, stream.hasCloseError ? stream.closeError : nil) }
            recycle(&closed)
        }
    }
}
