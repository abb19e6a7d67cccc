/// An address, or a block of them in CIDR notation (RFC 4632, RFC 4291, 2.3), as lists of networks have it.
///
///     NetworkBlock("192.0.2.0/24"), NetworkBlock("2001:db8::/32"), NetworkBlock("203.0.113.7")
public struct NetworkBlock: Sendable, Hashable, CustomStringConvertible {
    /// The block's first address.
    public let base: IPAddress
    /// Leading bits that all addresses of the block share: at most 32 for IPv4, 128 for IPv6.
    public let prefixLength: Int

    /// Reads a block, or an address as a block of one.
    ///
    /// Nil if the text is neither, or if bits are set beyond the prefix: whoever writes `10.1.2.3/8` is in error about
    /// one of the two.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        let width = address.bytes.count * 8
        var length = width
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
                digits.count == 1 || digits.first != 0x30, let number = Int(parts[1]), number <= width
            else { return nil }
            length = number
        }
        guard address.masked(length) == address else { return nil }
        let unmapped = address.unmapped
        if length >= 96, unmapped != address {
            (base, prefixLength) = (unmapped, length - 96)
        } else {
            (base, prefixLength) = (address, length)
        }
    }

    /// Whether an address is in the block. An IPv4 address within IPv6 (`::ffff:192.0.2.1`) is that IPv4 address.
    public func contains(_ address: IPAddress) -> Bool {
        let address = address.unmapped
        return address.bytes.count == base.bytes.count && address.masked(prefixLength) == base
    }

    /// The text in canonical form (RFC 5952): blocks that are the same have the same.
    public var description: String {
        prefixLength == base.bytes.count * 8 ? "\(base)" : "\(base)/\(prefixLength)"
    }
}
