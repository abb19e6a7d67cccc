import NIOCore
import Wire
import WireProtos

extension EdgeCore {
    /// Answers with the messages of a stream as they come. What the client does not take stays with the service: the
    /// call's flow control holds it.
    func serveStream(
        _ exchange: any Exchange, _ route: Route, _ format: AnswerFormat, _ request: [UInt8], _ options: CallOptions
    ) async throws(RPCError) {
        let peer = route.call.peer
        if exchange.method == "HEAD" {
            // What would come is not asked for: a stream may have no end.
            var response = EdgeResponse(contentType: format.mediaType)
            complete(&response, exchange)
            try await exchange.begin(response)
            return await exchange.end()
        }
        let call: ByteCall
        do {
            call = try await channel(route.call).byteStream(route.call.descriptor, options: options)
            try await call.send(request)
            await call.finishSending()
        } catch { throw .upstream(error, peer) }
        defer { call.cancel() }
        let writer = StreamWriter(exchange, route, format, self)
        do {
            if format == .bytes {
                try await sendBytes(of: call, writer)
            } else {
                writer.keepAlive()
                while let message = try await call.next() { try await writer.write(message) }
            }
        } catch {
            let error =
                (error as? RPCError).map { $0.origin == .peer ? $0.withoutInternals : $0 }
                ?? RPCError.wrapping(error)
            guard exchange.hasBegun else { throw .upstream(error, peer) }
            return await writer.end(with: .upstream(error, peer))
        }
        do throws(RPCError) { try await writer.end() } catch { await exchange.abort() }
    }

    private func sendBytes(of call: ByteCall, _ writer: StreamWriter) async throws {
        while let message = try await call.next() { try await writer.writeBytes(message) }
    }
}

/// Writes messages in the form that the client asked for. On the exchange's loop.
//
// Unchecked: confined to the loop.
final class StreamWriter: @unchecked Sendable {
    private let exchange: any Exchange
    private let route: Route
    private let format: AnswerFormat
    private let core: EdgeCore
    private var count = 0

    /// A stream that has said nothing for this long shows its head, so that the client knows that it stands.
    private static let patience = TimeAmount.seconds(1)

    init(_ exchange: any Exchange, _ route: Route, _ format: AnswerFormat, _ core: EdgeCore) {
        (self.exchange, self.route, self.format, self.core) = (exchange, route, format, core)
    }

    /// Has the loop write signs of life while there is nothing to say, in the forms that have any.
    func keepAlive() {
        let sign: StaticString
        switch format {
        case .events: sign = ": \n\n"
        case .list: sign = "\n"
        case .json, .lines, .bytes: sign = ""
        }
        let (exchange, context) = (exchange, exchange.loop.context)
        let interval = TimeAmount.nanoseconds(core.configuration.heartbeatInterval.edgeNanoseconds)
        exchange.lastWrite = .now() - interval + min(Self.patience, interval)
        exchange.heartbeat = { [unowned exchange] in
            Task.immediate(executorPreference: context) {
                try? await self.begin()
                var bytes = ByteBuffer()
                bytes.writeStaticString(sign)
                guard bytes.readableBytes > 0 else { return }
                try? await exchange.write(bytes)
            }
        }
        exchange.loop.watch(exchange)
    }

    private func begin() async throws(RPCError) {
        guard !exchange.hasBegun else { return }
        var response = EdgeResponse(contentType: format.mediaType)
        core.complete(&response, exchange)
        // Proxies that gather what passes them would hold events back.
        if format == .events { response.fields.append(("x-accel-buffering", "no")) }
        try await exchange.begin(response)
        guard format == .list else { return }
        var bytes = ByteBuffer()
        bytes.writeStaticString("[")
        try await exchange.write(bytes)
    }

    func write(_ message: [UInt8]) async throws(RPCError) {
        let json: [UInt8]
        if message.count > core.configuration.offloadBytes {
            let (route, transcoder) = (route, core.routes.transcoder)
            json = try await core.offload.run { () throws(RPCError) in try EdgeCore.json(message, route, transcoder) }
        } else {
            json = try EdgeCore.json(message, route, core.routes.transcoder)
        }
        try await begin()
        try await exchange.write(framed(json))
    }

    private func framed(_ json: [UInt8]) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(json.count + 8)
        switch format {
        case .events:
            bytes.writeStaticString("data: ")
            bytes.writeBytes(json)
            bytes.writeStaticString("\n\n")
        case .list:
            if count > 0 { bytes.writeStaticString(",") }
            bytes.writeBytes(json)
        case .json, .lines, .bytes:
            bytes.writeBytes(json)
            bytes.writeStaticString("\n")
        }
        count += 1
        return bytes
    }

    /// Sends the bytes that a message holds; the first one says their media type.
    func writeBytes(_ message: [UInt8]) async throws(RPCError) {
        guard let download = route.download, let content = RawMessage.decode(message, as: download) else {
            throw .unreadableReply(route.call.peer)
        }
        if !exchange.hasBegun {
            var response = EdgeResponse(contentType: ContentTypeText.safe(content.contentType))
            if let name = AttachmentName.field(of: message, as: download) {
                response.fields.append(("content-disposition", name))
            }
            core.complete(&response, exchange)
            try await exchange.begin(response)
        }
        try await exchange.write(ByteBuffer(bytes: content.bytes))
    }

    func end() async throws(RPCError) {
        if format == .bytes, !exchange.hasBegun {
            var response = EdgeResponse(contentType: ContentTypeText.safe(nil))
            core.complete(&response, exchange)
            try await exchange.begin(response)
        }
        try await begin()
        if format == .list {
            var bytes = ByteBuffer()
            bytes.writeStaticString("]")
            try await exchange.write(bytes)
        }
        await exchange.end()
    }

    /// Tells of an error in the middle. A stream of events ends with it in order; of the others nobody must take what
    /// came before for all that there is, so they are cut off.
    func end(with error: RPCError) async {
        let body = ErrorBody(error)
        exchange.reason = body.info?.reason ?? error.code.description
        guard error.code != .cancelled else { return await exchange.abort() }
        let json = body.statusJSON(core.routes.transcoder)
        var bytes = ByteBuffer()
        switch format {
        case .events:
            bytes.writeStaticString("event: error\ndata: ")
            bytes.writeBytes(json)
            bytes.writeStaticString("\n\n")
            try? await exchange.write(bytes)
            return await exchange.end()
        case .lines, .list:
            if format == .list, count > 0 { bytes.writeStaticString(",") }
            bytes.writeStaticString("{\"error\":")
            bytes.writeBytes(json)
            bytes.writeStaticString("}\n")
            try? await exchange.write(bytes)
        case .json, .bytes: break
        }
        await exchange.abort()
    }
}
