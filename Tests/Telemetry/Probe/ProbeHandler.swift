import EchoProtos
import Tracing
import Wire

/// Echoes, or calls the next server within a span of its own that has a part of everything that spans can have.
struct ProbeHandler: Echo_EchoService.Handler {
    var upstream: Echo_EchoService.Client?

    func say(_ request: Echo_Echo, context: ServerContext) async throws -> Echo_Echo {
        try Self.failIfAsked(request.text)
        guard let upstream else { return request }
        return try await withSpan("forward") { span in
            Self.describe(span, request.text)
            return try await upstream.say(request)
        }
    }

    func stream(
        _ request: Echo_StreamReq, responses: ResponseWriter<Echo_Echo>, context: ServerContext
    ) async throws {
        try Self.failIfAsked(request.text)
        guard let upstream else {
            var reply = Echo_Echo()
            reply.text = request.text
            for _ in 0..<request.count { try await responses.write(reply) }
            return
        }
        for try await reply in try await upstream.stream(request) { try await responses.write(reply) }
    }

    /// `fail N` fails with gRPC's code N.
    private static func failIfAsked(_ text: String) throws {
        guard text.hasPrefix("fail "), let code = Int(text.dropFirst(5)) else { return }
        throw RPCError(code: StatusCode(rawValue: code), message: "asked for \(text)")
    }

    private static func describe(_ span: any Span, _ text: String) {
        span.updateAttributes { attributes in
            attributes["probe.text"] = text
            attributes["probe.count"] = 7
            attributes["probe.ratio"] = 0.5
            attributes["probe.flag"] = true
            attributes["probe.names"] = ["a", "b"]
            attributes["probe.numbers"] = [1, -2]
            attributes["probe.access_token"] = "do-not-tell"
            attributes["probe.long"] = String(repeating: "ä", count: 5000)
        }
        span.addEvent(SpanEvent(name: "begun", attributes: ["step": "first", "password": "do-not-tell"]))
        if let current = ServiceContext.current {
            span.addLink(SpanLink(context: current, attributes: ["why": "test"]))
        }
    }
}
