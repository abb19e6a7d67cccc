public import PolicyModel

/// Whose certificates a suite believes: the first part of the names of its roles, `spiffe://<trust domain>/<role>`.
public struct TrustDomain: Sendable, Hashable, CustomStringConvertible {
    /// The name.
    public let name: String

    /// The domain of suites that nobody named otherwise.
    public static let standard = TrustDomain(known: "datavault.local")

    /// Takes a name of lower-case letters, digits, dots, hyphens and underscores, at most 255 (SPIFFE ID, 2.1).
    public init(_ name: String) throws(KeyError) {
        let isGood = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isGood, (1...255).contains(name.utf8.count) else {
            throw KeyError(
                .trustDomain,
                "\"\(name)\" is no trust domain: it has lower-case letters, digits, '.', '-' and '_', as datavault.local"
            )
        }
        self.name = name
    }

    private init(known name: String) { self.name = name }

    /// The name of a role in certificates.
    public func uri(_ role: Role) -> String { "spiffe://\(name)/\(role.rawValue)" }

    /// The name of the domain itself, which its authority bears.
    var authorityURI: String { "spiffe://\(name)" }

    public var description: String { name }
}
