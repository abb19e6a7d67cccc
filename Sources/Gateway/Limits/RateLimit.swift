/// A limit: how many units come back a second, and how many may be spent at once.
public struct RateLimit: Hashable, Sendable {
    /// Units a second.
    public let rate: Double
    /// Units that may be spent at once.
    public let burst: Int
    /// Nanoseconds in which one unit comes back.
    let interval: Int64
    /// Nanoseconds in which all of it comes back.
    let window: Int64

    /// Names a limit. Rates lie between one unit in a thousand seconds and a million a second.
    public init(rate: Double, burst: Int) {
        self.rate = min(max(rate, 0.001), 1_000_000)
        self.burst = min(max(burst, 1), 1_000_000)
        interval = max(1, Int64((1_000_000_000 / self.rate).rounded()))
        window = interval * Int64(self.burst)
    }

    /// What a call takes: no more than there can be, as nothing could make it otherwise.
    func units(_ cost: Int) -> Int64 { Int64(min(max(cost, 0), burst)) }
}

/// Generic cell rate algorithm (ITU-T I.371): one time per caller, at which its budget is full again.
///
/// In any span of t seconds no more than `burst + rate · t` units are let through.
enum GCRA {
    /// A limit's state after a question.
    struct Outcome: Hashable, Sendable {
        /// Nanoseconds until the budget is full.
        var untilFull: Int64
        /// Nanoseconds to wait before the same question can be answered with yes; 0: it has been.
        var retryAfter: Int64 = 0

        var isAllowed: Bool { retryAfter == 0 }

        /// Units that may be spent at once now.
        func remaining(of limit: RateLimit) -> Int64 { max(0, (limit.window - untilFull) / limit.interval) }
    }

    /// Takes `units` if they are there.
    ///
    /// - Parameters:
    ///   - fullAt: When the budget is full, in nanoseconds of any clock that does not go back; changes if it is allowed.
    ///   - now: Of the same clock.
    static func take(_ units: Int64, of limit: RateLimit, fullAt: inout Int64, now: Int64) -> Outcome {
        let from = max(fullAt, now)
        let next = from + units * limit.interval
        let excess = next - now - limit.window
        guard excess <= 0 else { return Outcome(untilFull: from - now, retryAfter: excess) }
        fullAt = next
        return Outcome(untilFull: next - now)
    }
}
