#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An address or CIDR block (RFC 4632, RFC 4291), as lists of allowed networks hold it.
struct NetworkBlock: Sendable, Hashable {
    /// 4 or 16 bytes in network order; bits beyond the prefix are zero.
    let address: [UInt8]
    /// Leading bits that count.
    let prefix: Int

    /// Reads `192.0.2.0/24`, `2001:db8::/32` or an address alone; nil for anything else.
    ///
    /// Bits beyond the prefix are dropped: `192.0.2.7/24` stands for the block that it lies in.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let bytes = Self.bytes(String(first)) else { return nil }
        let width = bytes.count * 8
        var prefix = width
        if parts.count == 2 {
            // Digits alone: Int would take a sign.
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(parts[1]), number <= width
            else { return nil }
            prefix = number
        }
        self.prefix = prefix
        address = bytes.enumerated().map { index, byte in
            let kept = min(max(prefix - index * 8, 0), 8)
            return kept == 0 ? 0 : byte & (UInt8.max << UInt8(8 - kept))
        }
    }

    /// The block as it is kept and shown: canonical (RFC 5952), with the prefix unless it is one address.
    var text: String {
        var source = address
        var buffer = [CChar](repeating: 0, count: 64)
        let family = address.count == 4 ? AF_INET : AF_INET6
        _ = unsafe inet_ntop(family, &source, &buffer, socklen_t(buffer.count))
        let end = buffer.firstIndex(of: 0) ?? buffer.endIndex
        let shown = String(decoding: buffer[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return prefix == address.count * 8 ? shown : "\(shown)/\(prefix)"
    }

    /// Reads all blocks of a field, each in its canonical form and once, in their order.
    ///
    /// - Throws: `IdentityError.networkInvalid` naming the element.
    static func canonical(_ texts: [String], field: String) throws(IdentityError) -> [String] {
        var found: [String] = []
        for (index, text) in texts.enumerated() {
            guard let block = NetworkBlock(text) else { throw .networkInvalid(field: "\(field)[\(index)]") }
            if !found.contains(block.text) { found.append(block.text) }
        }
        return found
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        // C would not see what comes after it.
        guard !text.utf8.contains(0) else { return nil }
        var four = [UInt8](repeating: 0, count: 4)
        if unsafe inet_pton(AF_INET, text, &four) == 1 { return four }
        var sixteen = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET6, text, &sixteen) == 1 { return sixteen }
        return nil
    }
}
