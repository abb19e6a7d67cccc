/// An address, or a block of them in CIDR notation (RFC 4632, RFC 4291, 2.3), as lists of networks have it.
///
///     NetworkBlock("192.0.2.0/24"), NetworkBlock("2001:db8::/32"), NetworkBlock("203.0.113.7")
public struct NetworkBlock: Sendable, Hashable, CustomStringConvertible {
    /// The block's first address.
    public let base: IPAddress
    /// Leading bits that all addresses of the block share: at most 32 for IPv4, 128 for IPv6.
    public let prefixLength: Int

    /// Why a text is no block.
    public enum Fault: Error, Hashable, CustomStringConvertible {
        /// It is neither an address nor a block.
        case malformed
        /// Bits are set beyond the prefix: whoever writes `10.1.2.3/8` is in error about one of the two, and to guess
        /// would let in more, or fewer, than was meant. The block that the address lies in, and the address, are told.
        case hostBits(block: String, address: String)

        /// The end of a sentence about the text: "must …".
        public var description: String {
            switch self {
            case .malformed: "must be an address or a CIDR block"
            case .hostBits(let block, let address):
                "must have no bits beyond its prefix: it is either the block \(block) or the address \(address)"
            }
        }
    }

    /// Reads a block, or an address as a block of one; nil for anything else, as `init(reading:)` says.
    public init?(_ text: some StringProtocol) {
        do throws(Fault) { try self.init(reading: text) } catch { return nil }
    }

    /// Reads a block, or an address as a block of one.
    public init(reading text: some StringProtocol) throws(Fault) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { throw .malformed }
        let width = address.bytes.count * 8
        var length = width
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
                digits.count == 1 || digits.first != 0x30, let number = Int(parts[1]), number <= width
            else { throw .malformed }
            length = number
        }
        guard address.masked(length) == address else {
            throw .hostBits(block: "\(address.masked(length))/\(length)", address: "\(address)")
        }
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
