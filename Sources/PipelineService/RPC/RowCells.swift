import Foundation
import SwiftProtobuf

/// Rows as JSON objects, and back.
enum RowCells {
    /// Whole numbers that JSON's floats hold exactly; larger ones travel as text.
    private static let exact = Int64(1) << 53

    /// A row's cells.
    ///
    /// - Parameter row: Its place in the request, for the path of an error.
    /// - Throws: `rowInvalid`.
    static func cells(
        _ object: Google_Protobuf_Struct, as schema: Schema, row: Int
    ) throws(PipelineFault) -> [CellValue] {
        var cells = [CellValue](repeating: .null, count: schema.count)
        for (name, value) in object.fields {
            let path = "rows[\(row)].\(name)"
            guard let index = schema.index(of: name) else {
                throw .rowInvalid(field: path, message: "the dataset has no such column")
            }
            guard let cell = cell(value, as: schema.fields[index].type) else {
                throw .rowInvalid(field: path, message: "must be \(expectation(schema.fields[index].type))")
            }
            cells[index] = cell
        }
        return cells
    }

    private static func expectation(_ type: ColumnType) -> String {
        switch type {
        case .bool: "true or false"
        case .int64: "a whole number of 64 bits"
        case .double: "a number"
        case .string: "a text without NUL"
        case .timestamp: "a time, as 2026-03-31T16:12:00Z"
        case .date: "a day, as 2026-03-31"
        case .stringList: "a list of texts"
        }
    }

    private static func cell(_ value: Google_Protobuf_Value, as type: ColumnType) -> CellValue? {
        switch (value.kind, type) {
        case (.nullValue, _), (nil, _): return .null
        case (.boolValue(let value), .bool): return .bool(value)
        case (.numberValue(let value), .int64):
            guard value.rounded() == value, abs(value) <= Double(exact) else { return nil }
            return .int64(Int64(value))
        case (.stringValue(let text), .int64): return Int64(text).map { .int64($0) }
        case (.numberValue(let value), .double): return .double(value)
        case (.stringValue(let text), .double):
            switch text {
            case "NaN": return .double(.nan)
            case "Infinity": return .double(.infinity)
            case "-Infinity": return .double(-.infinity)
            default: return nil
            }
        case (.stringValue(let text), .string): return text.utf8.contains(0) ? nil : .string(text)
        case (.stringValue(let text), .timestamp): return RowTime.microseconds(text).map { .timestamp($0) }
        case (.stringValue(let text), .date): return RowTime.days(text).map { .date($0) }
        case (.listValue(let list), .stringList):
            var texts: [String] = []
            for value in list.values {
                guard case .stringValue(let text) = value.kind, !text.utf8.contains(0) else { return nil }
                texts.append(text)
            }
            return .stringList(texts)
        default: return nil
        }
    }

    /// A row as an object.
    static func object(_ cells: [CellValue], names: [String]) -> Google_Protobuf_Struct {
        var object = Google_Protobuf_Struct()
        for (name, cell) in zip(names, cells) { object.fields[name] = value(cell) }
        return object
    }

    static func value(_ cell: CellValue) -> Google_Protobuf_Value {
        switch cell {
        case .null: .with { $0.nullValue = .nullValue }
        case .bool(let value): .init(boolValue: value)
        case .int64(let value):
            abs(Double(value)) < Double(exact) ? .init(numberValue: Double(value)) : .init(stringValue: "\(value)")
        case .double(let value):
            if value.isFinite {
                .init(numberValue: value)
            } else {
                .init(stringValue: value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity")
            }
        case .string(let text): .init(stringValue: text)
        case .timestamp(let time): .init(stringValue: RowTime.text(microseconds: time))
        case .date(let days): .init(stringValue: RowTime.text(days: Int64(days)))
        case .stringList(let texts):
            .init(listValue: .with { $0.values = texts.map { Google_Protobuf_Value(stringValue: $0) } })
        }
    }

    /// About how many bytes a row takes in a reply.
    static func weight(_ cells: [CellValue]) -> Int {
        cells.reduce(0) { sum, cell in
            switch cell {
            case .string(let text): sum + text.utf8.count + 16
            case .stringList(let texts): texts.reduce(sum + 16) { $0 + $1.utf8.count + 16 }
            default: sum + 24
            }
        }
    }
}

/// Times and days as RFC 3339 writes them.
enum RowTime {
    private static let second: Int64 = 1_000_000
    private static let day: Int64 = 86_400

    static func text(days: Int64) -> String {
        let (year, month, day) = civil(days)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    static func text(microseconds: Int64) -> String {
        let seconds = (microseconds - floorMod(microseconds, second)) / second
        let (rest, time) = (floorMod(microseconds, second), floorMod(seconds, day))
        var text = text(days: (seconds - time) / day)
        text += "T\(padded(time / 3_600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))"
        if rest > 0 {
            var digits = padded(rest, 6)
            while digits.last == "0" { digits.removeLast() }
            text += ".\(digits)"
        }
        return text + "Z"
    }

    /// Days since 1970 of a `full-date`.
    static func days(_ text: String) -> Int32? {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, let days = days(bytes[...]) else { return nil }
        return Int32(exactly: days)
    }

    /// Microseconds since 1970 of a `date-time`; digits beyond the sixth of a second are cut off.
    static func microseconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, let days = days(bytes[..<10]), [0x54, 0x74, 0x20].contains(bytes[10]),
            bytes[13] == 0x3A, bytes[16] == 0x3A, let hour = number(bytes[11..<13]),
            let minute = number(bytes[14..<16]),
            let seconds = number(bytes[17..<19]), hour < 24, minute < 60, seconds < 61
        else { return nil }
        var (index, fraction, scale) = (19, Int64(0), Int64(100_000))
        if bytes[index] == 0x2E {
            index += 1
            let start = index
            while index < bytes.count, let digit = number(bytes[index...index]) {
                (fraction, scale) = (fraction + digit * scale, scale / 10)
                index += 1
            }
            guard index > start else { return nil }
        }
        guard index < bytes.count, let offset = offset(bytes[index...]) else { return nil }
        return (days * day + hour * 3_600 + minute * 60 + min(seconds, 59) - offset) * second + fraction
    }

    /// Seconds east of UTC.
    private static func offset(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(bytes)
        if bytes == [0x5A] || bytes == [0x7A] { return 0 }
        guard bytes.count == 6, bytes[3] == 0x3A, bytes[0] == 0x2B || bytes[0] == 0x2D,
            let hours = number(bytes[1..<3]), let minutes = number(bytes[4..<6]), hours < 24, minutes < 60
        else { return nil }
        return (bytes[0] == 0x2D ? -1 : 1) * (hours * 3_600 + minutes * 60)
    }

    private static func days(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(bytes)
        guard bytes.count == 10, bytes[4] == 0x2D, bytes[7] == 0x2D, let year = number(bytes[0..<4]),
            let month = number(bytes[5..<7]), let day = number(bytes[8..<10]), year >= 1, (1...12).contains(month),
            day >= 1
        else { return nil }
        let days = days(year, month, day)
        // What the calendar lacks, as 30 February, comes out as another day.
        guard civil(days) == (year, month, day) else { return nil }
        return days
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for byte in bytes {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        return value
    }

    /// The Gregorian calendar, counted from March so that leap days come last (Hinnant, "chrono-compatible low-level date
    /// algorithms").
    private static func civil(_ days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let inEra = shifted - era * 146_097
        let yearOfEra = (inEra - inEra / 1_460 + inEra / 36_524 - inEra / 146_096) / 365
        let inYear = inEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * inYear + 2) / 153
        let day = inYear - (153 * march + 2) / 5 + 1
        let month = march < 10 ? march + 3 : march - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let inYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + inYear - 719_468
    }

    private static func floorMod(_ value: Int64, _ divisor: Int64) -> Int64 {
        let rest = value % divisor
        return rest < 0 ? rest + divisor : rest
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = "\(value)"
        return String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }
}
