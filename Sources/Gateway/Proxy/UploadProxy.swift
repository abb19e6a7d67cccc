import NIOCore
import Wire

extension EdgeCore {
    /// Sends a body on as a stream of messages, a piece each. A signed one is sent on only when all of it has come and
    /// hashes to what was signed; until then it lies on disk.
    func serveUpload(
        _ exchange: any Exchange, _ route: Route, _ format: AnswerFormat, _ maker: RequestMaker
    ) async throws(RPCError) {
        guard let shape = route.upload else { return }
        let method = route.call
        let limit = configuration.bodyBytesOfMethods[method.descriptor.path] ?? configuration.maxUploadBytes
        if let announced = exchange.announcedLength, announced > limit { throw .bodyTooLarge(limit) }
        let first = try maker.messageWithoutBody()
        let admission = try await admit(exchange, method)
        exchange.bodyDeadline = .now() + .nanoseconds(configuration.uploadTimeout.edgeNanoseconds)

        let source = try await pieces(exchange, admission, limit: limit)
        try await admission.confirm()

        let options = try CallTerms.options(exchange, method, admission, configuration)
        let call: ByteCall
        do {
            call = try await channel(method).byteStream(method.descriptor, options: options)
        } catch { throw .upstream(error, method.peer) }
        defer { call.cancel() }
        try await send(source, to: call, shape, first, exchange.known.contentType)
        let reply: [UInt8]
        do {
            guard let message = try await call.next() else { throw RPCError.unreadableReply(method.peer) }
            reply = message
        } catch { throw .upstream(error, method.peer) }
        try await answer(exchange, route, reply)
    }

    /// A body in pieces, held to its digest where there is one: a signed one is on disk and verified before the first
    /// piece, of another the end is told only if it fits.
    func pieces(
        _ exchange: any Exchange, _ admission: any Admission, limit: Int
    ) async throws(RPCError) -> any PieceSource {
        let expected = try ExpectedDigest(exchange, admission)
        if let expected, expected.isSigned {
            let spool = try await Spool.fill(from: exchange, limit: limit, expected.digest, self)
            return SpooledPieces(spool, size: configuration.uploadPieceBytes, offload)
        }
        let received = ReceivedPieces(exchange, limit: limit, size: configuration.uploadPieceBytes)
        return expected.map { DigestedPieces(received, $0, offload) } ?? received
    }

    /// Sends the pieces; returns early where the service has answered and wants no more.
    private func send(
        _ source: any PieceSource, to call: ByteCall, _ shape: Route.RawBody, _ first: [UInt8],
        _ contentType: String?
    ) async throws(RPCError) {
        var isFirst = true
        while let piece = try await source.next() {
            let message = RawMessage.encode(
                piece.readableBytesView, contentType: isFirst ? contentType : nil, as: shape,
                after: isFirst ? first : [])
            isFirst = false
            // The service's answer says why.
            do { try await call.send(message) } catch { return }
        }
        if isFirst { do { try await call.send(first) } catch { return } }
        await call.finishSending()
    }
}

/// A body, piece by piece.
protocol PieceSource {
    /// The next piece, which is not empty; nil at the end.
    func next() async throws(RPCError) -> ByteBuffer?
}

/// A body as it comes.
final class ReceivedPieces: PieceSource {
    private let exchange: any Exchange
    private let limit: Int
    private let size: Int
    private var waiting = ByteBuffer()
    private var total = 0

    init(_ exchange: any Exchange, limit: Int, size: Int) {
        (self.exchange, self.limit, self.size) = (exchange, limit, size)
    }

    func next() async throws(RPCError) -> ByteBuffer? {
        while waiting.readableBytes == 0 {
            guard let chunk = try await exchange.nextChunk() else { return nil }
            total += chunk.readableBytes
            guard total <= limit else { throw .bodyTooLarge(limit) }
            waiting = chunk
        }
        return waiting.readSlice(length: min(size, waiting.readableBytes))
    }
}
