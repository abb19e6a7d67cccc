/// Days and times of the proleptic Gregorian calendar as numbers, and the texts of RFC 3339 for them.
enum CivilTime {
    static let microsecondsPerDay: Int64 = 86_400_000_000
    /// 0001-01-01 and 9999-12-31, in days since 1970-01-01.
    static let days: ClosedRange<Int32> = -719_162...2_932_896
    /// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z, in microseconds since 1970.
    static let microseconds: ClosedRange<Int64> = -62_135_596_800_000_000...253_402_300_799_999_999

    /// Days since 1970-01-01; none where there is no such day.
    @inline(__always)
    static func days(year: Int, month: Int, day: Int) -> Int32? {
        guard year >= 1, year <= 9_999, month >= 1, month <= 12, day >= 1, day <= length(ofMonth: month, year: year)
        else { return nil }
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March.
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int32(truncatingIfNeeded: era * 146_097 + dayOfEra - 719_468)
    }

    /// The year, month and day of days since 1970-01-01.
    @inline(__always)
    static func date(days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// The day that holds a point in time, in days since 1970-01-01.
    static func day(ofMicroseconds microseconds: Int64) -> Int64 {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: microsecondsPerDay)
        return remainder < 0 ? quotient - 1 : quotient
    }

    private static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
