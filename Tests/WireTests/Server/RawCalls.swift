import InteropProtos
import NIOCore

@testable import Wire

/// A gRPC call written by hand as a plain HTTP/2 request, for what our client would never send.
struct RawRequest: Sendable {
    var method = "POST"
    var path = "/test.Kinds/Unary"
    var fields: [(String, String)] = [("te", "trailers"), ("content-type", "application/grpc")]
    /// DATA frames; nil: none, and the stream ends with the headers.
    var body: [[UInt8]]? = [frame([])]
    var ends = true
    var trailers = HTTP2Fields()

    /// Replaces or, with nil, removes a field.
    mutating func set(_ name: String, _ value: String?) {
        fields.removeAll { $0.0 == name }
        if let value { fields.append((name, value)) }
    }

    func start(on channel: ClientChannel) async throws -> HTTP2ClientStream {
        var head = HTTP2RequestHead(method: method, path: path)
        for (name, value) in fields { head.fields.add(name, value) }
        let stream = try await channel.request(head, endsStream: body == nil && ends)
        // A server that refuses need not wait for the body.
        for chunk in body ?? [] { try? await stream.write(ByteBuffer(bytes: chunk)) }
        if ends, body != nil { try await stream.finish(trailers: trailers) }
        return stream
    }

    func send(on channel: ClientChannel) async throws -> RawReply {
        let stream = try await start(on: channel)
        return try await RawReply(stream)
    }
}

/// The whole reply to a raw request.
struct RawReply: Sendable {
    var head: HTTP2ResponseHead
    var body: [UInt8] = []
    var trailers: HTTP2Fields

    init(_ stream: HTTP2ClientStream) async throws {
        head = try await stream.response()
        while let chunk = try await stream.nextChunk() { body += chunk.readableBytesView }
        trailers = await stream.receivedTrailers()
    }

    var isTrailersOnly: Bool { head.fields["grpc-status"] != nil }
    var code: String? { head.fields["grpc-status"] ?? trailers["grpc-status"] }
    var message: String? { head.fields["grpc-message"] ?? trailers["grpc-message"] }
}

/// A length-prefixed message.
func frame(_ bytes: [UInt8], flag: UInt8 = 0, length: Int? = nil) -> [UInt8] {
    let length = length ?? bytes.count
    return [flag] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + bytes
}

/// Echoes on every kind of method.
func addEchoes(_ router: inout Router) {
    router.unary(Kinds.unary) { (request: Note, _) in request }
    router.serverStreaming(Kinds.server) { (request: Note, responses: ResponseWriter<Note>, _) in
        for number in 0..<Int(request.code) { try await responses.write(note(request.message, number)) }
    }
    router.clientStreaming(Kinds.client) { (requests: RequestStream<Note>, _) in
        var text = ""
        for try await request in requests { text += request.message }
        return note(text)
    }
    router.bidirectional(Kinds.both) { (requests: RequestStream<Note>, responses: ResponseWriter<Note>, _) in
        for try await request in requests { try await responses.write(request) }
    }
}
