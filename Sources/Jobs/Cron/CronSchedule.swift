public import Foundation

/// A cron expression in a time zone: a pure value that says when it is next.
///
/// Where the clock is put forward or back, by the rule that Debian's cron has:
///
/// - **Hours are named** (`30 2 * * *`): the schedule follows the clock on the wall. A time in the hour that is skipped
///   runs at the moment in which the clock is put forward, once, however many such times there are. A time in the hour
///   that comes twice runs the first time only.
/// - **Every hour** (`*/15 * * * *`, `0 * * * *`): the schedule follows time as it passes. Nothing is made up for in
///   the skipped hour, and the hour that comes twice has its runs twice.
public struct CronSchedule: Sendable, Hashable {
    public let expression: CronExpression
    public let timeZone: TimeZone

    /// - Parameter timeZone: an IANA name: "Europe/Berlin".
    /// - Throws: `CronError`.
    public init(_ expression: String, timeZone: String = "UTC") throws(CronError) {
        self.expression = try CronExpression(expression)
        guard timeZone.utf8.count <= 64, let zone = TimeZone(identifier: timeZone) else {
            throw CronError("time zone", "\"\(timeZone)\" is not in the IANA database")
        }
        self.timeZone = zone
    }

    /// The first time after the one given; nil if there is none in the `horizon`.
    public func next(after date: Date) -> Date? {
        let seconds = Int(date.timeIntervalSince1970.rounded(.down))
        let found = expression.isEveryHour ? nextPassing(after: seconds) : nextNamed(after: seconds)
        return found.map { Date(timeIntervalSince1970: Double($0)) }
    }

    /// A 29 February that also is a certain day of the week comes at the latest after 40 years, over a leap year that
    /// is left out (2096 to 2104 among them).
    private static let horizonDays = 366 * 41

    /// Seconds since 1970 of the wall clock, as if it showed UTC.
    private func wall(_ instant: Int) -> Int { instant + offset(instant) }

    private func offset(_ instant: Int) -> Int {
        timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant)))
    }

    // MARK: By the clock on the wall

    private func nextNamed(after seconds: Int) -> Int? {
        // A day back: a time in a skipped hour belongs to the moment after it.
        let today = Self.days(wall(seconds)) - 1
        for number in today...(today + Self.horizonDays) {
            guard expression.matches(CivilDay(number: number)) else { continue }
            for hour in expression.hours.values {
                for minute in expression.minutes.values {
                    let instant = instant(ofWall: number * 86_400 + hour * 3600 + minute * 60)
                    if instant > seconds { return instant }
                }
            }
        }
        return nil
    }

    /// When the wall clock shows this, the first time; or the moment in which it jumps over it.
    private func instant(ofWall wall: Int) -> Int {
        let before = offset(wall - 36 * 3600)
        let after = offset(wall + 36 * 3600)
        if offset(wall - before) == before { return wall - before }
        if offset(wall - after) == after { return wall - after }
        // Skipped: the change is between the two, at the first moment with the later offset.
        var (low, high) = (wall - max(before, after), wall - min(before, after))
        while high - low > 1 {
            let middle = (low + high) / 2
            if self.wall(middle) < wall { low = middle } else { high = middle }
        }
        return high
    }

    // MARK: By time as it passes

    private func nextPassing(after seconds: Int) -> Int? {
        let end = seconds + Self.horizonDays * 86_400
        // The next full minute of the wall clock.
        var instant = seconds + 60 - Self.modulo(wall(seconds), 60)
        while instant < end {
            let wall = wall(instant)
            let day = CivilDay(number: Self.days(wall))
            let minute = Self.modulo(wall, 3600) / 60
            if expression.matches(day) {
                if let next = expression.minutes.first(from: minute) {
                    let candidate = instant + (next - minute) * 60
                    // Unless the clock is changed in between.
                    if self.wall(candidate) == wall + (next - minute) * 60 { return candidate }
                    instant += 60
                    continue
                }
            }
            // To the next full hour of the wall clock, not further, as clocks may change there.
            instant += 3600 - Self.modulo(wall, 3600)
        }
        return nil
    }

    private static func days(_ seconds: Int) -> Int { (seconds - modulo(seconds, 86_400)) / 86_400 }

    private static func modulo(_ value: Int, _ divisor: Int) -> Int {
        let rest = value % divisor
        return rest < 0 ? rest + divisor : rest
    }
}
