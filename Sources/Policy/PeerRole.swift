public import PolicyModel

/// Reads roles from certificates' names, `spiffe://<trust domain>/<role>`.
public enum PeerRole {
    /// The role of a peer; nil if no name, or more than one, is of the trust domain, or the role is unknown.
    ///
    /// - Parameter names: The URI subject alternative names of the peer's verified certificate.
    public static func of(_ names: [String], trustDomain: String) -> Role? {
        let prefix = "spiffe://\(trustDomain)/"
        let own = names.filter { $0.hasPrefix(prefix) }
        // A certificate with two roles would have the rights of both (SPIFFE X.509-SVID, 2: exactly one).
        guard own.count == 1, let name = own.first else { return nil }
        return Role(rawValue: String(name.dropFirst(prefix.count)))
    }
}
