/// How much a host is asked, across all scrapers, organizations and workers: a pure value, kept in one row a host.
///
/// Requests have times, each a delay after the one before, whoever asks. A host that says that it is asked too much is
/// asked ever more slowly, and again faster when it answers.
struct HostBudget: Sendable, Hashable {
    /// When the next request may begin, in microseconds since 1970.
    var nextAt: Int64 = 0
    /// What the host's complaints have added to the delay, in microseconds.
    var penalty: Int64 = 0
    /// What its robots.txt asks for, in microseconds.
    var crawlDelay: Int64 = 0

    /// Bounds of how a host is treated.
    struct Rules: Sendable, Hashable {
        /// The first penalty, and the longest, in microseconds.
        var firstPenalty: Int64 = 1_000_000
        var longestPenalty: Int64 = 120_000_000
        /// The longest that a `Retry-After` or a `Crawl-delay` is heeded, in microseconds.
        var longestWait: Int64 = 300_000_000

        init() {}
    }

    /// Between two requests, for somebody who would wait so long himself.
    func delay(wishing own: Int64, _ rules: Rules = Rules()) -> Int64 {
        max(own, min(crawlDelay, rules.longestWait), penalty)
    }

    /// Gives times to begin requests at.
    ///
    /// - Parameters:
    ///   - wanted: How many.
    ///   - own: The asker's own delay.
    ///   - end: No time lies behind this one.
    /// - Returns: The times, ascending; none if the host is not to be asked before the end.
    mutating func take(_ wanted: Int, delay own: Int64, now: Int64, until end: Int64, _ rules: Rules = Rules())
        -> [Int64]
    {
        let delay = delay(wishing: own, rules)
        var times: [Int64] = []
        var time = max(nextAt, now)
        while times.count < wanted, time <= end {
            times.append(time)
            time += delay
        }
        if !times.isEmpty { nextAt = time }
        return times
    }

    /// The host says that it is asked too much.
    ///
    /// - Parameter retryAfter: How long it wants to be left alone, in microseconds, if it says so.
    mutating func complain(retryAfter: Int64?, now: Int64, _ rules: Rules = Rules()) {
        penalty = min(max(penalty * 2, rules.firstPenalty), rules.longestPenalty)
        nextAt = max(nextAt, now + min(max(retryAfter ?? penalty, 0), rules.longestWait))
    }

    /// The host answers as it should.
    mutating func recover() {
        penalty = penalty / 2
        if penalty < 50_000 { penalty = 0 }
    }
}

/// When a page that failed is tried again.
struct RetryRules: Sendable, Hashable {
    /// Attempts in all.
    var attempts = 3
    /// The pause before the second one, which doubles, in microseconds.
    var first: Int64 = 1_000_000
    var longest: Int64 = 60_000_000

    /// - Parameters:
    ///   - attempt: How many there have been.
    ///   - random: Within 0..<1.
    /// - Returns: When, in microseconds from now; nil if not any more.
    func pause(after attempt: Int, asked: Int64?, random: Double, _ rules: HostBudget.Rules = .init()) -> Int64? {
        guard attempt < attempts else { return nil }
        let ceiling = min(first << Int64(min(attempt - 1, 20)), longest)
        let jittered = ceiling / 2 + Int64(Double(ceiling / 2) * random)
        return max(jittered, min(asked ?? 0, rules.longestWait))
    }
}
