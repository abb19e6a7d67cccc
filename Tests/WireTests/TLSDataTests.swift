import NIOCore
import NIOEmbedded
import Testing

@testable import Wire

/// Bytes after the handshake.
@Suite struct TLSDataTests {
    let files: TestCertificates

    init() throws { files = try TestCertificates.shared.get() }

    private func connected(_ chunk: Int = .max) throws -> TLSPair {
        try TLSPair(client: files.client(), server: files.server("server")).connect(chunk: chunk)
    }

    @Test(arguments: [1, 3, 1000])
    func bytesArriveWhateverTheChunks(chunk: Int) throws {
        let pair = try connected(chunk)
        let sent = ByteBuffer(bytes: (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        pair.client.writeAndFlush(sent, promise: nil)
        try pair.carry(chunk: chunk)
        #expect(pair.serverEnd.received == sent)
        pair.finish()
    }

    @Test func manySmallWritesLeaveAsOneRecord() throws {
        let pair = try connected()
        let before = pair.clientWrites.count
        var completed = 0
        for index in 0..<100 {
            pair.client.write(ByteBuffer(bytes: [UInt8(index)])).assumeIsolated().whenSuccess { completed += 1 }
        }
        pair.client.flush()
        try pair.carry()
        #expect(Array(pair.clientWrites[before...]) == [100 + 22])
        #expect(completed == 100)
        #expect(pair.serverEnd.received == ByteBuffer(bytes: 0..<100) && pair.serverEnd.reads == 1)
        pair.finish()
    }

    @Test func unevenWritesFillTheirRecords() throws {
        let pair = try connected()
        let before = pair.clientWrites.count
        let sizes = [5, 16_384, 0, 40_000, 1, 100_000, 300_000, 7]
        var expected = ByteBuffer()
        var completed: [Int] = []
        for (index, size) in sizes.enumerated() {
            let part = ByteBuffer(repeating: UInt8(index), count: size)
            expected.writeImmutableBuffer(part)
            pair.client.write(part).assumeIsolated().whenSuccess { completed.append(index) }
        }
        pair.client.flush()
        try pair.carry()
        #expect(pair.serverEnd.received == expected)
        #expect(completed.sorted() == Array(sizes.indices))
        // 456,397 bytes: two chunks, all records but the last of each full.
        let writes = pair.clientWrites[before...]
        #expect(writes.count == 2)
        #expect(writes.reduce(0, +) - expected.readableBytes <= (28 + 7) * 22)
        pair.finish()
    }

    @Test func writesBeforeTheHandshakeWaitForIt() throws {
        let pair = try TLSPair(client: files.client(), server: files.server("server"))
        pair.client.writeAndFlush(ByteBuffer(string: "early"), promise: nil)
        let unflushed = pair.client.write(ByteBuffer(string: "later"))
        try pair.connect()
        #expect(pair.serverEnd.received == ByteBuffer(string: "early"))
        pair.client.flush()
        try pair.carry()
        #expect(pair.serverEnd.received == ByteBuffer(string: "earlylater"))
        try unflushed.wait()
        pair.finish()
    }

    @Test func tooMuchBeforeTheHandshakeFails() throws {
        let pair = try TLSPair(client: files.client(), server: files.server("server"))
        try pair.client.connect(to: SocketAddress(unixDomainSocketPath: "/pair")).wait()
        let write = pair.client.write(ByteBuffer(repeating: 0, count: TLSHandler.handshakeBufferLimit + 1))
        #expect(throws: TLSError.self) { try write.wait() }
        #expect(pair.clientEnd.tlsErrors.map(\.code) == [.bufferLimit])
        pair.finish()
    }

    @Test func repliesOfABurstLeaveAsOneWrite() throws {
        let pair = try connected()
        pair.serverEnd.onRead = { context, bytes in
            // Three flushes within one read.
            for byte in bytes.readableBytesView {
                context.writeAndFlush(NIOAny(ByteBuffer(bytes: [byte])), promise: nil)
            }
        }
        let before = pair.serverWrites.count
        pair.client.writeAndFlush(ByteBuffer(string: "abc"), promise: nil)
        try pair.carry()
        #expect(pair.serverWrites.count == before + 1)
        #expect(pair.clientEnd.received == ByteBuffer(string: "abc"))
        pair.finish()
    }

    @Test func keptBuffersAreNotOverwritten() throws {
        let pair = try connected()
        var kept: [ByteBuffer] = []
        pair.serverEnd.onRead = { _, bytes in kept.append(bytes) }
        for text in ["one", "two", "three"] {
            pair.client.writeAndFlush(ByteBuffer(string: text), promise: nil)
        }
        try pair.carry()
        #expect(kept.map { String(buffer: $0) } == ["one", "two", "three"])
        pair.finish()
    }

    @Test func aPartialRecordAsksForMore() throws {
        let pair = try connected()
        let counter = ReadCounter()
        try pair.server.pipeline.syncOperations.addHandler(counter, position: .first)
        pair.client.writeAndFlush(ByteBuffer(string: "whole"), promise: nil)
        let whole = try pair.client.readOutbound(as: ByteBuffer.self)
        var record = try #require(whole)
        let head = record.readSlice(length: 4)
        try pair.server.writeInbound(try #require(head))
        #expect(counter.reads == 1 && pair.serverEnd.reads == 0)
        try pair.server.writeInbound(record)
        #expect(counter.reads == 1 && pair.serverEnd.reads == 1)
        pair.finish()
    }

    @Test func noSessionOutlivesItsConnection() throws {
        let client = try files.client()
        let server = try files.server("server")
        weak var weakClient: TLSContext?
        for _ in 0..<20 {
            let pair = try TLSPair(client: client, server: server).connect()
            #expect(client.liveConnections == 1 && server.liveConnections == 1)
            pair.finish()
        }
        #expect(client.liveConnections == 0 && server.liveConnections == 0)
        do {
            let context = try files.client()
            weakClient = context
            try TLSPair(client: context, server: server).connect().finish()
        }
        #expect(weakClient == nil)
    }
}

private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    var reads = 0

    func read(context: ChannelHandlerContext) {
        reads += 1
        context.read()
    }
}
