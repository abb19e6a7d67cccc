import NIOCore
import PolicyModel
import Tracing
import Wire

extension EdgeCore {
    /// Passes a gRPC call on, after the same questions as REST: bytes go both ways as they are, status and details too.
    func serveGRPC(_ exchange: any Exchange) async throws(RPCError) {
        guard let exchange = exchange as? HTTP2Exchange else {
            throw .mediaTypeUnsupported("application/json; gRPC needs HTTP/2")
        }
        exchange.isGRPC = true
        guard exchange.method == "POST" else { throw .malformed("a gRPC call is a POST") }
        guard let method = routes.methods[exchange.path] else {
            var error = RPCError.routeUnknown
            error.code = .unimplemented
            throw error
        }
        exchange.call = method
        let admission = try await admit(exchange, method)
        let isUpload = method.descriptor.kind == .clientStreaming || method.descriptor.kind == .bidirectional
        let normal = isUpload ? configuration.maxUploadBytes : configuration.maxBodyBytes
        let limit = configuration.bodyBytesOfMethods[method.descriptor.path] ?? normal
        // A call that streams lasts as long as its deadline says, not as long as a body may take.
        if isUpload { exchange.bodyDeadline = .distantFuture }
        let source = try await pieces(exchange, admission, limit: limit)
        try await admission.confirm()
        let timeout = try CallTerms.timeout(exchange, isStream: method.descriptor.kind != .unary, configuration)
        let head = HTTP2RequestHead(
            method: "POST", path: exchange.path, fields: try fields(exchange, admission, timeout))
        let upstream: HTTP2ClientStream
        do {
            upstream = try await channel(method).request(head, deadline: .now() + timeout)
        } catch { throw .upstream(error, method.peer) }
        try await GRPCPassage(exchange, upstream, method, self).run(source, timeout)
    }

    private func fields(
        _ exchange: any Exchange, _ admission: any Admission, _ timeout: TimeAmount
    ) throws(RPCError) -> HTTP2Fields {
        var fields = HTTP2Fields()
        fields.add("te", "trailers")
        fields.add("content-type", exchange.known.contentType ?? "application/grpc")
        fields.add("grpc-timeout", Timeout.format(timeout))
        for name in ["grpc-encoding", "grpc-accept-encoding"] {
            if let value = exchange.header(name) { fields.add(name, value) }
        }
        for (name, value) in try CallTerms.metadata(exchange, admission) {
            switch value {
            case .text(let text): fields.add(name, text)
            case .bytes(let bytes): fields.add(name, Base64.encode(bytes))
            }
        }
        if let span = exchange.span { EdgeTracing.inject(span, into: &fields) }
        return fields
    }

    /// Answers a gRPC call with an error of the edge: trailers only.
    func failGRPC(_ exchange: any Exchange, _ error: RPCError) async {
        exchange.status = HTTPStatus.of(error.code)
        guard let exchange = exchange as? HTTP2Exchange else { return }
        exchange.hasBegun = true
        var fields = HTTP2Fields()
        fields.add("content-type", "application/grpc")
        fields.add("x-request-id", exchange.requestID)
        fields.add("grpc-status", "\(error.code.rawValue)")
        if !error.message.isEmpty { fields.add("grpc-message", PercentEncoding.encode(error.message)) }
        if let details = error.encodedDetails { fields.add("grpc-status-details-bin", Base64.encode(details)) }
        for (name, value) in exchange.guardFields + GuardFields.of(error) { fields.add(name, value) }
        do {
            try await exchange.stream.respond(HTTP2ResponseHead(status: 200, fields: fields), endsStream: true)
        } catch { await exchange.stream.reset(with: .cancel) }
    }
}

/// One gRPC call on its way through: two streams of bytes, and the end of both.
private struct GRPCPassage {
    private let exchange: HTTP2Exchange
    private let upstream: HTTP2ClientStream
    private let method: GatewayMethod
    private let core: EdgeCore

    init(_ exchange: HTTP2Exchange, _ upstream: HTTP2ClientStream, _ method: GatewayMethod, _ core: EdgeCore) {
        (self.exchange, self.upstream, self.method, self.core) = (exchange, upstream, method, core)
    }

    /// The service ends what is late by itself; a service that does not answer any more is given this much longer.
    private static let patience = TimeAmount.seconds(1)

    func run(_ source: any PieceSource, _ timeout: TimeAmount) async throws(RPCError) {
        let context = exchange.loop.context
        let (upstream, exchange) = (upstream, exchange)
        var sender: Task<RPCError?, Never>?
        if exchange.bodyHasEnded, method.descriptor.kind == .unary {
            if let failure = await send(source) {
                await upstream.reset(with: .cancel)
                throw failure
            }
        } else {
            let passage = UncheckedPassage(self, source)
            sender = Task.immediate(executorPreference: context) {
                let failure = await passage.send()
                // What the client breaks off ends for the service, too.
                if failure != nil { await upstream.reset(with: .cancel) }
                return failure
            }
        }
        let timer = context.loop.scheduleTask(in: timeout + Self.patience) {
            exchange.hasRunOut = true
            context.run { Task.immediate(executorPreference: context) { await upstream.reset(with: .cancel) } }
        }
        defer {
            timer.cancel()
            sender?.cancel()
        }
        do {
            try await receive()
        } catch {
            if exchange.hasRunOut { throw .serviceTimeout(method.peer) }
            if let sender, exchange.isTooSlow || exchange.bodyFailure != nil, let failure = await sender.value {
                throw failure
            }
            if Task.isCancelled { throw HTTP1Exchange.clientGone }
            throw .serviceUnavailable(method.peer)
        }
    }

    /// Sends the request's bytes on; gives what is wrong with them.
    fileprivate func send(_ source: any PieceSource) async -> RPCError? {
        do throws(RPCError) {
            while let piece = try await source.next() {
                // The service's answer says why it wants no more.
                do { try await upstream.write(piece) } catch { return nil }
            }
        } catch {
            exchange.bodyFailure = error
            return error
        }
        try? await upstream.finish()
        return nil
    }

    private func receive() async throws {
        let head = try await upstream.response()
        var fields = HTTP2Fields()
        for field in head.fields.list where Self.isPassedBack(field.name) { fields.add(field.name, field.value) }
        fields.add("x-request-id", exchange.requestID)
        for (name, value) in exchange.guardFields { fields.add(name, value) }
        exchange.hasBegun = true
        note(head.fields)
        if head.fields["grpc-status"] != nil {
            return try await exchange.stream.respond(
                HTTP2ResponseHead(status: head.status, fields: fields), endsStream: true)
        }
        try await exchange.stream.respond(HTTP2ResponseHead(status: head.status, fields: fields))
        while let bytes = try await upstream.nextChunk() {
            exchange.bytesOut += bytes.readableBytes
            try await exchange.stream.write(bytes)
        }
        let received = await upstream.receivedTrailers()
        var trailers = HTTP2Fields()
        for field in received.list where Self.isPassedBack(field.name) { trailers.add(field.name, field.value) }
        note(received)
        try await exchange.stream.finish(trailers: trailers)
    }

    /// Keeps the outcome for the log.
    private func note(_ fields: HTTP2Fields) {
        if exchange.status == 0 { exchange.status = 200 }
        guard let code = fields["grpc-status"].flatMap({ Int($0) }), code != 0 else { return }
        exchange.status = HTTPStatus.of(StatusCode(rawValue: code))
        exchange.reason = StatusCode(rawValue: code).description
    }

    /// The suite's own metadata stays inside.
    private static func isPassedBack(_ name: String) -> Bool {
        !name.hasPrefix("datavault-") && name != "server" && name != "date"
    }
}

/// Takes a passage and its source into a task of the same loop.
//
// Unchecked: both are touched on that loop only.
private struct UncheckedPassage: @unchecked Sendable {
    private let passage: GRPCPassage
    private let source: any PieceSource

    init(_ passage: GRPCPassage, _ source: any PieceSource) { (self.passage, self.source) = (passage, source) }

    func send() async -> RPCError? { await passage.send(source) }
}
