import NIOCore
import Wire

/// A request over HTTP/1.1.
//
// Unchecked: confined to the loop.
final class HTTP1Exchange: Exchange, @unchecked Sendable {
    private let connection: HTTP1Connection
    var terms = HTTP1Head.Terms(keepsAlive: false, isOld: false)
    /// Bytes of the body that nobody has taken.
    private var waiting: ByteBuffer?
    private var hasEnded = false
    /// Why the rest of the body does not come.
    private var bodyFault: RPCError?
    private var reader: CheckedContinuation<Void, Never>?
    private var isChunked = false
    /// Whether the answer is whole.
    private(set) var hasAnswered = false

    init(connection: HTTP1Connection) {
        self.connection = connection
        super.init(loop: connection.loop)
    }

    // MARK: Body

    override var hasBody: Bool { (known.contentLength ?? 0) > 0 || known.transferEncoding != nil }
    override var bodyHasEnded: Bool { hasEnded || bodyFault != nil }

    /// Bytes that wait.
    var waitingBytes: Int { waiting?.readableBytes ?? 0 }

    func received(_ bytes: ByteBuffer) {
        bytesIn += bytes.readableBytes
        // Whoever answered without the body does not want the rest.
        if hasAnswered { return }
        if waiting == nil {
            waiting = bytes
        } else {
            var bytes = bytes
            waiting?.writeBuffer(&bytes)
        }
        wakeReader()
    }

    func receivedEnd() {
        hasEnded = true
        wakeReader()
    }

    func bodyFailed(_ error: RPCError) {
        if bodyFault == nil { bodyFault = error }
        wakeReader()
    }

    override func bodyIsTooSlow() {
        super.bodyIsTooSlow()
        // What is still on its way would hold the connection for as long as the client likes.
        terms.keepsAlive = false
        bodyFailed(.requestTimeout)
    }

    override func nextChunk() async throws(RPCError) -> ByteBuffer? {
        while true {
            if let chunk = waiting {
                waiting = nil
                connection.bodyTaken()
                return chunk
            }
            if let bodyFault { throw bodyFault }
            if hasEnded { return nil }
            if connection.isClosed { throw Self.clientGone }
            connection.inviteBody(of: self)
            beginReading()
            await withCheckedContinuation { reader = $0 }
            endReading()
        }
    }

    private func wakeReader() {
        guard let reader else { return }
        self.reader = nil
        reader.resume()
    }

    static let clientGone = RPCError(code: .cancelled, message: "the client has gone")

    // MARK: Answer

    override func respond(_ response: EdgeResponse) async {
        guard !hasBegun else { return }
        status = response.status
        guard !connection.isClosed else { return }
        hasBegun = true
        var buffer = connection.makeBuffer()
        let isLarge = response.body.count > HTTP1Connection.pieceSize
        HTTP1Response.write(
            response, of: self, connection.isKept(after: self), length: response.body.count, into: &buffer)
        if !response.isHead, !response.hasNoContent {
            bytesOut = response.body.count
            if isLarge {
                connection.send(buffer)
                await connection.send(response.body)
                hasAnswered = true
                return
            }
            buffer.writeBytes(response.body)
        }
        hasAnswered = true
        connection.send(buffer)
    }

    override func begin(_ response: EdgeResponse) async throws(RPCError) {
        guard !connection.isClosed else { throw Self.clientGone }
        guard !hasBegun else { return }
        hasBegun = true
        status = response.status
        isChunked = !terms.isOld && !response.isHead
        var buffer = connection.makeBuffer()
        // What has no length and no chunks ends with the connection.
        if !isChunked, !response.isHead { terms.keepsAlive = false }
        HTTP1Response.write(
            response, of: self, connection.isKept(after: self), length: nil, isChunked: isChunked, into: &buffer)
        connection.send(buffer)
        lastWrite = .now()
    }

    override func write(_ bytes: ByteBuffer) async throws(RPCError) {
        guard !connection.isClosed else { throw Self.clientGone }
        guard bytes.readableBytes > 0 else { return }
        put(bytes)
        await connection.waitForRoom()
        guard !connection.isClosed else { throw Self.clientGone }
    }

    /// Sends without waiting; for signs of life, which are few.
    func put(_ bytes: ByteBuffer) {
        var bytes = bytes
        lastWrite = .now()
        bytesOut += bytes.readableBytes
        var buffer = connection.makeBuffer()
        if isChunked {
            buffer.writeString(String(bytes.readableBytes, radix: 16))
            buffer.writeStaticString("\r\n")
            buffer.writeBuffer(&bytes)
            buffer.writeStaticString("\r\n")
        } else {
            buffer.writeBuffer(&bytes)
        }
        connection.sendSoon(buffer)
    }

    override func end(trailers: [(name: String, value: String)]) async {
        guard !connection.isClosed, !hasAnswered else { return }
        hasAnswered = true
        guard isChunked else { return }
        var buffer = connection.makeBuffer()
        buffer.writeStaticString("0\r\n\r\n")
        connection.sendSoon(buffer)
    }

    override func abort() async { connection.closeAfterOutput() }
}
