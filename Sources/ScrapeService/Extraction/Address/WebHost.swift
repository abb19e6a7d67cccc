import Foundation

/// The URL standard's host parser (section 3.5).
enum WebHost {
    /// The host in the form in which URLs show it; nil if it is none.
    static func parse(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        if text.first == UInt8(ascii: "[") {
            guard text.last == UInt8(ascii: "]"), text.count <= 47 else { return nil }
            let address = text.dropFirst().dropLast().map(\.asciiLowercased)
            let isAddress =
                address.contains(UInt8(ascii: ":"))
                && address.allSatisfy {
                    $0.hexadecimalValue != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
                }
            return isAddress ? [UInt8(ascii: "[")] + address + [UInt8(ascii: "]")] : nil
        }
        guard let decoded = percentDecoded(text), let ascii = toASCII(decoded), !ascii.isEmpty, ascii.count <= 253
        else { return nil }
        guard !ascii.contains(where: isForbidden) else { return nil }
        return IPv4Text.endsInNumber(ascii) ? IPv4Text.parse(ascii) : ascii
    }

    private static func percentDecoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.contains(UInt8(ascii: "%")) else { return Array(text) }
        var result: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let high = rest[rest.startIndex].hexadecimalValue,
                let low = rest[rest.startIndex + 1].hexadecimalValue
            {
                result.append(UInt8(high << 4 | low))
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    /// Lower case, and other than ASCII in Punycode, label by label.
    private static func toASCII(_ text: [UInt8]) -> [UInt8]? {
        if text.allSatisfy({ $0 < 0x80 }) { return text.map(\.asciiLowercased) }
        guard let string = String(validating: text, as: UTF8.self) else { return nil }
        let mapped = string.lowercased().precomposedStringWithCompatibilityMapping
        var labels: [[UInt8]] = []
        for label in mapped.unicodeScalars.split(omittingEmptySubsequences: false, whereSeparator: isDot) {
            if label.allSatisfy(\.isASCII) {
                labels.append(label.map { UInt8(truncatingIfNeeded: $0.value) })
            } else {
                guard let encoded = Punycode.encode(Array(label)) else { return nil }
                labels.append(Array("xn--".utf8) + encoded)
            }
        }
        return Array(labels.joined(separator: [UInt8(ascii: ".")]))
    }

    private static func isDot(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "." || scalar == "\u{3002}" || scalar == "\u{FF0E}" || scalar == "\u{FF61}"
    }

    private static func isForbidden(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte >= 0x7F || forbidden.contains(byte)
    }

    private static let forbidden = Array("#/:<>?@[\\]^|%".utf8)
}

/// The URL standard's IPv4 parser (section 3.5): numbers in three bases, and the last one for all that is missing.
enum IPv4Text {
    static func endsInNumber(_ host: [UInt8]) -> Bool {
        var parts = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if parts.count > 1, parts.last?.isEmpty ?? false { parts.removeLast() }
        guard let last = parts.last, !last.isEmpty else { return false }
        return last.allSatisfy(\.isASCIIDigit) || number(last) != nil
    }

    static func parse(_ host: [UInt8]) -> [UInt8]? {
        var parts = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if parts.count > 1, parts.last?.isEmpty ?? false { parts.removeLast() }
        guard parts.count <= 4 else { return nil }
        var numbers: [UInt64] = []
        for part in parts {
            guard let value = number(part) else { return nil }
            numbers.append(value)
        }
        guard let last = numbers.popLast(), numbers.allSatisfy({ $0 < 256 }),
            last < 1 << UInt64(8 * (4 - numbers.count))
        else { return nil }
        var address = last
        for (index, value) in numbers.enumerated() { address += value << UInt64(8 * (3 - index)) }
        let text = (0..<4).map { String(address >> UInt64(24 - 8 * $0) & 255) }.joined(separator: ".")
        return Array(text.utf8)
    }

    private static func number(_ text: ArraySlice<UInt8>) -> UInt64? {
        guard !text.isEmpty else { return nil }
        var digits = text
        var radix: UInt64 = 10
        if digits.count >= 2, digits.first == UInt8(ascii: "0") {
            if digits[digits.startIndex + 1] == UInt8(ascii: "x") {
                digits = digits.dropFirst(2)
                radix = 16
            } else {
                digits = digits.dropFirst()
                radix = 8
            }
        }
        var value: UInt64 = 0
        for byte in digits {
            guard let digit = byte.hexadecimalValue, UInt64(digit) < radix, value < 1 << 40 else { return nil }
            value = value * radix + UInt64(digit)
        }
        return value
    }
}

/// RFC 3492.
enum Punycode {
    static func encode(_ label: [Unicode.Scalar]) -> [UInt8]? {
        guard label.count <= 63 else { return nil }
        var output = label.filter(\.isASCII).map { UInt8(truncatingIfNeeded: $0.value) }
        let basic = output.count
        if basic > 0 { output.append(UInt8(ascii: "-")) }
        var next: UInt32 = 128
        var delta: UInt32 = 0
        var bias: UInt32 = 72
        var handled = basic
        while handled < label.count {
            guard let smallest = label.lazy.map(\.value).filter({ $0 >= next }).min() else { return nil }
            delta += (smallest - next) * UInt32(handled + 1)
            next = smallest
            for scalar in label {
                if scalar.value < next { delta += 1 }
                guard scalar.value == next else { continue }
                appendNumber(delta, bias, to: &output)
                bias = adapt(delta, UInt32(handled + 1), isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            next += 1
        }
        return output.count <= 59 ? output : nil
    }

    private static func appendNumber(_ number: UInt32, _ bias: UInt32, to output: inout [UInt8]) {
        var rest = number
        var position: UInt32 = 36
        while true {
            let threshold = position <= bias ? 1 : position >= bias + 26 ? 26 : position - bias
            if rest < threshold { break }
            output.append(digit(threshold + (rest - threshold) % (36 - threshold)))
            rest = (rest - threshold) / (36 - threshold)
            position += 36
        }
        output.append(digit(rest))
    }

    private static func digit(_ value: UInt32) -> UInt8 { UInt8(value < 26 ? 0x61 + value : 0x16 + value) }

    private static func adapt(_ delta: UInt32, _ count: UInt32, isFirst: Bool) -> UInt32 {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / count
        var position: UInt32 = 0
        while delta > 455 {
            delta /= 35
            position += 36
        }
        return position + 36 * delta / (delta + 38)
    }
}
