import NIOCore

/// One stream's place on a connection; given back once, when the stream has ended.
///
/// A value, so that the unary path allocates nothing for it.
struct ConnectionLease: Sendable {
    let connection: ManagedConnection

    func end() { connection.streamEnded() }
}

/// One of a channel's connections: its stream count and life are guarded by the channel's lock, its HTTP/2 connection by
/// its loop.
//
// Unchecked: `http2` is set once before the connection is announced; the rest is the pool's, under its lock.
final class ManagedConnection: HTTP2ConnectionDelegate, @unchecked Sendable {
    let context: LoopContext
    let endpoint: Endpoint
    /// Strong, as a connection may outlive its channel: the pool lets go of it when it has ended.
    let pool: ConnectionPool
    private(set) var http2: HTTP2Connection?
    private var channel: (any Channel)?
    let isEncrypted: Bool

    // MARK: Under the pool's lock

    var streams = 0
    var maxStreams = 100
    var isReady = false
    var isDraining = false

    init(context: LoopContext, endpoint: Endpoint, pool: ConnectionPool, isEncrypted: Bool) {
        self.context = context
        self.endpoint = endpoint
        self.pool = pool
        self.isEncrypted = isEncrypted
    }

    /// On the loop, before the connection is up.
    func attach(_ http2: HTTP2Connection, _ channel: (any Channel)? = nil) {
        self.http2 = http2
        self.channel = channel
    }

    /// Gives up a connection that is not ready, on the loop.
    func abandon() {
        http2?.abort()
        channel?.close(promise: nil)
    }

    /// Lets go of what never came up, on the loop: the two would keep each other, and the pool.
    func detach() {
        http2 = nil
        channel = nil
    }

    func streamEnded() { pool.streamEnded(on: self) }

    // MARK: HTTP2ConnectionDelegate, on the loop

    /// Servers open no streams: push is switched off.
    func makeStream(on connection: HTTP2Connection) -> HTTP2Stream? { nil }

    func settingsReceived(on connection: HTTP2Connection) {
        pool.becameReady(self, maxStreams: connection.peerMaxConcurrentStreams)
    }

    func goAwayReceived(on connection: HTTP2Connection) {
        pool.isGoingAway(self)
        // Calls that run may finish; then the connection ends by itself.
        connection.beginDrain(grace: connection.configuration.maxAgeGrace)
    }

    func abused(_ kind: AbuseKind, on connection: HTTP2Connection) {}
    func streamEnded(on connection: HTTP2Connection) {}

    /// A place may have been taken whose stream is on its way to the loop.
    func mayEndIdle(_ connection: HTTP2Connection) -> Bool { pool.retireIfUnused(self) }

    func connectionClosed(_ connection: HTTP2Connection, _ error: HTTP2Error?) {
        pool.closed(self, error.map { RPCError(code: .unavailable, message: $0.message, cause: $0) })
    }
}

/// One address of a channel: what is known of reaching it. Guarded by the pool's lock.
//
// Unchecked: see above.
final class Endpoint: @unchecked Sendable {
    enum Kind: Sendable {
        case tcp(ServerAddress)
        case unix(String)
        case inProcess(Server, uriNames: [String])
    }

    let kind: Kind
    var connections: [ManagedConnection] = []
    var isConnecting = false
    /// Failed attempts since the last connection that came up.
    var failures = 0
    /// No attempt before then.
    var retryAt = NIODeadline.uptimeNanoseconds(0)
    var isRemoved = false

    init(_ kind: Kind) { self.kind = kind }

    var isReady: Bool { connections.contains { $0.isReady && !$0.isDraining } }

    var name: String {
        switch kind {
        case .tcp(let address): "\(address)"
        case .unix(let path): "unix:\(path)"
        case .inProcess: "in-process"
        }
    }
}
