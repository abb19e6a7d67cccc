public import Policy
public import ServiceKit

/// Where callers may come from.
struct AddressList: Hashable, Sendable {
    /// Everybody may come from anywhere.
    static let everywhere = AddressList([])

    private let blocks: [NetworkBlock]
    /// Whether the list names no network, so that no address has to be looked at.
    let allowsAll: Bool

    /// Reads what Identity keeps. No text: from everywhere. Texts that are no networks let nobody in.
    init(_ texts: [String]) {
        allowsAll = texts.isEmpty
        blocks = texts.compactMap { NetworkBlock($0) }
    }

    /// Whether a caller may come from an address; nil is one that cannot be read.
    func allows(_ address: IPAddress?) -> Bool {
        guard !allowsAll else { return true }
        guard let address else { return false }
        return blocks.contains { $0.contains(address) }
    }
}

extension IPAddress {
    /// Reads the address of a connection's other end, whose zone (`%eth0`, RFC 4007) means nothing to lists.
    init?(source text: String) {
        let address = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)[0]
        self.init(address)
    }

    /// What limits by address count by: an IPv6 client holds a whole /64.
    var limitKey: String {
        let own = unmapped.bytes
        return own.prefix(8).map { String($0, radix: 16) }.joined(separator: own.count == 4 ? "." : ":")
    }
}

extension NetworkBlock: SettingValue {
    public static var settingType: String { "network" }
    public static var settingSyntax: String? { "an address or a CIDR block, as 10.0.0.0/8" }
    public init?(setting text: String) { self.init(text) }
    public var settingText: String { description }
}
