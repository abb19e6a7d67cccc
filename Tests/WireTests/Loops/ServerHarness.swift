import InteropProtos
import NIOCore
import NIOEmbedded
import SwiftProtobuf
import Synchronization

@testable import Wire

/// A server's HTTP/2 connection on a loop that runs only when the test says so, with no socket: what has been answered
/// when `receive` returns was answered inline.
//
// Used by tests that never suspend, as EmbeddedEventLoop knows one thread.
final class ServerHarness {
    let loop = EmbeddedEventLoop()
    let context: LoopContext
    let serverLoop: ServerLoop
    let transport = RecordingTransport()
    private(set) var connection: HTTP2Connection

    init(_ build: (inout Router) -> Void = addEchoes) {
        context = LoopContext(loop: loop)
        var router = Router()
        build(&router)
        var configuration = ServerConfiguration()
        configuration.metricsPrefix = nil
        let core = ServerCore(router: router, interceptors: [], configuration: configuration)
        serverLoop = ServerLoop(core: core, context: context)
        connection = Self.connection(serverLoop, transport)
        open()
    }

    deinit {
        end()
        context.timers.stop()
    }

    private static func connection(_ serverLoop: ServerLoop, _ transport: RecordingTransport) -> HTTP2Connection {
        HTTP2Connection(
            isServer: true, context: serverLoop.context, configuration: serverLoop.core.configuration.http2,
            peer: PeerInfo(transport: .inProcess), transport: transport, delegate: serverLoop)
    }

    private func open() {
        serverLoop.add(connection)
        connection.start()
        receive(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + FramePeer.settings)
        _ = frames()
    }

    /// A further connection to the same server, in place of one that has ended.
    func reconnect() {
        transport.isClosed = false
        connection = Self.connection(serverLoop, transport)
        open()
    }

    /// Ends the connection and the server, as a drain does.
    func end() {
        connection.transportClosed()
        let serverLoop = self.serverLoop
        _ = Task.immediate { await serverLoop.whenEmpty() }
    }

    var callsInFlight: Int { serverLoop.core.callsInFlight.load(ordering: .relaxed) }

    /// What a socket's handler does with one read burst.
    func receive(_ bytes: [UInt8]) {
        context.enterTurn()
        connection.updateTime()
        connection.receive(ByteBuffer(bytes: bytes))
        context.leaveTurn()
    }

    /// A frame that was written; header blocks are left as they are.
    struct Frame {
        var type: UInt8
        var flags: UInt8
        var stream: Int

        var endsStream: Bool { type <= FramePeer.Frame.headers && flags & 1 != 0 }
    }

    /// The frames written since the last look.
    func frames() -> [Frame] {
        var left = transport.written[...]
        transport.written = []
        var frames: [Frame] = []
        while left.count >= 9 {
            let head = Array(left.prefix(9))
            let stream = head[5..<9].reduce(0) { $0 << 8 | Int($1) }
            frames.append(Frame(type: head[3], flags: head[4], stream: stream))
            left = left.dropFirst(9 + head[..<3].reduce(0) { $0 << 8 | Int($1) })
        }
        return frames
    }
}

/// A transport that keeps what is written.
final class RecordingTransport: ByteTransport {
    var written: [UInt8] = []
    var writes = 0
    var isWritable = true
    var isClosed = false
    /// What a write causes before it returns.
    var onWrite: () -> Void = {}

    func write(_ bytes: ByteBuffer) {
        written += bytes.readableBytesView
        writes += 1
        onWrite()
    }

    func close() { isClosed = true }
}

/// The head of a call of one of `Kinds`.
func callHead(_ stream: Int, _ method: String = "Unary", _ more: [(String, String)] = [], ends: Bool = false) -> [UInt8]
{
    let fields = [
        (":method", "POST"), (":scheme", "http"), (":path", "/test.Kinds/\(method)"), (":authority", "test"),
        ("te", "trailers"), ("content-type", "application/grpc"),
    ]
    return FramePeer.headers(stream, fields + more, ends: ends)
}

/// A DATA frame with one message.
func callMessage(_ stream: Int, _ text: String = "hi", ends: Bool = false) throws -> [UInt8] {
    FramePeer.frame(FramePeer.Frame.data, ends ? 1 : 0, stream, frame(try note(text).serializedBytes()))
}

/// A whole unary call.
func unaryCall(_ stream: Int, _ text: String = "hi", _ more: [(String, String)] = []) throws -> [UInt8] {
    try callHead(stream, "Unary", more) + callMessage(stream, text, ends: true)
}

/// A reference that counts for nothing, for lists.
struct Weak<Object: AnyObject & Sendable>: Sendable {
    weak let value: Object?
}
