import Crypto
import NIOCore
import Transcoding
import Wire

extension EdgeCore {
    /// Makes the call of a route.
    ///
    /// - Parameter path: Nil for a route without variables.
    func serve(_ route: Route, _ path: RequestPath?, _ exchange: any Exchange) async throws(RPCError) {
        try RequestMedia.check(exchange, route)
        let format = try AnswerFormat.choose(exchange.known.accept, route)
        let maker = try RequestMaker(route, path, exchange, routes.transcoder)
        let kind = route.call.descriptor.kind
        switch kind {
        case .unary, .serverStreaming:
            let limit = bodyLimit(route)
            if let announced = exchange.announcedLength, announced > limit { throw .bodyTooLarge(limit) }
            let admission = try await admit(exchange, route.call)
            let expected = try ExpectedDigest(exchange, admission)
            let body = try await body(exchange, route, limit: limit, expected)
            if admission.mustBeConfirmed { try await admission.confirm() }
            let request: [UInt8]
            if body.readableBytes <= configuration.offloadBytes, maker.route.upload == nil {
                request = try maker.message(json: body)
            } else {
                request = try await self.request(maker, body, exchange)
            }
            let options = try CallTerms.options(exchange, route.call, admission, configuration)
            if kind == .unary {
                try await serveUnary(exchange, route, request, options)
            } else {
                try await serveStream(exchange, route, format, request, options)
            }
        case .clientStreaming where route.upload != nil:
            try await serveUpload(exchange, route, format, maker)
        case .clientStreaming, .bidirectional:
            throw RPCError(code: .unimplemented, message: "the method can be called by gRPC only")
        }
    }

    /// Asks the guard.
    func admit(_ exchange: any Exchange, _ method: GatewayMethod) async throws(RPCError) -> any Admission {
        if let admission = exchange.admission { return admission }
        let summary = summary(exchange)
        let admission: any Admission
        if let now = try guardian.admitNow(summary, to: method.admitted) {
            admission = now
        } else {
            admission = try await guardian.admit(summary, to: method.admitted)
        }
        note(admission, exchange)
        if let denial = admission.denial {
            try await recordDenial(exchange, method, admission)
            throw denial
        }
        return admission
    }

    /// A request as the guard sees it.
    func summary(_ exchange: ExchangeState) -> RequestSummary {
        var summary = RequestSummary(
            method: exchange.method, scheme: exchange.scheme, authority: exchange.authority, path: exchange.path,
            query: exchange.query, headers: exchange.headers, sourceAddress: exchange.sourceAddress,
            requestID: exchange.requestID)
        summary.fields = exchange.fields
        return summary
    }

    func note(_ admission: any Admission, _ exchange: ExchangeState) {
        (exchange.organization, exchange.subject) = (admission.organization, admission.subject)
        exchange.guardFields = admission.responseHeaders
    }

    /// Bytes that a body of a route's may have.
    func bodyLimit(_ route: Route) -> Int {
        configuration.bodyBytesOfMethods.isEmpty
            ? configuration.maxBodyBytes
            : configuration.bodyBytesOfMethods[route.call.descriptor.path] ?? configuration.maxBodyBytes
    }

    /// The way to a role.
    func channel(_ method: GatewayMethod) throws(RPCError) -> ClientChannel {
        guard let upstream = upstreams[method.peer] else { throw .serviceUnavailable(method.peer) }
        do { return try upstream() } catch { throw .serviceUnavailable(method.peer) }
    }

    private func body(
        _ exchange: any Exchange, _ route: Route, limit: Int, _ expected: ExpectedDigest?
    ) async throws(RPCError) -> ByteBuffer {
        if route.body == .none {
            var body = ByteBuffer()
            // The rule.
            if exchange.bodyHasEnded, exchange.bytesIn == 0, expected == nil, exchange.wholeBodyNow() != nil {
                return body
            }
            do throws(RPCError) { body = try await exchange.wholeBody(limit: 0) } catch {
                guard error.code == .resourceExhausted else { throw error }
                throw .bodyInvalid("the method takes no body")
            }
            if let expected, !expected.digest.matches(body) { throw expected.mismatch }
            return body
        }
        let body: ByteBuffer
        if let here = exchange.wholeBodyNow() {
            guard here.readableBytes <= limit else { throw .bodyTooLarge(limit) }
            body = here
        } else {
            body = try await exchange.wholeBody(limit: limit)
        }
        if body.readableBytes > 0, route.upload == nil, exchange.known.contentType == nil {
            throw .mediaTypeUnsupported("application/json, and say so in content-type")
        }
        if let expected {
            let digest = expected.digest
            let matches =
                body.readableBytes > configuration.offloadBytes
                ? try await offload.run { () throws(RPCError) in digest.matches(body) } : digest.matches(body)
            guard matches else { throw expected.mismatch }
        }
        return body
    }

    private func request(
        _ maker: RequestMaker, _ body: ByteBuffer, _ exchange: any Exchange
    ) async throws(RPCError) -> [UInt8] {
        if let upload = maker.route.upload {
            let first = try maker.messageWithoutBody()
            guard body.readableBytes > 0 else { return first }
            return RawMessage.encode(
                body.readableBytesView, contentType: exchange.known.contentType, as: upload, after: first)
        }
        guard body.readableBytes > configuration.offloadBytes else { return try maker.message(json: body) }
        return try await offload.run { () throws(RPCError) in try maker.message(json: body) }
    }

    /// Makes a unary call, and answers with its reply.
    func serveUnary(
        _ exchange: any Exchange, _ route: Route, _ request: [UInt8], _ options: CallOptions
    ) async throws(RPCError) {
        let method = route.call
        let channel = try channel(method)
        let reply: [UInt8]
        do {
            reply = try await channel.unaryBytes(method.descriptor, request, options: options).message
        } catch { throw .upstream(error, method.peer) }
        try await answer(exchange, route, reply)
    }

    /// Answers with one message.
    func answer(_ exchange: any Exchange, _ route: Route, _ reply: [UInt8]) async throws(RPCError) {
        if let download = route.download {
            guard let content = RawMessage.decode(reply, as: download) else {
                throw .unreadableReply(route.call.peer)
            }
            var response = EdgeResponse(
                contentType: ContentTypeText.safe(content.contentType), body: Array(content.bytes))
            if let name = AttachmentName.field(of: reply, as: download) {
                response.fields.append(("content-disposition", name))
            }
            await answer(exchange, response)
            return
        }
        let json: [UInt8]
        if reply.count > configuration.offloadBytes {
            let transcoder = routes.transcoder
            json = try await offload.run { () throws(RPCError) in try Self.json(reply, route, transcoder) }
        } else {
            json = try Self.json(reply, route, routes.transcoder)
        }
        await answer(exchange, EdgeResponse(contentType: "application/json", body: json))
    }

    static func json(_ reply: [UInt8], _ route: Route, _ transcoder: Transcoder) throws(RPCError) -> [UInt8] {
        do throws(TranscodingError) {
            return try transcoder.json(fromProtobuf: reply, as: route.call.response, field: route.responseBody)
        } catch {
            var failure = RPCError.unreadableReply(route.call.peer)
            failure.cause = error
            throw failure
        }
    }
}

/// Media types that services say.
enum ContentTypeText {
    /// The type if it can stand in a header field; the type of any bytes otherwise.
    static func safe(_ text: String?) -> String {
        guard let text, !text.isEmpty, text.utf8.count <= 256, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            return "application/octet-stream"
        }
        return text
    }
}

extension ContentDigest {
    /// Whether these bytes hash to it.
    func matches(_ body: ByteBuffer) -> Bool {
        var hash = BodyHash(algorithm)
        hash.update(body)
        return hash.finish() == value
    }
}

/// A digest that is made piece by piece.
enum BodyHash {
    case sha256(SHA256)
    case sha512(SHA512)

    init(_ algorithm: ContentDigest.Algorithm) {
        self =
            switch algorithm {
            case .sha256: .sha256(SHA256())
            case .sha512: .sha512(SHA512())
            }
    }

    mutating func update(_ bytes: ByteBuffer) {
        unsafe bytes.withUnsafeReadableBytes { pointer in
            switch self {
            case .sha256(var hash):
                unsafe hash.update(bufferPointer: pointer)
                self = .sha256(hash)
            case .sha512(var hash):
                unsafe hash.update(bufferPointer: pointer)
                self = .sha512(hash)
            }
        }
    }

    func finish() -> [UInt8] {
        switch self {
        case .sha256(let hash): Array(hash.finalize())
        case .sha512(let hash): Array(hash.finalize())
        }
    }
}
