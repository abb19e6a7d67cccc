/// google.protobuf.Timestamp as text: RFC 3339, always with Z when written, with any offset when read.
enum TimestampText {
    /// Years 0001 to 9999, as seconds from 1970.
    static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    static func parse(_ text: TextSlice) throws(TranscodingError) -> (seconds: Int64, nanos: Int32) {
        var scanner = TextScanner(text)
        guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2), scanner.take("-"),
            let day = scanner.digits(2), scanner.take("T"), let hour = scanner.digits(2), scanner.take(":"),
            let minute = scanner.digits(2), scanner.take(":"), let second = scanner.digits(2),
            let nanos = scanner.fraction()
        else { throw malformed(text) }
        var offset: Int64 = 0
        if !scanner.take("Z") {
            let isWest = scanner.take("-")
            guard isWest || scanner.take("+"), let hours = scanner.digits(2), scanner.take(":"),
                let minutes = scanner.digits(2), hours < 24, minutes < 60
            else { throw malformed(text) }
            offset = Int64(hours * 60 + minutes) * (isWest ? -60 : 60)
        }
        guard scanner.isAtEnd, year >= 1, (1...12).contains(month), day >= 1, day <= daysInMonth(month, year: year),
            hour < 24, minute < 60, second < 60
        else { throw malformed(text) }
        let days = daysFromEpoch(year: year, month: month, day: day)
        let seconds = Int64(days) * 86_400 + Int64(hour * 3_600 + minute * 60 + second) - offset
        guard range.contains(seconds) else {
            throw TranscodingError(.outOfRange, "\(text.excerpt) lies outside of the years 0001 to 9999")
        }
        return (seconds, Int32(nanos))
    }

    private static func malformed(_ text: TextSlice) -> TranscodingError {
        TranscodingError(.invalidValue, "\(text.excerpt) is no timestamp such as 2006-01-02T15:04:05.999Z")
    }

    /// Longest text: 2006-01-02T15:04:05.123456789Z
    static let longest = 30

    static func write(
        seconds: Int64, nanos: Int32, to target: inout UnsafeMutablePointer<UInt8>
    ) throws(TranscodingError) {
        guard range.contains(seconds), (0...999_999_999).contains(nanos) else {
            throw TranscodingError(.outOfRange, "the timestamp lies outside of the years 0001 to 9999")
        }
        var days = Int(seconds / 86_400)
        var rest = Int(seconds % 86_400)
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        let (year, month, day) = date(daysFromEpoch: days)
        unsafe writeDigits(year, 4, &target)
        unsafe writeByte("-", &target)
        unsafe writeDigits(month, 2, &target)
        unsafe writeByte("-", &target)
        unsafe writeDigits(day, 2, &target)
        unsafe writeByte("T", &target)
        unsafe writeDigits(rest / 3_600, 2, &target)
        unsafe writeByte(":", &target)
        unsafe writeDigits(rest / 60 % 60, 2, &target)
        unsafe writeByte(":", &target)
        unsafe writeDigits(rest % 60, 2, &target)
        unsafe writeFraction(Int(nanos), &target)
        unsafe writeByte("Z", &target)
    }

    private static func daysInMonth(_ month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // The civil calendar counted in years that begin in March, so that the leap day is a year's last.

    private static let daysPerEra = 146_097
    /// Days from 0000-03-01 to 1970-01-01.
    private static let epoch = 719_468

    private static func daysFromEpoch(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * daysPerEra + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - epoch
    }

    private static func date(daysFromEpoch days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + epoch
        let era = shifted / daysPerEra
        let dayOfEra = shifted % daysPerEra
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

/// google.protobuf.Duration as text: seconds with up to nine places, and an s.
enum DurationText {
    /// About 10 000 years, in seconds.
    static let largest: Int64 = 315_576_000_000

    static func parse(_ text: TextSlice) throws(TranscodingError) -> (seconds: Int64, nanos: Int32) {
        var scanner = TextScanner(text)
        let isNegative = scanner.take("-")
        guard let seconds = scanner.wholeNumber(), let nanos = scanner.fraction(), scanner.take("s"), scanner.isAtEnd
        else {
            throw TranscodingError(.invalidValue, "\(text.excerpt) is no duration such as 1.5s")
        }
        guard seconds <= largest else {
            throw TranscodingError(.outOfRange, "\(text.excerpt) is longer than 10 000 years")
        }
        return isNegative ? (-seconds, Int32(-nanos)) : (seconds, Int32(nanos))
    }

    /// Longest text: -315576000000.123456789s
    static let longest = 24

    static func write(
        seconds: Int64, nanos: Int32, to target: inout UnsafeMutablePointer<UInt8>
    ) throws(TranscodingError) {
        guard (-largest...largest).contains(seconds), (-999_999_999...999_999_999).contains(nanos) else {
            throw TranscodingError(.outOfRange, "the duration is longer than 10 000 years")
        }
        guard seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0) else {
            throw TranscodingError(.invalidValue, "the duration's seconds and nanos have different signs")
        }
        if seconds < 0 || nanos < 0 { unsafe writeByte("-", &target) }
        unsafe target = unsafe writeUnsigned(seconds.magnitude, target)
        unsafe writeFraction(Int(nanos.magnitude), &target)
        unsafe writeByte("s", &target)
    }
}

/// Goes through a short text of a fixed form.
@safe struct TextScanner {
    private var cursor: UnsafeMutablePointer<UInt8>
    private let end: UnsafeMutablePointer<UInt8>

    init(_ text: TextSlice) {
        unsafe cursor = unsafe text.start
        unsafe end = unsafe text.start + text.count
    }

    var isAtEnd: Bool { unsafe cursor == end }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard unsafe cursor < end, unsafe cursor.pointee == UInt8(ascii: character) else { return false }
        unsafe cursor += 1
        return true
    }

    private mutating func digit() -> Int? {
        guard unsafe cursor < end else { return nil }
        let digit = unsafe cursor.pointee &- UInt8(ascii: "0")
        guard digit <= 9 else { return nil }
        unsafe cursor += 1
        return Int(digit)
    }

    /// Exactly `count` digits.
    mutating func digits(_ count: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// One to eighteen digits.
    mutating func wholeNumber() -> Int64? {
        guard var value = digit().map(Int64.init) else { return nil }
        var count = 1
        while let digit = digit() {
            count += 1
            guard count <= 18 else { return nil }
            value = value * 10 + Int64(digit)
        }
        return value
    }

    /// A dot and one to nine digits, as nanoseconds; 0 without a dot.
    mutating func fraction() -> Int? {
        guard take(".") else { return 0 }
        guard var value = digit() else { return nil }
        var count = 1
        while let digit = digit() {
            count += 1
            guard count <= 9 else { return nil }
            value = value * 10 + digit
        }
        for _ in count..<9 { value *= 10 }
        return value
    }
}

func writeByte(_ character: Unicode.Scalar, _ target: inout UnsafeMutablePointer<UInt8>) {
    unsafe target.pointee = UInt8(ascii: character)
    unsafe target += 1
}

/// Writes a number with zeros in front.
func writeDigits(_ value: Int, _ count: Int, _ target: inout UnsafeMutablePointer<UInt8>) {
    var value = value
    for place in (0..<count).reversed() {
        unsafe target[place] = UInt8(ascii: "0") + UInt8(value % 10)
        value /= 10
    }
    unsafe target += count
}

/// Writes nanoseconds with three, six or nine places, or none.
private func writeFraction(_ nanos: Int, _ target: inout UnsafeMutablePointer<UInt8>) {
    guard nanos != 0 else { return }
    unsafe writeByte(".", &target)
    if nanos % 1_000_000 == 0 {
        unsafe writeDigits(nanos / 1_000_000, 3, &target)
    } else if nanos % 1_000 == 0 {
        unsafe writeDigits(nanos / 1_000, 6, &target)
    } else {
        unsafe writeDigits(nanos, 9, &target)
    }
}
