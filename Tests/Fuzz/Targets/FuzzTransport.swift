import NIOCore
import NIOEmbedded

@testable import Wire

/// A transport that checks that what leaves is whole frames, and keeps nothing.
final class FuzzTransport: ByteTransport {
    var isBlocked = false
    private(set) var isClosed = false
    private(set) var written = 0
    /// A client's preface, which is no frame.
    private var preface: Int

    init(isServer: Bool) { preface = isServer ? 0 : 24 }

    var isWritable: Bool { !isBlocked && !isClosed }

    func write(_ bytes: ByteBuffer) {
        precondition(!isClosed, "bytes were written after the end")
        written += bytes.readableBytes
        var rest = bytes
        if preface > 0 {
            rest.moveReaderIndex(forwardBy: preface)
            preface = 0
        }
        while let head = rest.readBytes(length: 9) {
            let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            precondition(head[3] <= 9, "a frame of an unknown type was sent")
            precondition(rest.readableBytes >= length, "a frame was cut")
            rest.moveReaderIndex(forwardBy: length)
        }
        precondition(rest.readableBytes == 0, "a frame's head was cut")
    }

    func close() { isClosed = true }
}

extension HTTP2Connection {
    /// Delivers the input as bursts of reads, then lets everything that waits be sent, and ends the connection.
    func deliver(
        _ delivery: Delivery,
        after opening: [UInt8],
        over transport: FuzzTransport,
        on loop: EmbeddedEventLoop,
        afterEach: () -> Void = {}
    ) {
        transport.isBlocked = delivery.isBlocked
        for chunk in delivery.chunks(after: opening) {
            context.enterTurn()
            updateTime()
            receive(ByteBuffer(bytes: chunk))
            context.leaveTurn()
            loop.run()
            afterEach()
        }
        if delivery.isBlocked {
            transport.isBlocked = false
            transportBecameWritable()
            loop.run()
            afterEach()
        }
        transportClosed("the input has ended")
        loop.run()
        precondition(!isOpen, "the connection has not ended")
        precondition(openCount == 0, "\(openCount) streams are open on a connection that has ended")
    }
}
