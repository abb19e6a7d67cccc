import Logging
import Metrics
import Synchronization

/// Budgets that gateways share: one script call a request, by Redis's own clock.
///
/// While Redis is away each gateway keeps limits of its own, so that n gateways let through up to n times a limit; that
/// ends by itself.
final class RedisLimiter: RateLimiter {
    /// Takes the cost of each budget or of none. Times are microseconds, which doubles hold exactly for 285 years.
    private static let script = RedisScript(
        """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000000 + clock[2]
        local full, reply, allowed = {}, {}, true
        for i, key in ipairs(KEYS) do
          local increment, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
          local from = math.max(tonumber(redis.call('GET', key) or 0), now)
          local excess = from + increment - now - window
          full[i] = from + increment
          if excess > 0 then allowed = false end
          reply[2 * i - 1] = from - now
          reply[2 * i] = math.max(excess, 0)
        end
        if allowed then
          for i, key in ipairs(KEYS) do
            local rest = full[i] - now
            if rest > 0 then
              redis.call('SET', key, string.format('%.0f', full[i]), 'PX', math.ceil(rest / 1000))
            end
            reply[2 * i - 1] = rest
          end
        end
        return reply
        """)

    private let client: RedisClient
    private let limits: RateLimits
    private let local: LocalLimiter
    private let prefix: String
    private let fallbacks = Counter(label: "datavault_gateway_limits_local_total")

    /// - Parameter prefix: What all keys begin with.
    init(_ client: RedisClient, limits: RateLimits, local: LocalLimiter, prefix: String) {
        (self.client, self.limits, self.local, self.prefix) = (client, limits, local, prefix)
    }

    func take(_ cost: Int, from subjects: [LimitSubject]) async -> LimitDecision {
        guard !subjects.isEmpty else { return LimitDecision(states: []) }
        var arguments: [String] = []
        for subject in subjects {
            let limit = limits.limit(subject.kind)
            let increment = limit.units(cost) * limit.interval
            arguments.append(String((increment + 999) / 1_000))
            arguments.append(String((limit.window + 999) / 1_000))
        }
        let keys = subjects.map { "\(prefix)limit:\($0.kind.rawValue):\($0.id)" }
        do throws(RedisFailure) {
            let reply = try await Self.script.run(keys, arguments, on: client)
            guard let numbers = reply.integers, numbers.count == 2 * subjects.count else {
                throw .unanswered("\(reply)")
            }
            let states = subjects.enumerated().map { index, subject in
                LimitDecision.State(
                    kind: subject.kind, limit: limits.limit(subject.kind),
                    outcome: GCRA.Outcome(
                        untilFull: numbers[2 * index] * 1_000, retryAfter: numbers[2 * index + 1] * 1_000))
            }
            return LimitDecision(states: states)
        } catch {
            fallbacks.increment()
            return local.takeNow(cost, from: subjects)
        }
    }
}
