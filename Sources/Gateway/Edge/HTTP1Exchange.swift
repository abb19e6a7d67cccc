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
    /// The call that is made without a task.
    @safe @exclusivity(unchecked) var running: RunningCall?
    /// What goes on behind such a call in a task.
    @safe @exclusivity(unchecked) var task: Task<Void, Never>?
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

    func wholeBodyNow() -> ByteBuffer? {
        guard hasEnded, bodyFault == nil else { return nil }
        guard let body = waiting else { return ByteBuffer() }
        waiting = nil
        connection.bodyTaken()
        return body
    }

    private func wakeReader() {
        guard let reader else { return }
        self.reader = nil
        reader.resume()
    }

    static let clientGone = RPCError(code: .cancelled, message: "the client has gone")

    // MARK: Answer

    func respond(_ response: EdgeResponse) async {
        guard !respondNow(response) else { return }
        writeHead(response, body: [])
        bytesOut = response.body.count
        connection.send()
        await connection.send(response.body)
        hasAnswered = true
    }

    func respondNow(_ response: EdgeResponse) -> Bool {
        guard !hasBegun else { return true }
        status = response.status
        guard !connection.isClosed else { return true }
        let hasBody = !response.isHead && !response.hasNoContent
        guard !hasBody || response.body.count <= HTTP1Output.pieceSize else { return false }
        writeHead(response, body: hasBody ? response.body : [])
        if hasBody { bytesOut = response.body.count }
        hasAnswered = true
        connection.send()
        return true
    }

    private func writeHead(_ response: EdgeResponse, body: [UInt8]) {
        hasBegun = true
        HTTP1Response.write(
            response, of: self, isKept: connection.isKept(after: self), length: response.body.count, body: body,
            into: &connection.output.bytes)
    }

    func begin(_ response: EdgeResponse) async throws(RPCError) {
        guard !connection.isClosed else { throw Self.clientGone }
        guard !hasBegun else { return }
        hasBegun = true
        status = response.status
        isChunked = !terms.isOld && !response.isHead
        // What has no length and no chunks ends with the connection.
        if !isChunked, !response.isHead { terms.keepsAlive = false }
        HTTP1Response.write(
            response, of: self, isKept: connection.isKept(after: self), length: nil, isChunked: isChunked,
            into: &connection.output.bytes)
        connection.send()
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
        if isChunked {
            connection.output.bytes.writeString(String(bytes.readableBytes, radix: 16))
            connection.output.bytes.writeStaticString("\r\n")
            connection.output.bytes.writeBuffer(&bytes)
            connection.output.bytes.writeStaticString("\r\n")
        } else {
            connection.output.bytes.writeBuffer(&bytes)
        }
        connection.scheduleFlush()
    }

    func end(trailers: [(name: String, value: String)]) async {
        guard !connection.isClosed, !hasAnswered else { return }
        hasAnswered = true
        guard isChunked else { return }
        connection.output.bytes.writeStaticString("0\r\n\r\n")
        connection.scheduleFlush()
    }

    func abort() async { abortNow() }

    func abortNow() { connection.closeAfterOutput() }

    /// The request was served without the connection's task.
    func completed() { connection.completed(self) }

    /// Ends what is made of the request: its client has gone.
    func cancel() {
        bodyFailed(Self.clientGone)
        running?.cancel()
        task?.cancel()
    }
}
