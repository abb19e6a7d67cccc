internal import CSimdJSON

/// A number as its text says it: exact, so that a whole number is one whether it is written 1000, 1e3 or 1000.0.
@safe struct JSONNumber {
    var isNegative = false
    /// The first 19 significant digits; all of them unless `isLong`.
    var digits: UInt64 = 0
    /// Power of ten that the digits are multiplied by.
    var exponent = 0
    /// Whether there are more digits than fit.
    var isLong = false
    let start: UnsafePointer<UInt8>
    var end: UnsafePointer<UInt8>

    /// Reads a number in JSON's grammar (RFC 8259, section 6); nil where none starts. Something that is no part of a
    /// number must follow it in memory.
    @inline(__always)
    init?(_ start: UnsafePointer<UInt8>) {
        unsafe self.start = unsafe start
        var cursor = unsafe start
        if unsafe cursor.pointee == UInt8(ascii: "-") {
            isNegative = true
            unsafe cursor += 1
        }
        let firstDigit = unsafe cursor
        while true {
            let digit = unsafe cursor.pointee &- UInt8(ascii: "0")
            if digit > 9 { break }
            digits = digits &* 10 &+ UInt64(digit)
            unsafe cursor += 1
        }
        var count = unsafe cursor - firstDigit
        if unsafe count == 0 || (count > 1 && firstDigit.pointee == UInt8(ascii: "0")) { return nil }
        unsafe end = unsafe cursor
        if unsafe cursor.pointee == UInt8(ascii: ".") || cursor.pointee | 0x20 == UInt8(ascii: "e") {
            guard unsafe readFraction(&cursor, &count) else { return nil }
            unsafe end = unsafe cursor
        }
        if count > 19 { unsafe recount(firstDigit) }
    }

    private mutating func readFraction(_ cursor: inout UnsafePointer<UInt8>, _ count: inout Int) -> Bool {
        if unsafe cursor.pointee == UInt8(ascii: ".") {
            unsafe cursor += 1
            let first = unsafe cursor
            while true {
                let digit = unsafe cursor.pointee &- UInt8(ascii: "0")
                if digit > 9 { break }
                digits = digits &* 10 &+ UInt64(digit)
                unsafe cursor += 1
            }
            let places = unsafe cursor - first
            if places == 0 { return false }
            count += places
            exponent -= places
        }
        if unsafe cursor.pointee | 0x20 == UInt8(ascii: "e") {
            unsafe cursor += 1
            var isExponentNegative = false
            if unsafe cursor.pointee == UInt8(ascii: "-") || cursor.pointee == UInt8(ascii: "+") {
                isExponentNegative = unsafe cursor.pointee == UInt8(ascii: "-")
                unsafe cursor += 1
            }
            var written = 0
            let first = unsafe cursor
            while true {
                let digit = unsafe cursor.pointee &- UInt8(ascii: "0")
                if digit > 9 { break }
                if written < 1_000_000_000 { written = written * 10 + Int(digit) }
                unsafe cursor += 1
            }
            if unsafe cursor == first { return false }
            exponent += isExponentNegative ? -written : written
        }
        return true
    }

    /// Counts again where digits may not have fitted: zeros in front do not matter.
    private mutating func recount(_ firstDigit: UnsafePointer<UInt8>) {
        var cursor = unsafe firstDigit
        var significant = 0
        while unsafe cursor < end, unsafe cursor.pointee | 0x20 != UInt8(ascii: "e") {
            if unsafe cursor.pointee != UInt8(ascii: "."), unsafe significant > 0 || cursor.pointee != UInt8(ascii: "0")
            {
                significant += 1
            }
            unsafe cursor += 1
        }
        isLong = significant > 19
    }

    /// Size and sign of the whole number that this is; nil where it is none, or beyond 64 bits.
    @inline(__always)
    var magnitude: UInt64? {
        if exponent == 0, !isLong { return digits }
        return scaledMagnitude
    }

    private var scaledMagnitude: UInt64? {
        if isLong { return longMagnitude }
        if digits == 0 { return 0 }
        var value = digits
        var power = exponent
        while power < 0 {
            guard value % 10 == 0 else { return nil }
            value /= 10
            power += 1
        }
        while power > 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = product
            power -= 1
        }
        return value
    }

    /// Digit by digit: the largest numbers of 64 bits have twenty, and zeros may follow the point.
    private var longMagnitude: UInt64? {
        var value: UInt64 = 0
        var left = wholeDigits
        var cursor = unsafe isNegative ? start + 1 : start
        while unsafe cursor < end, unsafe cursor.pointee | 0x20 != UInt8(ascii: "e") {
            let digit = unsafe cursor.pointee &- UInt8(ascii: "0")
            unsafe cursor += 1
            // The point.
            if digit > 9 { continue }
            if left > 0 {
                guard let next = Self.appended(digit, to: value) else { return nil }
                value = next
            } else if digit != 0 {
                return nil
            }
            left -= 1
        }
        while left > 0, value > 0 {
            guard let next = Self.appended(0, to: value) else { return nil }
            value = next
            left -= 1
        }
        return value
    }

    /// How many of the digits stand before the point once the power of ten has moved it; below zero if it needs zeros.
    private var wholeDigits: Int {
        var places = 0
        var cursor = unsafe isNegative ? start + 1 : start
        while unsafe cursor < end, unsafe cursor.pointee | 0x20 != UInt8(ascii: "e") {
            if unsafe cursor.pointee != UInt8(ascii: ".") { places += 1 }
            unsafe cursor += 1
        }
        return places + exponent
    }

    private static func appended(_ digit: UInt8, to value: UInt64) -> UInt64? {
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
        return overflow || carry ? nil : sum
    }

    /// The nearest double; nil beyond the largest one.
    @inline(__always)
    var double: Double? {
        // Both factors are exact, so one rounding gives the nearest (Clinger 1990).
        if !isLong, digits <= 1 << 53, exponent >= -22, exponent <= 22 {
            let whole = Double(digits)
            let value = exponent < 0 ? whole / powersOfTen[-exponent] : whole * powersOfTen[exponent]
            return isNegative ? -value : value
        }
        return slowDouble
    }

    private var slowDouble: Double? {
        var value = 0.0
        let parsed = unsafe start.withMemoryRebound(to: CChar.self, capacity: end - start) {
            unsafe datavault_parse_double($0, $0 + (end - start), &value)
        }
        return parsed ? value : nil
    }
}

private let powersOfTen: InlineArray<23, Double> = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
]
