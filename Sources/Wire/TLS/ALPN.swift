/// The wire form of application protocol names (RFC 7301, section 3.1) and the choice among them.
enum ALPN {
    /// Each name after its length. Names of more than 255 bytes do not get here: the configuration refuses them.
    static func encode(_ protocols: [String]) -> [UInt8] {
        protocols.flatMap { [UInt8(truncatingIfNeeded: $0.utf8.count)] + Array($0.utf8) }
    }

    /// Where in `offered` the first of `supported` stands: the server's preference decides. Nil without a common one,
    /// or if the offer is malformed.
    static func select(supported: [[UInt8]], offered: Span<UInt8>) -> Range<Int>? {
        var best: (rank: Int, range: Range<Int>)?
        var index = 0
        while index < offered.count {
            let range = (index + 1)..<(index + 1 + Int(offered[index]))
            guard range.upperBound <= offered.count, !range.isEmpty else { return nil }
            for (rank, name) in supported.enumerated() where rank < best?.rank ?? .max {
                if name.count == range.count && name.indices.allSatisfy({ name[$0] == offered[range.lowerBound + $0] })
                {
                    best = (rank, range)
                }
            }
            index = range.upperBound
        }
        return best?.range
    }
}
