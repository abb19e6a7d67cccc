/// Whom a connection expects at the other end, besides a certificate from a trusted authority.
enum PeerExpectation: Sendable, Hashable, CustomStringConvertible {
    /// Anyone trusted.
    case anyone
    /// The holder of a host name or an IP address. OpenSSL checks it.
    case host(String)
    /// The holder of one of these URI names.
    case uris([String])

    /// A client expects a URI if its configuration names one, else the host that it dials. Throws without either: a
    /// certificate of some trusted authority for just anybody proves nothing.
    static func client(serverName: String?, uris: [String]) throws(TLSError) -> PeerExpectation {
        if !uris.isEmpty { return .uris(uris) }
        guard let serverName, !serverName.isEmpty else {
            throw TLSError(.invalidConfiguration, "a client needs a server name or expected peer URIs")
        }
        return .host(serverName)
    }

    /// Whether a peer with these URI names will do. URIs are compared byte for byte, as SPIFFE IDs are.
    func accepts(uris: [String]) -> Bool {
        guard case .uris(let expected) = self else { return true }
        return uris.contains { uri in expected.contains { $0.utf8.elementsEqual(uri.utf8) } }
    }

    var description: String {
        switch self {
        case .anyone: "anyone trusted"
        case .host(let name): name
        case .uris(let uris): uris.joined(separator: " or ")
        }
    }
}
