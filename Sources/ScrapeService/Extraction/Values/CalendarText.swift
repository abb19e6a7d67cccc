/// A day and perhaps a time, as found in a text.
struct FoundTime: Equatable {
    var year = 0
    var month = 0
    var day = 0
    var time: (hour: Int, minute: Int, second: Int, fraction: String)?
    /// Minutes from UTC.
    var offset: Int?

    static func == (left: FoundTime, right: FoundTime) -> Bool {
        left.dateText == right.dateText && left.timeText == right.timeText && left.offset == right.offset
    }

    /// If the calendar has this day and a day has this time.
    var isValid: Bool {
        guard (1...9_999).contains(year), (1...12).contains(month), day >= 1, day <= Self.days(year, month) else {
            return false
        }
        if let time, time.hour > 23 || time.minute > 59 || time.second > 60 { return false }
        return abs(offset ?? 0) <= 18 * 60
    }

    private static func days(_ year: Int, _ month: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    var dateText: String { "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))" }

    var timeText: String? {
        time.map {
            let second = Self.padded(min($0.second, 59), 2)
            return "\(Self.padded($0.hour, 2)):\(Self.padded($0.minute, 2)):\(second)"
                + ($0.fraction.isEmpty ? "" : "." + $0.fraction)
        }
    }

    static func offsetText(_ offset: Int) -> String {
        if offset == 0 { return "Z" }
        return (offset < 0 ? "-" : "+") + "\(padded(abs(offset) / 60, 2)):\(padded(abs(offset) % 60, 2))"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    /// Two digits of a year: RFC 6265 and POSIX read 69 to 99 as of the last century.
    static func fullYear(_ year: Int, digits: Int) -> Int { digits == 2 ? year + (year < 69 ? 2_000 : 1_900) : year }
}

/// English names in dates.
enum CalendarNames {
    static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ]
    private static let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

    /// 1 to 12 for a month's name, whole or by its first three or four letters.
    static func month(_ word: String) -> Int? {
        guard word.count >= 3 else { return nil }
        let isAbbreviated = word.count == 3 || word == "sept"
        return months.firstIndex { $0 == word || (isAbbreviated && $0.hasPrefix(word)) }.map { $0 + 1 }
    }

    static func isDay(_ word: String) -> Bool {
        word.count >= 2 && days.contains { $0 == word || (word.count <= 5 && $0.hasPrefix(word)) }
    }

    /// Minutes from UTC by name: RFC 5322, section 4.3.
    static let zones: [String: Int] = [
        "z": 0, "utc": 0, "gmt": 0, "ut": 0, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420,
        "mdt": -360,
        "pst": -480, "pdt": -420,
    ]
}
