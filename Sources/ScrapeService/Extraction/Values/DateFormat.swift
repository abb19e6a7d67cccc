/// A declared form of dates: letters of Unicode's date patterns (UTS 35), as far as docs/extraction.md lists them.
struct DateFormat: Sendable, Hashable {
    private enum Part: Sendable, Hashable {
        case field(Character, count: Int)
        case literal(Character)
        case space
    }

    private let parts: [Part]

    /// Letters and the widths that they may have.
    private static let widths: [Character: ClosedRange<Int>] = [
        "y": 2...4, "M": 1...4, "d": 1...2, "E": 1...4, "H": 1...2, "h": 1...2, "m": 1...2, "s": 1...2, "S": 1...9,
        "a": 1...1,
        "X": 1...3, "Z": 1...3, "z": 1...3,
    ]

    init(_ text: String) throws(DateFormatError) {
        var parts: [Part] = []
        var rest = Substring(text)
        while let first = rest.first {
            let position = text.utf8.distance(from: text.startIndex, to: rest.startIndex)
            if first == "'" {
                let quoted = rest.dropFirst().prefix { $0 != "'" }
                guard quoted.endIndex < rest.endIndex else {
                    throw DateFormatError(message: "the quoted text does not end", position: position)
                }
                parts += quoted.isEmpty ? [.literal("'")] : quoted.map { .literal($0) }
                rest = rest[quoted.endIndex...].dropFirst()
            } else if first.isASCII, first.isLetter {
                let run = rest.prefix { $0 == first }
                guard let widths = Self.widths[first], widths.contains(run.count), first != "y" || run.count != 3 else {
                    throw DateFormatError(message: "\(run) is no part of a date", position: position)
                }
                parts.append(.field(first, count: run.count))
                rest = rest[run.endIndex...]
            } else if first.isWhitespace {
                rest = rest.drop(while: \.isWhitespace)
                parts.append(.space)
            } else {
                parts.append(.literal(first))
                rest.removeFirst()
            }
        }
        let letters = parts.compactMap { if case .field(let letter, _) = $0 { letter } else { nil } }
        for needed in ["y", "M", "d"] as [Character] where !letters.contains(needed) {
            throw DateFormatError(message: "\(needed) is missing", position: 0)
        }
        let counted = letters.filter { $0 != "E" }
        guard Set(counted).count == counted.count else {
            throw DateFormatError(message: "a part stands twice", position: 0)
        }
        self.parts = parts
    }

    func parse(_ text: String) -> FoundTime? {
        var rest = Substring(text)
        while rest.first?.isWhitespace ?? false { rest.removeFirst() }
        while rest.last?.isWhitespace ?? false { rest.removeLast() }
        var found = FoundTime()
        var hour: Int?
        var isAfternoon: Bool?
        var clock = (minute: 0, second: 0, fraction: "")
        for part in parts {
            switch part {
            case .space:
                guard rest.first?.isWhitespace ?? false else { return nil }
                rest = rest.drop(while: \.isWhitespace)
            case .literal(let character):
                guard rest.first?.lowercased() == character.lowercased() else { return nil }
                rest.removeFirst()
            case .field("E", _):
                guard CalendarNames.isDay(Self.word(&rest)) else { return nil }
                if rest.first == "." { rest.removeFirst() }
            case .field("M", let count) where count >= 3:
                guard let month = CalendarNames.month(Self.word(&rest)) else { return nil }
                found.month = month
                if rest.first == "." { rest.removeFirst() }
            case .field("a", _):
                let half = Self.word(&rest)
                guard half == "am" || half == "pm" else { return nil }
                isAfternoon = half == "pm"
            case .field("X", _), .field("Z", _), .field("z", _):
                guard let offset = Self.offset(&rest) else { return nil }
                found.offset = offset
            case .field("S", _):
                let digits = rest.prefix { $0.isASCII && $0.isNumber }
                guard (1...9).contains(digits.count) else { return nil }
                clock.fraction = String(digits)
                rest = rest[digits.endIndex...]
            case .field(let letter, let count):
                // One letter takes one or two digits; more letters take as many digits.
                guard let value = Self.number(&rest, count == 1 ? 1...2 : count...count) else { return nil }
                switch letter {
                case "y": found.year = FoundTime.fullYear(value, digits: count)
                case "M": found.month = value
                case "d": found.day = value
                case "H", "h":
                    guard letter == "H" || (1...12).contains(value) else { return nil }
                    hour = value
                case "m": clock.minute = value
                default: clock.second = value
                }
            }
        }
        guard rest.isEmpty else { return nil }
        if let hour {
            let hours = isAfternoon.map { hour % 12 + ($0 ? 12 : 0) } ?? hour
            found.time = (hours, clock.minute, clock.second, clock.fraction)
        }
        return found
    }

    private static func word(_ rest: inout Substring) -> String {
        let word = rest.prefix(while: \.isLetter)
        rest = rest[word.endIndex...]
        return word.lowercased()
    }

    private static func number(_ rest: inout Substring, _ digits: ClosedRange<Int>) -> Int? {
        let text = rest.prefix(digits.upperBound).prefix { $0.isASCII && $0.isNumber }
        guard text.count >= digits.lowerBound else { return nil }
        rest = rest[text.endIndex...]
        return Int(text)
    }

    private static func offset(_ rest: inout Substring) -> Int? {
        if let sign = rest.first, sign == "+" || sign == "-" {
            rest.removeFirst()
            guard let hours = number(&rest, 2...2) else { return nil }
            if rest.first == ":" { rest.removeFirst() }
            let minutes = number(&rest, 2...2) ?? 0
            return (sign == "-" ? -1 : 1) * (hours * 60 + minutes)
        }
        return CalendarNames.zones[word(&rest)]
    }
}

/// What is wrong with a declared form of dates.
struct DateFormatError: Error {
    var message: String
    /// In bytes of UTF-8.
    var position: Int
}
