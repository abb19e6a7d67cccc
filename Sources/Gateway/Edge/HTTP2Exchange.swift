import NIOCore
import Wire

/// A request over HTTP/2.
//
// Unchecked: confined to the loop.
final class HTTP2Exchange: ExchangeState, Exchange, @unchecked Sendable {
    let stream: HTTP2ServerStream
    /// What was wrong with the body of a call that is passed on.
    var bodyFailure: RPCError?
    /// A call that is passed on has taken longer than it may.
    var hasRunOut = false

    init(_ stream: HTTP2ServerStream, loop: EdgeLoop, _ configuration: EdgeConfiguration) {
        self.stream = stream
        super.init(loop: loop, fields: .none)
        let head = stream.request
        sourceAddress = stream.peer.address
        scheme = stream.peer.isEncrypted ? "https" : "http"
        method = head.method
        do throws(RPCError) { try read(head, configuration) } catch { fault = error }
    }

    private func read(_ head: HTTP2RequestHead, _ configuration: EdgeConfiguration) throws(RPCError) {
        guard !stream.hasLargeHead else {
            // Pseudo-headers come first: a path that is missing is what was too long.
            throw head.path.isEmpty
                ? .targetTooLong(configuration.maxTargetLength) : .headerTooLarge(configuration.maxHeaderBytes)
        }
        var list: [(name: String, value: String)] = []
        list.reserveCapacity(head.fields.list.count)
        var known = KnownHeaders()
        var failure: RPCError?
        for field in head.fields.list {
            let value = field.value.trimmedBlanks
            list.append((field.name, value))
            do throws(RPCError) { try known.add(field.name, value) } catch { failure = failure ?? error }
        }
        fields = RequestFields(list, known)
        if let failure { throw failure }
        guard list.count <= configuration.maxHeaderCount else { throw .headerTooLarge(configuration.maxHeaderCount) }
        guard known.size <= configuration.maxHeaderBytes else { throw .headerTooLarge(configuration.maxHeaderBytes) }
        guard head.path.utf8.count <= configuration.maxTargetLength else {
            throw .targetTooLong(configuration.maxTargetLength)
        }
        guard head.method != "CONNECT" else { throw .malformed("this is no proxy") }
        guard head.path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }) else {
            throw .malformed("the path has characters that a path cannot have")
        }
        guard let authority = FieldText.authority(head.authority) else { throw .malformed("the authority is none") }
        if let host = known.host, FieldText.authority(host) != authority {
            throw .malformed("the host field names another host than the authority")
        }
        self.authority = authority
        if let mark = head.path.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = String(head.path[..<mark])
            query = String(head.path[head.path.utf8.index(after: mark)...])
        } else {
            path = head.path
        }
    }

    // MARK: Body

    var supportsTrailers: Bool { true }
    var hasBody: Bool { known.contentLength.map { $0 > 0 } ?? !stream.hasWholeBody }
    var bodyHasEnded: Bool { stream.hasWholeBody || isTooSlow }

    func nextChunk() async throws(RPCError) -> ByteBuffer? {
        let mayWait = !stream.hasWholeBody
        if mayWait { beginReading() }
        defer { if mayWait { endReading() } }
        do {
            let chunk = try await stream.nextChunk()
            bytesIn += chunk?.readableBytes ?? 0
            return chunk
        } catch {
            if isTooSlow { throw .requestTimeout }
            throw HTTP1Exchange.clientGone
        }
    }

    func bodyIsTooSlow() {
        isTooSlow = true
        stream.failReading("the body came too slowly")
    }

    // MARK: Answer

    func respond(_ response: EdgeResponse) async {
        guard !hasBegun else { return }
        hasBegun = true
        status = response.status
        var fields = answerFields(response)
        let hasBody = !response.isHead && !response.hasNoContent && !response.body.isEmpty
        if !response.hasNoContent { fields.add("content-length", String(response.body.count)) }
        do {
            try await stream.respond(HTTP2ResponseHead(status: response.status, fields: fields), endsStream: !hasBody)
            guard hasBody else { return }
            var start = 0
            while start < response.body.count {
                let end = min(start + HTTP1Output.pieceSize, response.body.count)
                try await stream.write(ByteBuffer(bytes: response.body[start..<end]))
                bytesOut += end - start
                start = end
            }
            try await stream.finish()
        } catch {
            // The client has gone, or takes nothing: there is nobody to tell.
            await stream.reset(with: .cancel)
        }
    }

    func begin(_ response: EdgeResponse) async throws(RPCError) {
        guard !hasBegun else { return }
        hasBegun = true
        status = response.status
        lastWrite = .now()
        do {
            try await stream.respond(HTTP2ResponseHead(status: response.status, fields: answerFields(response)))
        } catch { throw HTTP1Exchange.clientGone }
    }

    func write(_ bytes: ByteBuffer) async throws(RPCError) {
        lastWrite = .now()
        bytesOut += bytes.readableBytes
        do { try await stream.write(bytes) } catch { throw HTTP1Exchange.clientGone }
    }

    func end(trailers: [(name: String, value: String)]) async {
        var fields = HTTP2Fields()
        for (name, value) in trailers { fields.add(name, value) }
        do { try await stream.finish(trailers: fields) } catch { await stream.reset(with: .internalError) }
    }

    func abort() async { await stream.reset(with: .internalError) }

    private func answerFields(_ response: EdgeResponse) -> HTTP2Fields {
        var fields = HTTP2Fields()
        fields.add("date", loop.date)
        if let type = response.contentType { fields.add("content-type", type) }
        fields.add("x-request-id", requestID)
        for (name, value) in response.fields { fields.add(name, value) }
        for (name, value) in guardFields { fields.add(name, value) }
        let common = loop.core.commonFields
        for (name, value) in response.hasOwnTerms ? common.listWithoutTerms : common.list { fields.add(name, value) }
        return fields
    }
}
