import NIOCore
import NIOEmbedded
import Testing

@testable import Wire

/// What one read burst brings in several reads: nothing is flushed, and so no stream ends, in between.
@Suite struct HTTP2BurstTests {
    /// Trailers that come when the handler has ended begin no second request.
    @Test func runsOneHandlerARequest() throws {
        let count = Box(0)
        let loop = EmbeddedEventLoop()
        let acceptor = HTTP2Acceptor.Loop(
            context: LoopContext(loop: loop),
            handler: { stream in
                count.change { $0 += 1 }
                try? await stream.respond(HTTP2ResponseHead(status: 200), endsStream: true)
            },
            onAbuse: nil
        )
        let handler = HTTP2ChannelHandler(
            isServer: true,
            context: acceptor.context,
            configuration: HTTP2Configuration(),
            peer: PeerInfo(transport: .tcp),
            delegate: acceptor
        )
        let channel = EmbeddedChannel(handler: handler, loop: loop)
        channel.pipeline.fireChannelActive()
        let read = { (bytes: [UInt8]) in channel.pipeline.fireChannelRead(ByteBuffer(bytes: bytes)) }
        read(RawFrames.preface + RawFrames.requests(1))
        #expect(count.value == 1)
        read(RawFrames.headers(["x-trailer": "1"], stream: 1, endsStream: true))
        channel.pipeline.fireChannelReadComplete()
        #expect(count.value == 1)
        read(RawFrames.requests(3).suffix(RawFrames.requests(1).count))
        channel.pipeline.fireChannelReadComplete()
        #expect(count.value == 2)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }
}
