import Foundation
import Testing

@testable import Jobs

@Suite struct CronTests {
    /// The next times after one, as UTC text, seconds left out.
    private func times(_ cron: String, _ zone: String = "UTC", after: String, _ count: Int) throws -> [String] {
        let schedule = try CronSchedule(cron, timeZone: zone)
        var date = try instant(after)
        var times: [String] = []
        for _ in 0..<count {
            guard let next = schedule.next(after: date) else { break }
            #expect(next > date)
            date = next
            times.append(next.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: false)))
        }
        return times.map { String($0.prefix(16)).replacing("T", with: " ") }
    }

    private func instant(_ text: String) throws -> Date {
        try Date(text.replacing(" ", with: "T") + ":00Z", strategy: .iso8601)
    }

    private func field(_ text: String) -> String? {
        do { _ = try CronExpression(text) } catch { return error.field }
        return nil
    }

    @Test func fields() throws {
        #expect(try CronField("*/15", "minute", 0...59).values == [0, 15, 30, 45])
        #expect(try CronField("5", "minute", 0...59).values == [5])
        #expect(try CronField("50/4", "minute", 0...59).values == [50, 54, 58])
        #expect(try CronField("1-10/3,58-59", "minute", 0...59).values == [1, 4, 7, 10, 58, 59])
        #expect(
            try CronField("jan,Mar-may", "month", 1...12, names: ["JAN", "FEB", "MAR", "APR", "MAY"]).values == [
                1, 3, 4, 5,
            ])
        #expect(try CronField("*", "hour", 0...23).isComplete)
    }

    @Test(arguments: [
        ("60 * * * *", "minute"), ("-1 * * * *", "minute"), ("1-2-3 * * * *", "minute"), ("*/0 * * * *", "minute"),
        ("5-1 * * * *", "minute"), (", * * * *", "minute"), ("1,,2 * * * *", "minute"), ("*/ * * * *", "minute"),
        ("0 24 * * *", "hour"), ("0 0 0 * *", "day of month"), ("0 0 32 * *", "day of month"),
        ("0 0 30 2 *", "day of month"), ("0 0 31 4,6 *", "day of month"), ("0 0 * 13 *", "month"),
        ("0 0 * FOO *", "month"), ("0 0 * * 8", "day of week"), ("0 0 * * MON-", "day of week"),
        ("* * * *", "expression"), ("* * * * * *", "expression"), ("@often", "expression"), ("", "expression"),
        ("٣ * * * *", "minute"), (String(repeating: "1,", count: 200) + "1 * * * *", "expression"),
    ])
    func whatIsWrongIsNamed(_ text: String, _ expected: String) { #expect(field(text) == expected) }

    @Test func unknownTimeZones() {
        let error = #expect(throws: CronError.self) { try CronSchedule("@daily", timeZone: "Mars/Olympus") }
        #expect(error?.field == "time zone")
    }

    @Test func ordinaryTimes() throws {
        #expect(
            try times("*/20 * * * *", after: "2026-01-01 00:00", 3) == [
                "2026-01-01 00:20", "2026-01-01 00:40", "2026-01-01 01:00",
            ])
        #expect(
            try times("@daily", after: "2026-12-30 23:59", 3) == [
                "2026-12-31 00:00", "2027-01-01 00:00", "2027-01-02 00:00",
            ])
        #expect(
            try times("0 9-17/4 * * MON-FRI", after: "2026-11-20 10:00", 4) == [
                "2026-11-20 13:00", "2026-11-20 17:00", "2026-11-23 09:00", "2026-11-23 13:00",
            ])
        #expect(try times("@weekly", after: "2026-11-21 00:00", 2) == ["2026-11-22 00:00", "2026-11-29 00:00"])
        #expect(try times("0 0 * * 7", after: "2026-11-21 00:00", 1) == ["2026-11-22 00:00"])
        #expect(try times("@monthly", after: "2026-11-21 00:00", 2) == ["2026-12-01 00:00", "2027-01-01 00:00"])
        #expect(try times("@yearly", after: "2026-11-21 00:00", 1) == ["2027-01-01 00:00"])
        #expect(try times("30 12 * * *", "Asia/Kolkata", after: "2026-01-01 00:00", 1) == ["2026-01-01 07:00"])
        #expect(
            try times("*/10 * * * *", "Asia/Kathmandu", after: "2026-01-01 00:00", 2) == [
                "2026-01-01 00:05", "2026-01-01 00:15",
            ])
    }

    /// Either day field, when both are restricted.
    @Test func bothDayFields() throws {
        #expect(
            try times("0 0 13 * FRI", after: "2026-11-01 00:00", 4) == [
                "2026-11-06 00:00", "2026-11-13 00:00", "2026-11-20 00:00", "2026-11-27 00:00",
            ])
        #expect(try times("0 0 13 * */7", after: "2026-11-01 00:00", 1) == ["2026-12-13 00:00"])
    }

    @Test func leapDaysAndMonthEnds() throws {
        #expect(
            try times("0 0 29 2 *", after: "2026-01-01 00:00", 3) == [
                "2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00",
            ])
        // 2100 is no leap year.
        #expect(try times("0 0 29 2 *", after: "2096-03-01 00:00", 1) == ["2104-02-29 00:00"])
        #expect(
            try times("0 12 31 * *", after: "2027-01-31 12:00", 3) == [
                "2027-03-31 12:00", "2027-05-31 12:00", "2027-07-31 12:00",
            ])
        #expect(try times("59 23 28-31 2 *", after: "2027-12-01 00:00", 2) == ["2028-02-28 23:59", "2028-02-29 23:59"])
        #expect(try times("*/30 * 29 2 *", after: "2026-01-01 00:00", 1) == ["2028-02-29 00:00"])
    }

    /// Berlin: forward on 2026-03-29 at 01:00 UTC (2:00 to 3:00), back on 2026-10-25 at 01:00 UTC (3:00 to 2:00).
    @Test func namedHoursInTheNorth() throws {
        let zone = "Europe/Berlin"
        #expect(
            try times("30 2 * * *", zone, after: "2026-03-27 12:00", 3) == [
                "2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30",
            ])
        // Three times in the skipped hour are one run; the one at its end is the same.
        #expect(
            try times("0,20,40 2,3 * * *", zone, after: "2026-03-28 23:00", 3) == [
                "2026-03-29 01:00", "2026-03-29 01:20", "2026-03-29 01:40",
            ])
        #expect(
            try times("30 2 * * *", zone, after: "2026-10-24 12:00", 2) == ["2026-10-25 00:30", "2026-10-26 01:30"])
        #expect(try times("30 2 * * *", zone, after: "2026-10-25 00:30", 1) == ["2026-10-26 01:30"])
        #expect(try times("0 3 * * *", zone, after: "2026-10-24 12:00", 1) == ["2026-10-25 02:00"])
    }

    @Test func everyHourInTheNorth() throws {
        let zone = "Europe/Berlin"
        #expect(
            try times("30 * * * *", zone, after: "2026-03-28 23:00", 4) == [
                "2026-03-28 23:30", "2026-03-29 00:30", "2026-03-29 01:30", "2026-03-29 02:30",
            ])
        #expect(
            try times("*/30 * * * *", zone, after: "2026-10-25 00:00", 4) == [
                "2026-10-25 00:30", "2026-10-25 01:00", "2026-10-25 01:30", "2026-10-25 02:00",
            ])
    }

    /// Sydney: forward on 2026-10-04 at 16:00 UTC the day before, back on 2026-04-05 likewise.
    @Test func theSouth() throws {
        let zone = "Australia/Sydney"
        #expect(
            try times("30 2 * * *", zone, after: "2026-10-02 20:00", 2) == ["2026-10-03 16:00", "2026-10-04 15:30"])
        #expect(
            try times("30 2 * * *", zone, after: "2026-04-03 20:00", 2) == ["2026-04-04 15:30", "2026-04-05 16:30"])
        #expect(
            try times("0 * * * *", zone, after: "2026-04-04 14:30", 3) == [
                "2026-04-04 15:00", "2026-04-04 16:00", "2026-04-04 17:00",
            ])
    }

    /// Lord Howe moves its clocks by half an hour; Santiago at midnight; Apia left a day out.
    @Test func oddChanges() throws {
        let howe = "Australia/Lord_Howe"
        #expect(
            try times("15 2 * * *", howe, after: "2026-10-02 20:00", 2) == ["2026-10-03 15:30", "2026-10-04 15:15"])
        #expect(
            try times("*/15 * * * *", howe, after: "2026-10-03 15:10", 2) == ["2026-10-03 15:15", "2026-10-03 15:30"])
        #expect(
            try times("0 0 * * *", "America/Santiago", after: "2026-09-05 12:00", 2) == [
                "2026-09-06 04:00", "2026-09-07 03:00",
            ])
        #expect(
            try times("0 12 * * *", "Pacific/Apia", after: "2011-12-29 10:00", 3) == [
                "2011-12-29 22:00", "2011-12-30 10:00", "2011-12-30 22:00",
            ])
    }

    /// Against a reference that looks at every minute of two years.
    @Test(arguments: [
        ("17 3 * * *", "America/New_York"), ("*/7 * * * *", "Europe/Berlin"), ("0 0 1 * *", "Australia/Sydney"),
        ("45 */6 * * MON", "America/Santiago"),
    ])
    func agreesWithLookingAtEveryMinute(_ cron: String, _ zone: String) throws {
        let schedule = try CronSchedule(cron, timeZone: zone)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = schedule.timeZone
        let begin = try instant("2026-03-20 00:00")
        var expected: [Date] = []
        for minute in 1...(20 * 1440) {
            let date = begin.addingTimeInterval(Double(minute) * 60)
            let parts = calendar.dateComponents([.minute, .hour, .day, .month, .weekday], from: date)
            let expression = schedule.expression
            let weekday = (parts.weekday ?? 1) - 1
            if expression.minutes.contains(parts.minute ?? 0), expression.hours.contains(parts.hour ?? 0),
                expression.days.contains(parts.day ?? 0), expression.months.contains(parts.month ?? 0),
                expression.weekdays.contains(weekday)
            {
                expected.append(date)
            }
        }
        var found: [Date] = []
        var date = begin
        while let next = schedule.next(after: date), next <= begin.addingTimeInterval(20 * 86_400) {
            found.append(next)
            date = next
        }
        // None of these has a time in an hour that is skipped or comes twice, other than those that follow time.
        #expect(found == expected)
    }

    @Test func missedRuns() throws {
        let cron = try CronSchedule("0 * * * *")
        var schedule = JobSchedule("s", cron, JobRequest(kind: "k", payload: []), by: "t")
        let (due, now) = (try instant("2026-01-01 01:00"), try instant("2026-01-01 05:30"))
        func runs(_ missed: JobSchedule.Missed, now: Date) -> [Int] {
            schedule.missed = missed
            let (times, next) = schedule.runs(due: due, now: now, grace: .seconds(60), bound: 100)
            #expect(next.map { $0 > now } == true)
            return times.map { Int($0.timeIntervalSince(due) / 3600) + 1 }
        }
        #expect(runs(.skip, now: now) == [])
        #expect(runs(.skip, now: due.addingTimeInterval(59)) == [1])
        #expect(runs(.runOnce, now: now) == [5])
        #expect(runs(.runAll(atMost: 3), now: now) == [3, 4, 5])
        #expect(runs(.runAll(atMost: 50), now: now) == [1, 2, 3, 4, 5])
        // Years of a minute's schedule are not counted through.
        schedule.cron = try CronSchedule("* * * * *")
        schedule.missed = .runOnce
        let late = due.addingTimeInterval(86_400 * 3650)
        #expect(schedule.runs(due: due, now: late, grace: .seconds(60), bound: 100).times == [late])
    }
}
