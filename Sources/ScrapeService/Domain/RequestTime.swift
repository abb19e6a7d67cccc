/// When a request to a host may begin, and what that was worked out from.
///
/// A time is a promise to the host: the next one, whoever has it, is `delay` later. So who is late gives his time up: two
/// requests would otherwise come closer together than the host wants, and after a pause of the whole process all at once.
struct RequestTime: Sendable, Hashable {
    /// Microseconds since 1970, as all here.
    let at: Int64
    /// Between two requests to the host, as it was known to be.
    var delay: Int64 = 0
    /// When the time was given.
    var givenAt: Int64 = 0

    /// How late a request may begin: a part of the delay, and at least what a busy machine needs to wake a task.
    private static let part: Int64 = 10
    private static let least: Int64 = 50_000

    /// Whether it is too late to begin.
    func isOver(now: Int64) -> Bool { delay > 0 && now - at > max(delay / Self.part, Self.least) }

    /// Whether the host has asked for more patience since.
    func isOutdated(by answer: RobotsAnswer) -> Bool { answer.fetchedAt >= givenAt && answer.delay > delay }
}

/// How far ahead a lane asks for times: after each one that it was too late for a step further, so that one that is always
/// late, as a busy machine's, gets on nevertheless.
struct RequestLead: Sendable, Hashable {
    /// Microseconds.
    private(set) var ahead: Int64 = 0

    private static let step: Int64 = 100_000
    private static let most: Int64 = 500_000

    mutating func wasLate() { ahead = min(ahead + Self.step, Self.most) }

    mutating func wasInTime() { ahead = ahead / 2 }
}
