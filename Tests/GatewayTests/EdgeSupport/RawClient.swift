import Foundation
import NIOCore
import NIOPosix
import Testing
import Wire

/// A connection on which a test says every byte itself.
final class RawClient: Sendable {
    struct TimedOut: Error { let soFar: String }

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let continuation: AsyncStream<ByteBuffer>.Continuation
        init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { continuation.yield(unwrapInboundIn(data)) }
        func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    let channel: any Channel
    private let reader: Reader

    /// What has come and was not looked at yet.
    private actor Reader {
        var bytes: [UInt8] = []
        var isAtEnd = false
        private var waiters: [CheckedContinuation<Void, Never>] = []

        func add(_ buffer: ByteBuffer?) {
            if let buffer { bytes += buffer.readableBytesView } else { isAtEnd = true }
            let all = waiters
            waiters = []
            for waiter in all { waiter.resume() }
        }

        func wait() async { await withCheckedContinuation { waiters.append($0) } }
        func wake() { add(ByteBuffer()) }
        func drop(_ count: Int) { bytes.removeFirst(count) }
    }

    init(port: Int, tls: TLSContext? = nil) async throws {
        let (stream, continuation) = AsyncStream<ByteBuffer>.makeStream()
        channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(TLSHandler(client: tls)) }
                    try channel.pipeline.syncOperations.addHandler(Collector(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let reader = Reader()
        self.reader = reader
        Task {
            for await buffer in stream { await reader.add(buffer) }
            await reader.add(nil)
        }
    }

    deinit { channel.close(promise: nil) }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }
    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    func close() async { try? await channel.close() }

    /// Waits until `take` finds what it wants in what has come, and takes that away.
    func read<Found: Sendable>(
        seconds: Double = 20, _ take: @Sendable (_ bytes: [UInt8], _ isAtEnd: Bool) -> (Found, Int)?
    ) async throws -> Found {
        let reader = reader
        let timer = Task {
            try await Task.sleep(for: .seconds(seconds))
            await reader.wake()
        }
        defer { timer.cancel() }
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let (bytes, isAtEnd) = (await reader.bytes, await reader.isAtEnd)
            if let (found, count) = take(bytes, isAtEnd) {
                await reader.drop(count)
                return found
            }
            if isAtEnd || ContinuousClock.now >= deadline {
                throw TimedOut(soFar: String(decoding: bytes, as: UTF8.self))
            }
            await reader.wait()
        }
    }

    /// Waits until text has come.
    func read(until text: String) async throws -> String {
        try await read { bytes, _ in
            let all = String(decoding: bytes, as: UTF8.self)
            guard let range = all.range(of: text) else { return nil }
            return (String(all[..<range.upperBound]), all[..<range.upperBound].utf8.count)
        }
    }

    /// Everything up to the connection's end.
    func readToEnd(seconds: Double = 20) async throws -> String {
        try await read(seconds: seconds) { bytes, isAtEnd in
            isAtEnd ? (String(decoding: bytes, as: UTF8.self), bytes.count) : nil
        }
    }

    /// The next answer.
    func response(isHead: Bool = false) async throws -> RawResponse {
        try await read { bytes, isAtEnd in RawResponse.parse(bytes, isAtEnd: isAtEnd, isHead: isHead) }
    }

    /// Sends a request and waits for its answer.
    func request(_ text: String) async throws -> RawResponse {
        try await send(text)
        return try await response(isHead: text.hasPrefix("HEAD "))
    }
}

/// An answer of HTTP/1.1.
struct RawResponse: Sendable {
    var status = 0
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// Chunks without a last one: the answer was cut off.
    var isCut = false

    var text: String { String(decoding: body, as: UTF8.self) }
    subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

    static func parse(_ bytes: [UInt8], isAtEnd: Bool, isHead: Bool) -> (RawResponse, Int)? {
        let end = Array("\r\n\r\n".utf8)
        guard let start = bytes.firstRange(of: end) else { return nil }
        let lines = String(decoding: bytes[..<start.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var response = RawResponse()
        response.status = Int(lines[0].split(separator: " ")[1]) ?? 0
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            response.headers.append(
                (parts[0].lowercased(), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""))
        }
        let body = bytes[start.upperBound...]
        if isHead || [100, 204, 304].contains(response.status) { return (response, start.upperBound) }
        if let length = response["content-length"].flatMap({ Int($0) }) {
            guard body.count >= length else { return nil }
            response.body = Array(body.prefix(length))
            return (response, start.upperBound + length)
        }
        guard response["transfer-encoding"] == "chunked" else {
            guard isAtEnd else { return nil }
            response.body = Array(body)
            return (response, bytes.count)
        }
        var rest = body
        while let line = rest.firstRange(of: Array("\r\n".utf8)) {
            let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16) ?? 0
            guard rest.endIndex - line.upperBound >= size + 2 else { break }
            response.body += rest[line.upperBound..<(line.upperBound + size)]
            rest = rest[(line.upperBound + size + 2)...]
            if size == 0 { return (response, rest.startIndex) }
        }
        guard isAtEnd else { return nil }
        response.isCut = true
        return (response, bytes.count)
    }
}
