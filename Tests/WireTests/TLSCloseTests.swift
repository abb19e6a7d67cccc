import NIOCore
import NIOEmbedded
import Testing

@testable import Wire

/// The ways in which connections end.
@Suite struct TLSCloseTests {
    let files: TestCertificates

    init() throws { files = try TestCertificates.shared.get() }

    private func connected() throws -> TLSPair {
        try TLSPair(client: files.client(), server: files.server("server")).connect()
    }

    @Test func closeIsNotifiedBothWays() throws {
        let pair = try connected()
        pair.client.write(ByteBuffer(string: "unflushed"), promise: nil)
        pair.client.writeAndFlush(ByteBuffer(string: "last"), promise: nil)
        let closed = pair.client.close()
        try pair.carry()
        try closed.wait()
        #expect(pair.serverEnd.received == ByteBuffer(string: "unflushedlast"))
        #expect(pair.serverEnd.errors.isEmpty && pair.clientEnd.errors.isEmpty)
        #expect(pair.serverEnd.inactive && pair.clientEnd.inactive)
        // The server answered with its own before it closed.
        #expect(pair.serverWrites.last == 24)
        pair.finish()
    }

    @Test func unflushedWritesFailOnClose() throws {
        let pair = try connected()
        let write = pair.client.write(ByteBuffer(string: "x"))
        pair.client.close(promise: nil)
        #expect(throws: ChannelError.ioOnClosedChannel) { try write.wait() }
        let late = pair.client.writeAndFlush(ByteBuffer(string: "x"))
        #expect(throws: (any Error).self) { try late.wait() }
        pair.finish()
    }

    @Test func transportEndWithoutNotifyIsTruncation() throws {
        let pair = try connected()
        pair.server.pipeline.fireChannelInactive()
        #expect(pair.serverEnd.tlsErrors.map(\.code) == [.truncated])
        #expect(pair.serverEnd.inactive)
        pair.finish()
    }

    @Test func inputEndWithoutNotifyIsTruncation() throws {
        let pair = try connected()
        pair.server.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(pair.serverEnd.tlsErrors.map(\.code) == [.truncated])
        #expect(!pair.serverEnd.inputClosed && !pair.server.isActive)
        pair.finish()
    }

    @Test func halfCloseLeavesTheOtherDirection() throws {
        let pair = try connected()
        try pair.server.setOption(.allowRemoteHalfClosure, value: true).wait()
        pair.client.writeAndFlush(ByteBuffer(string: "question"), promise: nil)
        // EmbeddedChannel has no half closure of its own: the transport's part fails, close_notify goes out.
        pair.client.close(mode: .output, promise: nil)
        var bytes: [ByteBuffer] = []
        while let buffer = try pair.client.readOutbound(as: ByteBuffer.self) { bytes.append(buffer) }
        for buffer in bytes { try pair.server.writeInbound(buffer) }
        #expect(pair.serverEnd.inputClosed && pair.server.isActive)
        #expect(pair.serverEnd.received == ByteBuffer(string: "question"))
        // The transport's own end of input is not announced twice, nor an error.
        pair.serverEnd.inputClosed = false
        pair.server.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(!pair.serverEnd.inputClosed && pair.serverEnd.errors.isEmpty)
        let answer = pair.server.writeAndFlush(ByteBuffer(string: "answer"))
        try answer.wait()
        pair.finish()
    }

    @Test func endDuringTheHandshake() throws {
        let pair = try TLSPair(client: files.client(), server: files.server("server"))
        try pair.client.connect(to: SocketAddress(unixDomainSocketPath: "/pair")).wait()
        let write = pair.client.writeAndFlush(ByteBuffer(string: "x"))
        pair.client.pipeline.fireChannelInactive()
        #expect(pair.clientEnd.tlsErrors.map(\.code) == [.closedDuringHandshake])
        #expect(throws: TLSError.self) { try write.wait() }
        pair.finish()
    }

    @Test func ownCloseDuringTheHandshakeIsNoError() throws {
        let pair = try TLSPair(client: files.client(), server: files.server("server"))
        try pair.client.connect(to: SocketAddress(unixDomainSocketPath: "/pair")).wait()
        try pair.client.close().wait()
        #expect(pair.clientEnd.errors.isEmpty && pair.clientEnd.inactive)
        pair.finish()
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
        String(repeating: "\u{0}", count: 64),
    ])
    func otherProtocolsAreNotTLS(text: String) throws {
        let pair = try TLSPair(client: files.client(), server: files.server("server"))
        try pair.server.connect(to: SocketAddress(unixDomainSocketPath: "/pair")).wait()
        try pair.server.writeInbound(ByteBuffer(string: text))
        #expect(pair.serverEnd.tlsErrors.map(\.code) == [.notTLS])
        #expect(!pair.server.isActive)
        pair.finish()
    }

    @Test func noiseNeverGetsThrough() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let pair = try TLSPair(client: files.client(), server: files.server("server"))
            try pair.server.connect(to: SocketAddress(unixDomainSocketPath: "/pair")).wait()
            var bytes = (0..<Int.random(in: 5...600)).map { _ in UInt8.random(in: 0...255, using: &random) }
            // Half of them with the header of a handshake record.
            if Bool.random() { bytes.replaceSubrange(0..<3, with: [22, 3, 1]) }
            try pair.server.writeInbound(ByteBuffer(bytes: bytes))
            pair.server.pipeline.fireChannelInactive()
            #expect(pair.serverEnd.tlsErrors.count == 1 && pair.serverEnd.reads == 0)
            pair.finish()
        }
    }

    @Test func tamperedRecordFails() throws {
        let pair = try connected()
        pair.client.writeAndFlush(ByteBuffer(string: "untouched"), promise: nil)
        let whole = try pair.client.readOutbound(as: ByteBuffer.self)
        var record = try #require(whole)
        let last = record.writerIndex - 1
        record.setInteger(record.getInteger(at: last, as: UInt8.self)! ^ 1, at: last)
        try pair.server.writeInbound(record)
        #expect(pair.serverEnd.tlsErrors.map(\.code) == [.protocolViolation])
        #expect(pair.serverEnd.reads == 0)
        try pair.carry()
        #expect(pair.clientEnd.tlsErrors.map(\.code) == [.peerAlert])
        pair.finish()
    }

    @Test func neighboursMayCloseOrRemoveInsideRead() throws {
        let acts: [(ChannelHandlerContext, ByteBuffer) -> Void] = [
            { context, _ in context.close(promise: nil) },
            { context, bytes in
                context.writeAndFlush(NIOAny(bytes), promise: nil)
                context.close(promise: nil)
            },
            { context, _ in
                let handler = try? context.pipeline.syncOperations.handler(type: TLSHandler.self)
                if let handler { context.pipeline.syncOperations.removeHandler(handler, promise: nil) }
            },
        ]
        for act in acts {
            let pair = try connected()
            pair.serverEnd.onRead = act
            // Data and close_notify arrive in one read.
            pair.client.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
            pair.client.close(promise: nil)
            var all = ByteBuffer()
            while var buffer = try pair.client.readOutbound(as: ByteBuffer.self) { all.writeBuffer(&buffer) }
            try pair.server.writeInbound(all)
            #expect(pair.serverEnd.reads == 1 && pair.serverEnd.errors.isEmpty)
            pair.finish()
        }
    }
}
