/// An IPv4 or IPv6 address.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes, the most significant first.
    public let bytes: [UInt8]

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Reads four decimal numbers with no leading zeros, or IPv6's text (RFC 4291, 2.2) with no zone; nil for others.
    public init?(_ text: some StringProtocol) {
        // The longest is `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`.
        guard text.utf8.count <= 45 else { return nil }
        guard let bytes = text.contains(":") ? Self.version6(text) : Self.version4(text) else { return nil }
        self.bytes = bytes
    }

    /// An IPv4 address that is written as IPv6 (`::ffff:0:0/96`, RFC 4291, 2.5.5.2), as itself.
    public var unmapped: IPAddress {
        guard bytes.count == 16, bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else {
            return self
        }
        return IPAddress(bytes: Array(bytes[12...]))
    }

    /// The address with all but its leading bits cleared.
    func masked(_ length: Int) -> IPAddress {
        var bytes = bytes
        for index in bytes.indices {
            let kept = min(max(length - index * 8, 0), 8)
            bytes[index] &= kept == 0 ? 0 : UInt8.max << UInt8(8 - kept)
        }
        return IPAddress(bytes: bytes)
    }

    private static func version4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            let digits = part.utf8
            // A leading zero means octal to some readers.
            guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
                digits.count == 1 || digits.first != 0x30, let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func version6(_ text: some StringProtocol) -> [UInt8]? {
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        switch halves.count {
        case 1: return groups(halves[0]).flatMap { $0.count == 16 ? $0 : nil }
        case 2:
            guard let head = halves[0].isEmpty ? [] : groups(halves[0], isEnd: false),
                let tail = halves[1].isEmpty ? [] : groups(halves[1]), head.count + tail.count <= 14
            else { return nil }
            return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
        default: return nil
        }
    }

    /// Groups of sixteen bits; the last may be an IPv4 address where the text ends with it.
    private static func groups(_ text: some StringProtocol, isEnd: Bool = true) -> [UInt8]? {
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if isEnd, index == parts.count - 1, part.contains("."), let tail = version4(part) {
                bytes += tail
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexadecimal),
                let group = UInt16(part, radix: 16)
            else { return nil }
            bytes += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
        }
        return bytes.count <= 16 ? bytes : nil
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }

    /// The canonical text (RFC 5952): lower case, no leading zeros, the longest run of two zero groups or more cut.
    public var description: String {
        if bytes.count == 4 { return bytes.map(String.init).joined(separator: ".") }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        var (start, length, index) = (0, 0, 0)
        while index < 8 {
            let run = groups[index...].prefix { $0 == 0 }.count
            if run > length { (start, length) = (index, run) }
            index += max(run, 1)
        }
        func text(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard length >= 2 else { return text(groups[...]) }
        return "\(text(groups[..<start]))::\(text(groups[(start + length)...]))"
    }
}
