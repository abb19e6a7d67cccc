import EchoProtos
import Wire

/// The echo service, whose handlers also do what attackers like: wait.
struct TargetHandler: Echo_EchoService.Handler {
    /// `wait` lasts until the call is cancelled, `stubborn` half a second whether it is or not.
    func say(_ request: Echo_Echo, context: ServerContext) async throws -> Echo_Echo {
        switch request.text {
        case "wait": try await Task.sleep(for: .seconds(60))
        case "stubborn": await Task.detached { try? await Task.sleep(for: .milliseconds(500)) }.value
        default: break
        }
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
        reply.text = String(repeating: request.text, count: 1000)
        for _ in 0..<request.count { try await responses.write(reply) }
    }
}
