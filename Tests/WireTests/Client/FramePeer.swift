import NIOCore
import NIOPosix
import Synchronization

/// A peer that speaks HTTP/2 frame by frame, as a test dictates.
final class FramePeer: Sendable {
    struct Frame: Sendable {
        static let data: UInt8 = 0, headers: UInt8 = 1, reset: UInt8 = 3, settings: UInt8 = 4, ping: UInt8 = 6
        static let goAway: UInt8 = 7

        var connection: Int
        var type: UInt8
        var flags: UInt8
        var stream: Int
        var payload: [UInt8]

        var endsStream: Bool { (type == Self.data || type == Self.headers) && flags & 1 != 0 }
        /// The code of a RST_STREAM.
        var code: UInt8 { payload.count == 4 ? payload[3] : 255 }
    }

    /// What the peer sends in answer to a frame.
    typealias Script = @Sendable (Frame) -> [UInt8]

    private let listener: any Channel
    private let log: Log
    var port: Int { listener.localAddress?.port ?? 0 }
    var received: [Frame] { log.frames.withLock { $0 } }
    var connections: Int { log.connections.load(ordering: .sequentiallyConsistent) }

    private final class Log: Sendable {
        let frames = Mutex<[Frame]>([])
        let connections = Atomic<Int>(0)
    }

    private init(_ listener: any Channel, _ log: Log) {
        self.listener = listener
        self.log = log
    }

    /// Listens; every connection begins with `greeting`.
    static func start(greeting: [UInt8] = settings, _ script: @escaping Script = { _ in [] }) async throws -> FramePeer
    {
        let log = Log()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = log.connections.add(1, ordering: .sequentiallyConsistent).newValue
                    try channel.pipeline.syncOperations.addHandler(
                        Reader(number: number, greeting: greeting, log: log, script: script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return FramePeer(listener, log)
    }

    func stop() async { try? await listener.close() }

    // MARK: Frames

    static let settings = frame(Frame.settings, 0, 0, [])

    static func frame(_ type: UInt8, _ flags: UInt8, _ stream: Int, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        return [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags] + word(stream) + payload
    }

    static func reset(_ stream: Int, code: Int) -> [UInt8] { frame(Frame.reset, 0, stream, word(code)) }
    static func goAway(last: Int, code: Int = 0) -> [UInt8] { frame(Frame.goAway, 0, 0, word(last) + word(code)) }

    /// A block of fields, none of them indexed.
    static func headers(_ stream: Int, _ fields: [(String, String)], ends: Bool = false) -> [UInt8] {
        var block: [UInt8] = []
        for (name, value) in fields {
            block += [0, UInt8(name.utf8.count)] + Array(name.utf8)
            block += [UInt8(value.utf8.count)] + Array(value.utf8)
        }
        return frame(Frame.headers, ends ? 5 : 4, stream, block)
    }

    static let replyFields = [(":status", "200"), ("content-type", "application/grpc")]

    /// A reply that is its status alone.
    static func trailersOnly(_ stream: Int, status: Int, _ more: [(String, String)] = []) -> [UInt8] {
        headers(stream, replyFields + [("grpc-status", "\(status)")] + more, ends: true)
    }

    /// A whole unary reply with an empty message.
    static func emptyReply(_ stream: Int) -> [UInt8] {
        headers(stream, replyFields) + frame(Frame.data, 0, stream, [0, 0, 0, 0, 0])
            + headers(stream, [("grpc-status", "0")], ends: true)
    }

    private static func word(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    // MARK: Reading

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let number: Int
        private let greeting: [UInt8]
        private let log: Log
        private let script: Script
        private var bytes: [UInt8] = []
        private var hasPreface = false

        init(number: Int, greeting: [UInt8], log: Log, script: @escaping Script) {
            self.number = number
            self.greeting = greeting
            self.log = log
            self.script = script
        }

        func channelActive(context: ChannelHandlerContext) { send(greeting, context) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes.append(contentsOf: unwrapInboundIn(data).readableBytesView)
            if !hasPreface {
                guard bytes.count >= 24 else { return }
                hasPreface = true
                bytes.removeFirst(24)
            }
            while let frame = nextFrame() {
                log.frames.withLock { $0.append(frame) }
                send(script(frame), context)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func nextFrame() -> Frame? {
            guard bytes.count >= 9 else { return nil }
            let length = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
            guard bytes.count >= 9 + length else { return nil }
            let stream = bytes[5..<9].reduce(0) { $0 << 8 | Int($1) }
            defer { bytes.removeFirst(9 + length) }
            return Frame(
                connection: number, type: bytes[3], flags: bytes[4], stream: stream,
                payload: Array(bytes[9..<9 + length]))
        }

        private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
            guard !bytes.isEmpty else { return }
            context.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
        }
    }
}
