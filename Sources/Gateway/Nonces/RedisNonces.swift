import Logging

/// Nonces that gateways share. Redis has to keep what it is given: no eviction (`maxmemory-policy noeviction`).
///
/// A mark stands beside the nonces: where it is missing, Redis has forgotten them, and nothing from before counts.
final class RedisNonces: NonceStore {
    /// Sets the mark where it is missing. The last argument is the gateway's clock.
    private static let marking = """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
        local since = redis.call('GET', KEYS[1])
        if not since then
          since = string.format('%.0f', math.max(now, tonumber(ARGV[#ARGV])))
          redis.call('SET', KEYS[1], since)
        end

        """

    /// Answers 0.
    private static let markScript = RedisScript(marking + "return 0")

    /// Answers 0: fresh, 1: used, 2: too old.
    private static let script = RedisScript(
        marking + """
            if tonumber(ARGV[1]) < tonumber(since) then return 2 end
            local rest = math.max(tonumber(ARGV[2]) - now, 0) + tonumber(ARGV[3])
            if redis.call('SET', KEYS[2], '1', 'NX', 'PX', string.format('%.0f', rest)) then return 0 end
            return 1
            """)

    /// How far Redis's clock may be from a gateway's, in milliseconds: for so long a nonce is kept beyond its time.
    static let clockSkew = 60_000

    private let client: RedisClient
    private let prefix: String
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - prefix: What all keys begin with.
    ///   - now: Milliseconds since 1970.
    init(_ client: RedisClient, prefix: String, now: @escaping @Sendable () -> Int64 = WallClock.now) {
        (self.client, self.prefix, self.now) = (client, prefix, now)
    }

    /// Sets the mark if Redis has none, as from its start or a loss of its memory on: else the next signed request would
    /// set it, and be too old itself.
    ///
    /// - Returns: Whether there is one now.
    func mark() async -> Bool {
        let reply = try? await Self.markScript.run(["\(prefix)nonces:since"], [String(now())], on: client)
        if case .integer(0) = reply { return true }
        return false
    }

    func use(_ nonce: Nonce, created: Int64, expires: Int64) async -> NonceVerdict {
        do throws(RedisFailure) {
            let reply = try await Self.script.run(
                ["\(prefix)nonces:since", "\(prefix)nonce:\(nonce.text)"],
                [String(created), String(expires), String(Self.clockSkew), String(now())], on: client)
            return switch reply {
            case .integer(0): .fresh
            case .integer(1): .used
            case .integer(2): .tooOld
            default: .unavailable("\(reply)")
            }
        } catch {
            return .unavailable("\(error)")
        }
    }
}
