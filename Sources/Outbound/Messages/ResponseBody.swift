import Synchronization

/// A response's body, read once and by one reader at a time: pieces of at most 64 KiB, in order.
///
/// Reading slowly slows the server down: beyond `limits.bufferedBytes` the connection is not read from. A body that is
/// dropped before its end closes the stream or connection.
public final class ResponseBody: Sendable, AsyncSequence {
    public typealias Element = [UInt8]

    /// How far the reading has come.
    //
    // Unchecked: touched only by who took it out of the mutex.
    private final class Reading: @unchecked Sendable {
        var decoder: ContentDecoder?
        var decoded = 0
        var isOver = false

        init(_ decoder: ContentDecoder?) { self.decoder = decoder }
    }

    private let exchange: Exchange
    // Taken out while somebody reads.
    private let reading: Mutex<Reading?>
    private let limit: Int
    private let context: ErrorContext

    /// What errors say of the request.
    struct ErrorContext: Sendable {
        var url: WebURL
        var isIdempotent: Bool
    }

    init(_ exchange: Exchange, headers: HTTPHeaders, decodes: Bool, limits: OutboundLimits, context: ErrorContext) {
        self.exchange = exchange
        self.context = context
        limit = limits.bodyBytes
        let decoder = decodes ? ContentDecoder(headers: headers, maximumStages: limits.contentEncodings) : nil
        reading = Mutex(Reading(decoder?.isIdentity == false ? decoder : nil))
    }

    deinit { exchange.cancel() }

    /// Ends the transfer without reading the rest.
    public func cancel() { exchange.cancel() }

    /// The next piece, or nil at the end.
    /// - Throws: `OutboundError`: what broke the transfer, `bodyTooLarge`, `decodingFailed`.
    public func next() async throws(OutboundError) -> [UInt8]? {
        guard let reading = take() else {
            throw OutboundError(.invalidRequest, "the body is being read already")
        }
        defer { self.reading.withLock { $0 = reading } }
        do {
            return try await read(reading)
        } catch {
            reading.isOver = true
            exchange.cancel()
            throw error.at(context.url, idempotent: context.isIdempotent)
        }
    }

    private func take() -> Reading? {
        reading.withLock { held in
            defer { held = nil }
            return held
        }
    }

    private func read(_ reading: Reading) async throws(OutboundError) -> [UInt8]? {
        while !reading.isOver {
            if let piece = try reading.decoder?.pull() { return try count(piece, reading) }
            guard let chunk = try await exchange.chunk() else {
                reading.isOver = true
                try reading.decoder?.checkEnd()
                return nil
            }
            guard reading.decoder != nil else { return try count(chunk, reading) }
            reading.decoder?.push(chunk)
        }
        return nil
    }

    private func count(_ piece: [UInt8], _ reading: Reading) throws(OutboundError) -> [UInt8] {
        reading.decoded += piece.count
        guard reading.decoded <= limit else {
            throw OutboundError(.bodyTooLarge, "a body of more than \(limit) bytes")
        }
        return piece
    }

    /// All of the body.
    /// - Parameter maximum: bytes beyond which it is an error (`bodyTooLarge`); the limits hold besides.
    public func collect(upTo maximum: Int = .max) async throws(OutboundError) -> [UInt8] {
        var all: [UInt8] = []
        while let piece = try await next() {
            guard all.count + piece.count <= maximum else {
                exchange.cancel()
                throw OutboundError(.bodyTooLarge, "a body of more than \(maximum) bytes").at(
                    context.url, idempotent: context.isIdempotent)
            }
            if all.isEmpty { all = piece } else { all += piece }
        }
        return all
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let body: ResponseBody
        public mutating func next() async throws -> [UInt8]? { try await body.next() }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(body: self) }
}
