public import Policy

/// Tells a client's address behind proxies.
public enum ForwardedAddress {
    /// Elements of `X-Forwarded-For` that are looked at, from the end.
    static let maxElements = 32

    /// The address that counts as the client's: from the connection's end inwards, the first that is no trusted proxy's.
    ///
    /// What stands further left was written by whoever stands there, and is not believed.
    ///
    /// - Parameters:
    ///   - peer: The connection's other end, without port.
    ///   - forwardedFor: The lines of `X-Forwarded-For` in their order.
    ///   - trusted: Proxies whose word is taken.
    /// - Returns: An address as text, without port.
    public static func client(peer: String, forwardedFor: [String], trusted: [NetworkBlock]) -> String {
        guard !trusted.isEmpty, !forwardedFor.isEmpty, isTrusted(peer, trusted) else { return peer }
        var client = peer
        let elements = forwardedFor.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        for element in elements.reversed().prefix(maxElements) {
            let text = withoutPort(element)
            // A trusted proxy that writes nonsense: the last address that made sense is its own.
            guard IPAddress(source: String(text)) != nil else { return client }
            client = String(text)
            if !isTrusted(client, trusted) { return client }
        }
        return client
    }

    /// Whether an address is a trusted proxy's, so that `X-Forwarded-Proto` and the like are taken from it.
    public static func isTrusted(_ peer: String, _ trusted: [NetworkBlock]) -> Bool {
        guard let address = IPAddress(source: peer) else { return false }
        return trusted.contains { $0.contains(address) }
    }

    /// Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`.
    private static func withoutPort(_ element: Substring) -> Substring {
        var text = element
        while text.first == " " || text.first == "\t" { text = text.dropFirst() }
        while text.last == " " || text.last == "\t" { text = text.dropLast() }
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            return text[text.index(after: text.startIndex)..<end]
        }
        if text.contains("."), let colon = text.firstIndex(of: ":"), text.lastIndex(of: ":") == colon {
            return text[..<colon]
        }
        return text
    }
}
