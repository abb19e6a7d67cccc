/// A form that a text has: `datavault.policy.v1.Format`. Each is bounded in length, and read in one pass.
public enum TextFormat: String, Sendable, Hashable, CaseIterable {
    case email
    case httpURL
    case uuid
    case hostName
    case ipAddress
    case date
    case resourceID
    case countryCode

    /// What is asked for, for the end of a sentence.
    public var description: String {
        switch self {
        case .email: "a mail address"
        case .httpURL: "an absolute http or https URL"
        case .uuid: "a UUID"
        case .hostName: "a host name"
        case .ipAddress: "an IP address"
        case .date: "a day as 2026-03-31"
        case .resourceID: "1 to 63 lower-case letters, digits and hyphens, a letter first and no hyphen last"
        case .countryCode: "two upper-case letters that name a country"
        }
    }

    /// The most bytes that a text of the form has.
    public var maxLength: Int {
        switch self {
        case .email: 254
        case .httpURL: 2_048
        case .uuid: 36
        case .hostName: 253
        case .ipAddress: 45
        case .date: 10
        case .resourceID: 63
        case .countryCode: 2
        }
    }

    /// Whether `text` has the form.
    public func matches(_ text: String) -> Bool {
        guard text.utf8.count <= maxLength else { return false }
        switch self {
        case .email: return Self.isEmail(text.utf8Span.span)
        case .uuid: return Self.isUUID(text.utf8Span.span)
        case .hostName: return Self.isHostName(text.utf8Span.span)
        case .resourceID: return Self.isResourceID(text.utf8Span.span)
        case .httpURL: return Self.isHTTPURL(Array(text.utf8)[...])
        case .ipAddress:
            let bytes = Array(text.utf8)
            return Self.isIPv4(bytes[...]) || Self.isIPv6(bytes[...])
        case .date: return Self.isDate(Array(text.utf8))
        case .countryCode: return text.utf8.count == 2 && text.utf8.allSatisfy(\.isUpper)
        }
    }

    // MARK: Names

    private static func isEmail(_ bytes: Span<UInt8>) -> Bool {
        guard let at = bytes.indices.last(where: { bytes[$0] == UInt8(ascii: "@") }) else { return false }
        // RFC 5321, 4.5.3.1.1: at most 64 octets; RFC 5322, 3.2.3: atoms with single dots between.
        guard (1...64).contains(at) else { return false }
        var isInAtom = false
        for index in 0..<at {
            if bytes[index] == UInt8(ascii: ".") {
                guard isInAtom else { return false }
                isInAtom = false
            } else {
                guard isAtomByte(bytes[index]) else { return false }
                isInAtom = true
            }
        }
        return isInAtom && isHostName(bytes.extracting((at + 1)..<bytes.count))
    }

    private static func isAtomByte(_ byte: UInt8) -> Bool {
        if byte.isLetterOrDigit { return true }
        return switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "?"),
            UInt8(ascii: "^")...UInt8(ascii: "`"), UInt8(ascii: "{")...UInt8(ascii: "~"):
            true
        default: false
        }
    }

    static func isHostName(_ bytes: Span<UInt8>) -> Bool {
        var start = 0
        for index in 0...bytes.count where index == bytes.count || bytes[index] == UInt8(ascii: ".") {
            guard isLabel(bytes, start..<index) else { return false }
            start = index + 1
        }
        return true
    }

    private static func isLabel(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard (1...63).contains(range.count), bytes[range.lowerBound] != UInt8(ascii: "-"),
            bytes[range.upperBound - 1] != UInt8(ascii: "-")
        else { return false }
        return range.allSatisfy { bytes[$0].isLetterOrDigit || bytes[$0] == UInt8(ascii: "-") }
    }

    private static func isResourceID(_ bytes: Span<UInt8>) -> Bool {
        guard !bytes.isEmpty, bytes[0].isLower, bytes[bytes.count - 1] != UInt8(ascii: "-") else { return false }
        return bytes.indices.allSatisfy { bytes[$0].isLower || bytes[$0].isDigit || bytes[$0] == UInt8(ascii: "-") }
    }

    private static func isUUID(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count == 36 else { return false }
        return bytes.indices.allSatisfy { index in
            switch index {
            case 8, 13, 18, 23: bytes[index] == UInt8(ascii: "-")
            default: bytes[index].isHexDigit
            }
        }
    }

    // MARK: Dates

    private static func isDate(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            year > 0, (1...12).contains(month)
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[month - 1]).contains(day)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    // MARK: Addresses

    private static func isHTTPURL(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        guard drop("https://", from: &rest) || drop("http://", from: &rest) else { return false }
        let end = rest.firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
        // RFC 3986: what stands for itself in a path, query or fragment, and percent signs with two digits.
        var index = end
        while index < rest.endIndex {
            let byte = rest[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < rest.endIndex, rest[index + 1].isHexDigit, rest[index + 2].isHexDigit else {
                    return false
                }
                index += 2
            } else if !byte.isLetterOrDigit, !urlMarks.contains(byte) {
                return false
            }
            index += 1
        }
        return isAuthority(rest[..<end])
    }

    private static let urlMarks = Set("-._~!$&'()*+,;=:@/?#".utf8)

    private static func drop(_ prefix: StaticString, from bytes: inout ArraySlice<UInt8>) -> Bool {
        let wanted = Array("\(prefix)".utf8)
        // The scheme is the same in either case (RFC 3986, 3.1).
        guard bytes.prefix(wanted.count).elementsEqual(wanted, by: { $0 | 0x20 == $1 | 0x20 }) else { return false }
        bytes = bytes.dropFirst(wanted.count)
        return true
    }

    /// A host with an optional port; user information is refused, as it mostly hides what the host is.
    private static func isAuthority(_ bytes: ArraySlice<UInt8>) -> Bool {
        var host = bytes
        if host.first == UInt8(ascii: "[") {
            guard let close = host.firstIndex(of: UInt8(ascii: "]")) else { return false }
            guard isIPv6(host[(host.startIndex + 1)..<close]) else { return false }
            return isPort(host[(close + 1)...])
        }
        let colon = host.firstIndex(of: UInt8(ascii: ":")) ?? host.endIndex
        host = bytes[..<colon]
        return isHostName(host.span) && isPort(bytes[colon...])
    }

    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.first == UInt8(ascii: ":") else { return bytes.isEmpty }
        let digits = bytes.dropFirst()
        guard digits.count <= 5, let port = number(digits) else { return false }
        return port <= 65_535
    }

    private static func isIPv4(_ bytes: ArraySlice<UInt8>) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard part.count <= 3, part.count == 1 || part.first != UInt8(ascii: "0") else { return false }
                return (number(part) ?? 256) <= 255
            }
    }

    private static func isIPv6(_ bytes: ArraySlice<UInt8>) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard (3...9).contains(parts.count) else { return false }
        // `::` stands for one run of zeros, and shows as an empty part; at either end as two.
        var gaps = 0
        var groups = 0
        for (index, part) in parts.enumerated() {
            if part.isEmpty {
                let isEdge = index == 0 || index == parts.count - 1
                let beside = index == 0 ? 1 : parts.count - 2
                if isEdge {
                    guard parts[beside].isEmpty else { return false }
                } else {
                    gaps += 1
                }
            } else if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard isIPv4(part) else { return false }
                groups += 2
            } else {
                guard part.count <= 4, part.allSatisfy(\.isHexDigit) else { return false }
                groups += 1
            }
        }
        return gaps == 0 ? groups == 8 : gaps == 1 && groups <= 7
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self >= 0x30 && self <= 0x39 }
    fileprivate var isUpper: Bool { self >= 0x41 && self <= 0x5A }
    fileprivate var isLower: Bool { self >= 0x61 && self <= 0x7A }
    fileprivate var isLetterOrDigit: Bool { isDigit || isUpper || isLower }
    fileprivate var isHexDigit: Bool { isDigit || (self | 0x20) >= 0x61 && (self | 0x20) <= 0x66 }
}
