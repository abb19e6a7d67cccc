internal import Glibc

/// An IPv4 or IPv6 address, without port or zone.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    enum Value: Sendable, Hashable {
        case v4(UInt32)
        case v6(UInt128)
    }

    let value: Value

    init(v4: UInt32) { value = .v4(v4) }
    init(v6: UInt128) { value = .v6(v6) }

    /// Reads the usual text forms: four decimal parts without leading zeros, or RFC 4291's of IPv6.
    ///
    /// Everything else gives nil: brackets, zones, shortened, octal and hexadecimal IPv4.
    public init?(_ text: String) {
        guard !text.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        var v6 = in6_addr()
        if unsafe inet_pton(AF_INET, text, &v4) == 1 {
            value = .v4(UInt32(bigEndian: v4.s_addr))
        } else if unsafe inet_pton(AF_INET6, text, &v6) == 1 {
            value = .v6(Self.number(v6))
        } else {
            return nil
        }
    }

    /// Reads a socket address; nil for families other than IPv4 and IPv6.
    @unsafe
    init?(socketAddress: UnsafeRawPointer, family: Int32, length: Int) {
        switch family {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            let address = unsafe socketAddress.loadUnaligned(as: sockaddr_in.self)
            value = .v4(UInt32(bigEndian: address.sin_addr.s_addr))
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            let address = unsafe socketAddress.loadUnaligned(as: sockaddr_in6.self)
            value = .v6(Self.number(address.sin6_addr))
        default: return nil
        }
    }

    public var isIPv6: Bool {
        if case .v6 = value { true } else { false }
    }

    private static func number(_ address: in6_addr) -> UInt128 {
        unsafe withUnsafeBytes(of: address) { unsafe $0.reduce(0) { $0 << 8 | UInt128($1) } }
    }

    /// IPv4 in decimal parts, IPv6 in its canonical form (RFC 5952).
    public var description: String {
        switch value {
        case .v4(let number):
            return (0..<4).map { String(UInt8(truncatingIfNeeded: number >> (24 - 8 * $0))) }.joined(separator: ".")
        case .v6(let number):
            var bytes = number.bigEndian
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            unsafe inet_ntop(AF_INET6, &bytes, &text, socklen_t(text.count))
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}

/// A network in CIDR notation: `10.0.0.0/8`, `fd00::/8`; an address alone is a network of one.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    let address: IPAddress
    /// The number of leading bits that members share.
    public let prefix: Int

    /// Nil unless the text is a network whose address has no bit set beyond its prefix.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        let width = address.isIPv6 ? 128 : 32
        var prefix = width
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), parts[1].utf8.count <= 3,
                let number = Int(parts[1]), number <= width
            else { return nil }
            prefix = number
        }
        guard Self.masked(address, prefix) == address else { return nil }
        self.address = address
        self.prefix = prefix
    }

    /// A range written here, where a slip is a defect.
    init(literal text: String) {
        guard let range = AddressRange(text) else { fatalError("\(text) is no network") }
        self = range
    }

    var isSingleAddress: Bool { prefix == (address.isIPv6 ? 128 : 32) }

    public func contains(_ other: IPAddress) -> Bool {
        address.isIPv6 == other.isIPv6 && Self.masked(other, prefix) == address
    }

    private static func masked(_ address: IPAddress, _ prefix: Int) -> IPAddress {
        switch address.value {
        case .v4(let number): IPAddress(v4: number & (prefix == 0 ? 0 : ~0 << (32 - UInt32(prefix))))
        case .v6(let number): IPAddress(v6: number & (prefix == 0 ? 0 : ~0 << (128 - UInt128(prefix))))
        }
    }

    public var description: String { "\(address)/\(prefix)" }
}
