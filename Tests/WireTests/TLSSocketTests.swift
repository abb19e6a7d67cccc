import NIOCore
import NIOPosix
import Testing

@testable import Wire

/// Real sockets on loopback.
@Suite struct TLSSocketTests {
    let files: TestCertificates

    init() throws { files = try TestCertificates.shared.get() }

    @Test(arguments: [65_536, 1_000])
    func tenMegabytesComeBackWhole(recvSize: Int) async throws {
        let server = try await TLSEchoServer(files.server("server"), recvSize: recvSize)
        let connection = try await TLSConnection.open(files.client(), port: server.port)
        let size = 10 << 20
        let sent = ByteBuffer(bytes: (0..<size).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 11) })
        let received = try await connection.stream.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
                group.addTask {
                    var rest = sent
                    while rest.readableBytes > 0 {
                        let count = min(
                            rest.readableBytes, Int.random(in: 1...[30, 2_000, 50_000, 600_000].randomElement()!))
                        if let part = rest.readSlice(length: count) { try await outbound.write(part) }
                    }
                    return nil
                }
                group.addTask {
                    var received = ByteBuffer()
                    for try await var part in inbound {
                        received.writeBuffer(&part)
                        if received.readableBytes >= size { break }
                    }
                    return received
                }
                return try await group.reduce(nil) { $0 ?? $1 }
            }
        }
        #expect(received == sent)
        try await server.stop()
    }

    @Test func manyHandshakesAtOnceLeaveNothingBehind() async throws {
        let context = try files.server("server", verification: .required)
        let client = try files.client("client")
        let server = try await TLSEchoServer(context)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<60 {
                group.addTask {
                    let connection = try await TLSConnection.open(client, port: server.port)
                    try await connection.stream.executeThenClose { inbound, outbound in
                        try await outbound.write(ByteBuffer(string: "\(index)"))
                        var iterator = inbound.makeAsyncIterator()
                        #expect(try await iterator.next() == ByteBuffer(string: "\(index)"))
                    }
                }
            }
            try await group.waitForAll()
        }
        try await server.stop()
        for _ in 0..<500 where context.liveConnections + client.liveConnections > 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(context.liveConnections == 0 && client.liveConnections == 0)
    }

    @Test func answersComeAfterTheQuestionerFinished() async throws {
        let server = try await TLSEchoServer(files.server("server"), halfClosure: true)
        let connection = try await TLSConnection.open(files.client(), port: server.port)
        let size = 3 << 20
        let received = try await connection.stream.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(repeating: 9, count: size))
            outbound.finish()
            var received = 0
            for try await part in inbound {
                received += part.readableBytes
                if received >= size { break }
            }
            return received
        }
        #expect(received == size)
        try await server.stop()
    }

    @Test func plainHTTPToTheTLSPortIsClosed() async throws {
        let server = try await TLSEchoServer(files.server("server"))
        let plain = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: server.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let answer = try await plain.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            var answer = ByteBuffer()
            for try await var part in inbound { answer.writeBuffer(&part) }
            return answer
        }
        #expect(answer.readableBytes == 0)
        try await server.stop()
    }

    @Test func abruptCloseIsTruncation() async throws {
        // A server that drops its transport below TLS when it gets a byte.
        let context = try files.server("server")
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        Below(), TLSHandler(server: context), DropOnRead(),
                    ])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let connection = try await TLSConnection.open(files.client(), port: server.localAddress?.port ?? 0)
        await #expect(throws: TLSError(.truncated, "the connection ended without close_notify")) {
            try await connection.stream.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "x"))
                for try await _ in inbound {}
            }
        }
        try await server.close()
    }
}

/// Gives access to the transport from below TLS.
private final class Below: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private var context: ChannelHandlerContext?
    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }
    func drop() { context?.close(promise: nil) }
}

private final class DropOnRead: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        try? context.pipeline.syncOperations.handler(type: Below.self).drop()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
