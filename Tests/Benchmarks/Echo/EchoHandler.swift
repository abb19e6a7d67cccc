import EchoProtos
import Wire

/// What the peers of the benchmark do, too: nothing but the call itself.
struct EchoHandler: Echo_EchoService.Handler {
    func say(_ request: Echo_Echo, context: ServerContext) async throws -> Echo_Echo {
        var reply = Echo_Echo()
        reply.text = request.text
        return reply
    }

    func stream(
        _ request: Echo_StreamReq,
        responses: ResponseWriter<Echo_Echo>,
        context: ServerContext
    ) async throws {
        var reply = Echo_Echo()
        reply.text = request.text
        for _ in 0..<request.count { try await responses.write(reply) }
    }
}
