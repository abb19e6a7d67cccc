import NIOCore
import Wire

/// A request over HTTP/1.1.
//
// Unchecked: confined to the loop.
final class HTTP1Exchange: ExchangeState, Exchange, @unchecked Sendable {
    private let connection: HTTP1Connection
    @safe @exclusivity(unchecked) var terms = HTTP1Head.Terms(keepsAlive: false, isOld: false)
    /// Bytes of the body that nobody has taken.
    @safe @exclusivity(unchecked) private var waiting: ByteBuffer?
    @safe @exclusivity(unchecked) private var hasEnded = false
    /// Why the rest of the body does not come.
    @safe @exclusivity(unchecked) private var bodyFault: RPCError?
    @safe @exclusivity(unchecked) private var reader: CheckedContinuation<Void, Never>?
    @safe @exclusivity(unchecked) private var isChunked = false
    /// Whether the answer is whole.
    @safe @exclusivity(unchecked) private(set) var hasAnswered = false

    init(connection: HTTP1Connection, fields: RequestFields) {
        self.connection = connection
        super.init(loop: connection.loop, fields: fields)
        scheme = connection.isEncrypted ? "https" : "http"
        sourceAddress = connection.peerAddress
    }

    // MARK: Body

    var supportsTrailers: Bool { false }
    var hasBody: Bool { (fields.known.contentLength ?? 0) > 0 || fields.known.transferEncoding != nil }
    var bodyHasEnded: Bool { hasEnded || bodyFault != nil }

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

    func bodyIsTooSlow() {
        isTooSlow = true
        // What is still on its way would hold the connection for as long as the client likes.
        terms.keepsAlive = false
        bodyFailed(.requestTimeout)
    }

    func nextChunk() async throws(RPCError) -> ByteBuffer? {
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

    func respond(_ response: EdgeResponse) async {
        guard !hasBegun else { return }
        status = response.status
        guard !connection.isClosed else { return }
        hasBegun = true
        var buffer = connection.makeBuffer()
        let hasBody = !response.isHead && !response.hasNoContent
        let isLarge = hasBody && response.body.count > HTTP1Output.pieceSize
        HTTP1Response.write(
            response, of: self, isKept: connection.isKept(after: self), length: response.body.count,
            body: hasBody && !isLarge ? response.body : [], into: &buffer)
        if hasBody { bytesOut = response.body.count }
        if isLarge {
            connection.send(buffer)
            await connection.send(response.body)
            hasAnswered = true
            return
        }
        hasAnswered = true
        connection.send(buffer)
    }

    func begin(_ response: EdgeResponse) async throws(RPCError) {
        guard !connection.isClosed else { throw Self.clientGone }
        guard !hasBegun else { return }
        hasBegun = true
        status = response.status
        isChunked = !terms.isOld && !response.isHead
        var buffer = connection.makeBuffer()
        // What has no length and no chunks ends with the connection.
        if !isChunked, !response.isHead { terms.keepsAlive = false }
        HTTP1Response.write(
            response, of: self, isKept: connection.isKept(after: self), length: nil, isChunked: isChunked, into: &buffer
        )
        connection.send(buffer)
        lastWrite = .now()
    }

    func write(_ bytes: ByteBuffer) async throws(RPCError) {
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

    func end(trailers: [(name: String, value: String)]) async {
        guard !connection.isClosed, !hasAnswered else { return }
        hasAnswered = true
        guard isChunked else { return }
        var buffer = connection.makeBuffer()
        buffer.writeStaticString("0\r\n\r\n")
        connection.sendSoon(buffer)
    }

    func abort() async { connection.closeAfterOutput() }
}
