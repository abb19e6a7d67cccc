import Crypto

/// A Lua script that Redis keeps under its hash.
struct RedisScript: Sendable {
    private let source: String
    private let hash: String

    init(_ source: String) {
        self.source = source
        // What Redis itself names scripts by; nothing rests on its strength.
        hash = Insecure.SHA1.hash(data: Array(source.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// Runs the script; sends its source if Redis does not have it.
    func run(_ keys: [String], _ arguments: [String], on client: RedisClient) async throws(RedisFailure) -> RedisReply {
        let rest = [String(keys.count)] + keys + arguments
        let reply = try await client.run(RedisCommand(["EVALSHA", hash] + rest))
        guard case .error(let text) = reply, text.hasPrefix("NOSCRIPT") else { return reply }
        return try await client.run(RedisCommand(["EVAL", source] + rest))
    }
}
