/// Reads days and times.
///
/// Without a declared format: ISO 8601, RFC 9110's three forms, forms with the month's English name, and numeric ones if
/// they can mean one day only.
struct DateReader {
    let options: FieldOptions
    let format: DateFormat?

    func date(_ text: String) -> Result<String, ValueIssue> {
        found(text).map(\.dateText)
    }

    func dateTime(_ text: String) -> Result<String, ValueIssue> {
        found(text).flatMap { found in
            guard let time = found.timeText else { return .failure(ValueIssue(.notADate)) }
            guard let offset = found.offset ?? options.defaultOffsetMinutes else {
                return .failure(ValueIssue(.missingTimeZone))
            }
            return .success(found.dateText + "T" + time + FoundTime.offsetText(offset))
        }
    }

    private func found(_ text: String) -> Result<FoundTime, ValueIssue> {
        // No date is longer, and reading one should not take long.
        guard text.utf8.count <= 100 else { return .failure(ValueIssue(.notADate)) }
        if let format {
            guard let found = format.parse(text), found.isValid else { return .failure(ValueIssue(.notADate)) }
            return .success(found)
        }
        var parser = FreeDateParser(text)
        return parser.parse()
    }
}

/// Reads dates in the forms that need no declaration.
struct FreeDateParser {
    private enum Token: Equatable {
        case number(Int, digits: Int, text: String)
        case word(String)
        case mark(Character)
        case space
    }

    private var tokens: [Token] = []
    private var position = 0

    init(_ text: String) {
        var rest = Substring(text)
        while let first = rest.first {
            if first.isASCII, first.isNumber {
                let digits = rest.prefix { $0.isASCII && $0.isNumber }
                // A number that is too long is no part of a date.
                tokens.append(.number(Int(digits) ?? .max, digits: digits.count, text: String(digits)))
                rest = rest[digits.endIndex...]
            } else if first.isLetter {
                let word = rest.prefix(while: \.isLetter)
                tokens.append(.word(word.lowercased()))
                rest = rest[word.endIndex...]
            } else {
                if first.isWhitespace {
                    if tokens.last != .space { tokens.append(.space) }
                } else {
                    tokens.append(.mark(first == "\u{2212}" ? "-" : first))
                }
                rest.removeFirst()
            }
        }
        if tokens.first == .space { tokens.removeFirst() }
        if tokens.last == .space { tokens.removeLast() }
    }

    mutating func parse() -> Result<FoundTime, ValueIssue> {
        skipDayName()
        var found = FoundTime()
        let issue = ValueIssue(.notADate)
        if let ambiguity = dayMonthYear(&found) {
            return .failure(ambiguity)
        }
        if found.time == nil, position < tokens.count {
            skipBeforeTime()
            guard time(&found) else { return .failure(issue) }
        }
        zone(&found)
        guard position == tokens.count, found.isValid else { return .failure(issue) }
        return .success(found)
    }

    private func peek(_ offset: Int = 0) -> Token? {
        position + offset < tokens.count ? tokens[position + offset] : nil
    }

    private mutating func take(_ mark: Character) -> Bool {
        guard peek() == .mark(mark) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() { if peek() == .space { position += 1 } }

    private mutating func number(_ digits: ClosedRange<Int>) -> (value: Int, digits: Int)? {
        guard case .number(let value, let count, _) = peek(), digits.contains(count) else { return nil }
        position += 1
        return (value, count)
    }

    private mutating func skipDayName() {
        guard case .word(let word) = peek(), CalendarNames.isDay(word) else { return }
        position += 1
        _ = take(".")
        _ = take(",")
        skipSpace()
    }

    private mutating func month() -> Int? {
        guard case .word(let word) = peek(), let month = CalendarNames.month(word) else { return nil }
        position += 1
        _ = take(".")
        return month
    }

    /// Reads the day; an issue if there is none.
    private mutating func dayMonthYear(_ found: inout FoundTime) -> ValueIssue? {
        let issue = ValueIssue(.notADate)
        if let month = month() {
            found.month = month
            return afterMonth(&found) ? nil : issue
        }
        guard case .number(let first, let digits, let text) = peek() else { return issue }
        position += 1
        if digits == 8 {
            guard let day = Int(text.suffix(2)), let month = Int(text.dropFirst(4).prefix(2)),
                let year = Int(text.prefix(4))
            else { return issue }
            (found.year, found.month, found.day) = (year, month, day)
            return nil
        }
        if digits == 4 { return afterYear(first, &found) ? nil : issue }
        guard digits <= 2 else { return issue }
        if case .mark(let mark) = peek(), "/.-".contains(mark), case .number(let second, 1...2, _) = peek(1),
            peek(2) == .mark(mark), case .number(let year, 4, _) = peek(3)
        {
            position += 4
            found.year = year
            return numeric(first, second, &found)
        }
        return afterDay(first, &found) ? nil : issue
    }

    /// A day and a month in an order that is not known.
    private func numeric(_ first: Int, _ second: Int, _ found: inout FoundTime) -> ValueIssue? {
        var dayFirst = found
        (dayFirst.day, dayFirst.month) = (first, second)
        var monthFirst = found
        (monthFirst.month, monthFirst.day) = (first, second)
        switch (dayFirst.isValid, monthFirst.isValid) {
        case (true, true) where first != second: return ValueIssue(.ambiguousDate)
        case (true, _): found = dayFirst
        case (false, true): found = monthFirst
        case (false, false): return ValueIssue(.notADate)
        }
        return nil
    }

    /// `2026-11-21`, `2026/11/21`, `2026.11.21`.
    private mutating func afterYear(_ year: Int, _ found: inout FoundTime) -> Bool {
        guard case .mark(let mark) = peek(), "-/.".contains(mark) else { return false }
        position += 1
        guard let month = number(1...2), take(mark), let day = number(1...2) else { return false }
        (found.year, found.month, found.day) = (year, month.value, day.value)
        return true
    }

    /// `21 November 2026`, `21st of Nov. 2026`, `21-Nov-26`.
    private mutating func afterDay(_ day: Int, _ found: inout FoundTime) -> Bool {
        found.day = day
        skipOrdinal()
        _ = take(".")
        skipSpace()
        if peek() == .word("of") { position += 1 }
        if !take("-") { skipSpace() }
        guard let month = month() else { return false }
        found.month = month
        if !take("-"), !take(",") { skipSpace() }
        skipSpace()
        guard let year = number(2...4), year.digits != 3 else { return false }
        found.year = FoundTime.fullYear(year.value, digits: year.digits)
        return true
    }

    /// `November 21, 2026`, `Nov 21 08:49:37 2026`.
    private mutating func afterMonth(_ found: inout FoundTime) -> Bool {
        skipSpace()
        guard let day = number(1...2) else { return false }
        found.day = day.value
        skipOrdinal()
        _ = take(",")
        skipSpace()
        if peek(1) == .mark(":") {
            guard time(&found) else { return false }
            skipSpace()
        }
        guard let year = number(4...4) else { return false }
        found.year = year.value
        return true
    }

    private mutating func skipOrdinal() {
        if case .word(let word) = peek(), ["st", "nd", "rd", "th"].contains(word) { position += 1 }
    }

    private mutating func skipBeforeTime() {
        if peek() == .word("t") {
            position += 1
            return
        }
        _ = take(",")
        skipSpace()
        if peek() == .word("at") { position += 1 }
        skipSpace()
    }

    private mutating func time(_ found: inout FoundTime) -> Bool {
        guard let hour = number(1...2), take(":"), let minute = number(2...2) else { return false }
        var second = 0
        var fraction = ""
        if take(":") {
            guard let value = number(2...2) else { return false }
            second = value.value
            if peek() == .mark(".") || peek() == .mark(","), case .number(_, 1...9, let text) = peek(1) {
                position += 2
                fraction = text
            }
        }
        var hours = hour.value
        let before = position
        skipSpace()
        if case .word(let half) = peek(), half == "am" || half == "pm" {
            position += 1
            guard (1...12).contains(hours) else { return false }
            hours = hours % 12 + (half == "pm" ? 12 : 0)
        } else {
            position = before
        }
        found.time = (hours, minute.value, second, fraction)
        return true
    }

    private mutating func zone(_ found: inout FoundTime) {
        guard found.time != nil, position < tokens.count else { return }
        let before = position
        skipSpace()
        if case .word(let word) = peek(), let offset = CalendarNames.zones[word] {
            position += 1
            found.offset = offset
            return
        }
        guard case .mark(let sign) = peek(), sign == "+" || sign == "-",
            case .number(let value, let digits, _) = peek(1)
        else {
            position = before
            return
        }
        position += 2
        var minutes = digits == 4 ? value / 100 * 60 + value % 100 : digits <= 2 ? value * 60 : Int.max / 2
        if digits == 2, peek() == .mark(":"), case .number(let more, 2, _) = peek(1) {
            position += 2
            minutes += more
        }
        found.offset = sign == "-" ? -minutes : minutes
    }
}
