/// When something is to happen, in crontab's five fields: minute, hour, day of month, month, day of week.
///
/// Values, ranges (`1-5`), steps (`*/15`, `8-18/2`), lists (`1,15`) and names (`JAN`, `MON-FRI`); Sunday is 0 and 7.
/// Also `@hourly`, `@daily` (`@midnight`), `@weekly`, `@monthly`, `@yearly` (`@annually`). As in every cron, a day
/// matches if either day field names it when both are restricted, that is, when neither begins with a star.
public struct CronExpression: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    let minutes: CronField
    let hours: CronField
    let days: CronField
    let months: CronField
    let weekdays: CronField

    /// The longest text that is read.
    public static let maximumLength = 256

    private static let shorthands = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]
    private static let monthNames = [
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ]
    private static let dayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

    /// - Throws: `CronError` naming the field, also for an expression that no day ever matches (`0 0 30 2 *`).
    public init(_ text: String) throws(CronError) {
        guard text.utf8.count <= Self.maximumLength else {
            throw CronError("expression", "is longer than \(Self.maximumLength) bytes")
        }
        description = text
        let fields = (Self.shorthands[text.lowercased()] ?? text).split { $0 == " " || $0 == "\t" }
        guard fields.count == 5 else {
            throw CronError("expression", "\"\(text)\" has \(fields.count) fields instead of 5, and is no shorthand")
        }
        minutes = try CronField(fields[0], "minute", 0...59)
        hours = try CronField(fields[1], "hour", 0...23)
        days = try CronField(fields[2], "day of month", 1...31)
        months = try CronField(fields[3], "month", 1...12, names: Self.monthNames)
        weekdays = try CronField(fields[4], "day of week", 0...7, names: Self.dayNames)
        guard !days.isStar, weekdays.isStar else { return }
        let possible = months.values.contains { month in (days.values.first ?? 32) <= Self.longest[month - 1] }
        guard possible else { throw CronError("day of month", "no month named has such a day") }
    }

    private static let longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

    func matches(_ day: CivilDay) -> Bool {
        guard months.contains(day.month) else { return false }
        let weekday = day.weekday
        let byDay = days.contains(day.day)
        let byWeekday = weekdays.contains(weekday) || (weekday == 0 && weekdays.contains(7))
        return days.isStar || weekdays.isStar ? byDay && byWeekday : byDay || byWeekday
    }

    /// Whether runs follow the hours that pass rather than the clock on the wall: see `CronSchedule`.
    var isEveryHour: Bool { hours.isComplete }
}
