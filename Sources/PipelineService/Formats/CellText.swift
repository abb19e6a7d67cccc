internal import CSimdJSON
internal import Foundation

/// Reads the values of cells from text. A text that holds anything else beside the value has none.
enum CellText {
    /// A whole number: an optional sign and decimal digits, within 64 bits.
    @inline(__always)
    static func int64(_ text: Span<UInt8>, _ start: Int, _ length: Int) -> Int64? {
        guard length > 0 else { return nil }
        var at = start
        let end = start + length
        let first = text[at: at]
        let isNegative = first == UInt8(ascii: "-")
        if isNegative || first == UInt8(ascii: "+") { at += 1 }
        guard at < end else { return nil }
        if end - at <= 18 {
            // Eighteen digits cannot overflow.
            var value: Int64 = 0
            while at < end {
                let digit = text[at: at] &- UInt8(ascii: "0")
                guard digit <= 9 else { return nil }
                value = value &* 10 &+ Int64(digit)
                at += 1
            }
            return isNegative ? 0 &- value : value
        }
        return longInt64(text, at, end, isNegative)
    }

    private static func longInt64(_ text: Span<UInt8>, _ start: Int, _ end: Int, _ isNegative: Bool) -> Int64? {
        var value: UInt64 = 0
        for at in start..<end {
            let digit = text[at] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        if isNegative { return value <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- value) : nil }
        return Int64(exactly: value)
    }

    /// A number: JSON's grammar, also with a plus sign, without digits before the point, or NaN, Infinity, -Infinity.
    @inline(__always)
    static func double(_ text: Span<UInt8>, _ start: Int, _ length: Int) -> Double? {
        var at = start
        let end = start + length
        guard length > 0 else { return nil }
        let isNegative = text[at: at] == UInt8(ascii: "-")
        if isNegative || text[at: at] == UInt8(ascii: "+") { at += 1 }
        var mantissa: UInt64 = 0
        var digits = 0
        var places = 0
        var hasPoint = false
        while at < end {
            let byte = text[at: at]
            let digit = byte &- UInt8(ascii: "0")
            if digit <= 9 {
                mantissa = mantissa &* 10 &+ UInt64(digit)
                digits += 1
                if hasPoint { places += 1 }
            } else if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
            } else {
                return rareDouble(text, start, length)
            }
            at += 1
        }
        guard digits > 0 else { return rareDouble(text, start, length) }
        // Both exact, so that the division is rounded once, as the text's value is (Clinger's fast path).
        guard digits <= 15, places <= 15 else { return rareDouble(text, start, length) }
        let value = Double(mantissa) / powerOfTen(places)
        return isNegative ? -value : value
    }

    /// A power of ten that a double holds exactly; the compiler makes a table of it.
    @inline(__always)
    private static func powerOfTen(_ exponent: Int) -> Double {
        switch exponent {
        case 0: 1
        case 1: 1e1
        case 2: 1e2
        case 3: 1e3
        case 4: 1e4
        case 5: 1e5
        case 6: 1e6
        case 7: 1e7
        case 8: 1e8
        case 9: 1e9
        case 10: 1e10
        case 11: 1e11
        case 12: 1e12
        case 13: 1e13
        case 14: 1e14
        default: 1e15
        }
    }

    /// Exponents, many digits and the names of what is no finite number.
    @inline(never)
    private static func rareDouble(_ text: Span<UInt8>, _ start: Int, _ length: Int) -> Double? {
        guard length <= 1_000 else { return nil }
        var number = (start..<start + length).map { text[$0] }
        switch String(decoding: number, as: UTF8.self) {
        case "NaN": return .nan
        case "Infinity", "+Infinity": return .infinity
        case "-Infinity": return -.infinity
        default: break
        }
        // To JSON's grammar: no plus, no superfluous zeros, digits on both sides of the point.
        let sign = number.first == UInt8(ascii: "-") ? "-" : ""
        if number.first == UInt8(ascii: "-") || number.first == UInt8(ascii: "+") { number.removeFirst() }
        guard number.contains(where: { $0 &- UInt8(ascii: "0") <= 9 }) else { return nil }
        while number.count > 1, number[0] == UInt8(ascii: "0"), number[1] &- UInt8(ascii: "0") <= 9 {
            number.removeFirst()
        }
        if number.first == UInt8(ascii: ".") { number.insert(UInt8(ascii: "0"), at: 0) }
        if let point = number.firstIndex(of: UInt8(ascii: ".")) {
            let next = point + 1
            if next == number.count || number[next] &- UInt8(ascii: "0") > 9 {
                guard next == number.count || number[next] | 0x20 == UInt8(ascii: "e") else { return nil }
                number.remove(at: point)
            }
        }
        number.insert(contentsOf: sign.utf8, at: 0)
        return unsafe number.withUnsafeBytes { bytes in
            let first = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            var value = 0.0
            guard let first = unsafe first,
                unsafe datavault_parse_double(first, first.advanced(by: bytes.count), &value)
            else {
                return nil
            }
            return value
        }
    }

    /// `true` or `false`, in any case.
    @inline(__always)
    static func bool(_ text: Span<UInt8>, _ start: Int, _ length: Int) -> Bool? {
        guard length == 4 || length == 5 else { return nil }
        // Letters in lower case, the first in the lowest byte.
        var word: UInt64 = 0
        for at in 0..<length { word |= UInt64(text[at: start + at] | 0x20) << (8 * UInt64(at)) }
        switch word {
        case 0x6575_7274: return true
        case 0x65_736C_6166: return false
        default: return nil
        }
    }

    /// A day: YYYY-MM-DD.
    @inline(__always)
    static func date(_ text: Span<UInt8>, _ start: Int, _ length: Int) -> Int32? {
        guard length == 10, text[at: start + 4] == UInt8(ascii: "-"), text[at: start + 7] == UInt8(ascii: "-"),
            let century = pair(text, start), let year = pair(text, start + 2), let month = pair(text, start + 5),
            let day = pair(text, start + 8)
        else { return nil }
        return CivilTime.days(year: century * 100 + year, month: month, day: day)
    }

    /// A point in time in microseconds since 1970: RFC 3339, also with a space for the T, without a zone, which is
    /// UTC then, or without a time, which is midnight. Digits beyond microseconds are cut off.
    @inline(__always)
    static func timestamp(_ text: Span<UInt8>, _ start: Int, _ length: Int, needsZone: Bool = false) -> Int64? {
        if length == 10, !needsZone {
            return date(text, start, 10).map { Int64($0) * CivilTime.microsecondsPerDay }
        }
        guard length >= 19, let day = date(text, start, 10),
            text[at: start + 10] | 0x20 == UInt8(ascii: "t") || (!needsZone && text[at: start + 10] == 0x20),
            text[at: start + 13] == UInt8(ascii: ":"), text[at: start + 16] == UInt8(ascii: ":"),
            let hour = pair(text, start + 11), let minute = pair(text, start + 14), let second = pair(text, start + 17),
            hour <= 23, minute <= 59, second <= 59
        else { return nil }
        var at = start + 19
        let end = start + length
        var fraction: Int64 = 0
        if at < end, text[at: at] == UInt8(ascii: ".") {
            at += 1
            var digits = 0
            while at < end, text[at: at] &- UInt8(ascii: "0") <= 9 {
                if digits < 6 { fraction = fraction * 10 + Int64(text[at: at] - UInt8(ascii: "0")) }
                digits += 1
                at += 1
            }
            guard digits > 0, digits <= 18 else { return nil }
            while digits < 6 { fraction *= 10; digits += 1 }
        }
        var offset: Int64 = 0
        if at == end {
            guard !needsZone else { return nil }
        } else if text[at: at] | 0x20 == UInt8(ascii: "z") {
            at += 1
        } else {
            guard end - at == 6, text[at: at] == UInt8(ascii: "+") || text[at: at] == UInt8(ascii: "-"),
                text[at: at + 3] == UInt8(ascii: ":"), let hours = pair(text, at + 1), let minutes = pair(text, at + 4),
                hours <= 23, minutes <= 59
            else { return nil }
            offset = Int64(hours * 3_600 + minutes * 60) * (text[at: at] == UInt8(ascii: "-") ? -1 : 1)
            at = end
        }
        guard at == end else { return nil }
        let seconds = Int64(day) * 86_400 + Int64(hour * 3_600 + minute * 60 + second) - offset
        let value = seconds * 1_000_000 + fraction
        return CivilTime.microseconds.contains(value) ? value : nil
    }

    @inline(__always)
    private static func pair(_ text: Span<UInt8>, _ at: Int) -> Int? {
        let tens = text[at: at] &- UInt8(ascii: "0")
        let ones = text[at: at + 1] &- UInt8(ascii: "0")
        return tens <= 9 && ones <= 9 ? Int(tens) * 10 + Int(ones) : nil
    }
}

extension CellText {
    /// A JSON array of strings.
    static func stringList(_ text: ArraySlice<UInt8>) -> [String]? {
        guard text.count <= 1 << 20, let value = try? JSONSerialization.jsonObject(with: Data(text)) else { return nil }
        return value as? [String]
    }

    /// If bytes are a JSON value.
    static func isJSON(_ text: ArraySlice<UInt8>) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)) != nil
    }
}
