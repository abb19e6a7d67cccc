import NIOCore
import NIOHTTP1
import Wire

/// How far the reading of an HTTP/1.1 connection has come.
struct HTTP1Input {
    /// Reads what is plain; once something was not, NIO's parser has the connection, to its end.
    var plain: PlainHeadReader
    var isPlain = true
    /// The beginning of a plain head.
    var held: ByteBuffer?
    /// How often a head's beginning has been read again, as more of it had come.
    var attempts = 0
    /// Bytes of a plain request's body that have not come.
    var bodyLeft = 0

    /// When bytes of a head began to come; nil while none are awaited.
    var headStart: NIODeadline?
    var hasRequestLine = false

    /// Reading a head again and again from its beginning must not become dear: one that comes in more pieces is left to
    /// NIO's parser, which keeps its place.
    static let maxAttempts = 4

    init(_ configuration: EdgeConfiguration) { plain = PlainHeadReader(configuration) }
}

// From bytes to requests.
extension HTTP1Connection {
    func receive(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard !takesNoMore || receiving != nil else { return }
        guard input.isPlain else { return passOn(bytes, context) }
        var bytes = bytes
        if var held = input.held {
            held.writeBuffer(&bytes)
            bytes = held
            input.held = nil
        }
        while bytes.readableBytes > 0 {
            if input.bodyLeft > 0 {
                guard let part = bytes.readSlice(length: min(input.bodyLeft, bytes.readableBytes)) else { return }
                input.bodyLeft -= part.readableBytes
                receiving?.received(part)
                if input.bodyLeft == 0 { receivedEnd() }
                continue
            }
            if takesNoMore { return }
            switch input.plain.read(bytes) {
            case .head(let head):
                bytes.moveReaderIndex(forwardBy: head.size)
                begin(head)
            case .partial where input.attempts < HTTP1Input.maxAttempts:
                input.attempts += 1
                input.held = bytes
                if input.headStart == nil { input.headStart = .now() }
                return
            case .partial, .notPlain: return useParser(for: bytes, context)
            }
        }
    }

    private func begin(_ head: PlainHead) {
        (input.attempts, input.headStart) = (0, nil)
        input.bodyLeft = head.fields.known.contentLength ?? 0
        let exchange = HTTP1Exchange(connection: self, fields: head.fields)
        (exchange.method, exchange.path, exchange.query) = (head.method, head.path, head.query)
        exchange.authority = head.authority
        exchange.terms = HTTP1Head.Terms(keepsAlive: true, isOld: false)
        received(exchange)
        if input.bodyLeft == 0 { receivedEnd() }
    }

    // MARK: NIO's parser

    /// Leaves the connection to NIO's parser, beginning with `bytes`.
    private func useParser(for bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        input.isPlain = false
        input.plain.forget()
        let configuration = core.configuration
        // Beyond these the parser gives up; up to them the edge itself says which bound was passed.
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderListSize = configuration.maxHeaderBytes + configuration.maxTargetLength + 1024
        limits.maxHeaderFieldSize = limits.maxHeaderListSize
        limits.maxHeaderFieldCount = configuration.maxHeaderCount + 8
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
        let operations = context.pipeline.syncOperations
        do {
            try operations.addHandlers([ByteToMessageHandler(decoder), ParsedParts(self)], position: .after(self))
        } catch { return context.close(promise: nil) }
        passOn(bytes, context)
    }

    private func passOn(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        if receiving == nil {
            if input.headStart == nil { input.headStart = .now() }
            if !input.hasRequestLine { input.hasRequestLine = bytes.readableBytesView.contains(UInt8(ascii: "\n")) }
        }
        context.fireChannelRead(wrapInboundOut(bytes))
    }

    fileprivate func received(_ part: HTTPServerRequestPart) {
        guard !takesNoMore || receiving != nil else { return }
        switch part {
        case .head(let head):
            let exchange = HTTP1Exchange(connection: self, fields: .none)
            exchange.terms = HTTP1Head.read(head, into: exchange, core)
            (input.headStart, input.hasRequestLine) = (nil, false)
            received(exchange)
        case .body(let bytes): receiving?.received(bytes)
        case .end:
            receivedEnd()
            (input.headStart, input.hasRequestLine) = (nil, false)
        }
    }

    fileprivate func refuse(_ error: HTTPParserError) {
        let configuration = core.configuration
        let answer: RPCError =
            switch error {
            case .headerOverflow:
                input.hasRequestLine
                    ? .headerTooLarge(configuration.maxHeaderBytes) : .targetTooLong(configuration.maxTargetLength)
            case .invalidVersion: .malformed("this is no HTTP/1.1")
            case .invalidContentLength, .unexpectedContentLength: .malformed("the body's length is not clear")
            case .invalidChunkSize: .malformed("a chunk's size is none")
            case .invalidEOFState: .malformed("the request was cut off")
            default: .malformed("this breaks the rules of HTTP/1.1: \(error)")
            }
        refuse(answer)
    }
}

/// Gives a connection what NIO's parser makes of its bytes.
private final class ParsedParts: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let connection: HTTP1Connection

    init(_ connection: HTTP1Connection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { connection.received(unwrapInboundIn(data)) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError { connection.refuse(error) } else { context.close(promise: nil) }
    }
}
