import Crypto
public import FoundationEssentials
public import PolicyModel
import SwiftASN1
import X509

/// What a role's certificate says.
public struct RoleCertificate: Sendable, Hashable {
    /// The role that it is for.
    public let role: Role
    /// The trust domain that the role is of.
    public let trustDomain: TrustDomain
    /// Since when it is valid.
    public let start: Date
    /// Until when it is valid.
    public let end: Date
    /// SHA-256 of the certificate in lower-case hexadecimal, as Identity binds a gateway's signing key to it.
    public let fingerprint: String

    /// How long a certificate lasts if not said otherwise.
    public static let standardDays = 90

    /// Reads the first certificate of a PEM file.
    public init(file: String, limits: KeyLimits = KeyLimits()) throws {
        let certificate = try KeyPairFiles.certificates(file, limits)[0]
        do {
            try self.init(certificate)
        } catch is NotOfARole {
            throw KeyError(nil, "\(file) names no role of the suite (spiffe://<trust domain>/<role>), or more than one")
        }
    }

    init(_ certificate: Certificate) throws {
        let uris = try certificate.uriNames
        guard let domain = try certificate.trustDomain, uris.count == 1,
            let role = Role.allCases.first(where: { domain.uri($0) == uris[0] })
        else { throw NotOfARole() }
        (self.role, trustDomain) = (role, domain)
        (start, end) = (certificate.notValidBefore, certificate.notValidAfter)
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        fingerprint = SHA256.hash(data: serializer.serializedBytes).hexadecimal
    }

    /// Whether the time to renew it has come: less than a third of its life is left.
    public func isDue(at now: Date) -> Bool {
        now < start || end.timeIntervalSince(now) < end.timeIntervalSince(start) / 3
    }
}

/// A certificate that no role can show.
private struct NotOfARole: Error {}

extension Certificate {
    var uriNames: [String] {
        get throws {
            try (extensions.subjectAlternativeNames ?? SubjectAlternativeNames([])).compactMap {
                if case .uniformResourceIdentifier(let uri) = $0 { uri } else { nil }
            }
        }
    }

    /// The trust domain of the certificate's first SPIFFE name.
    var trustDomain: TrustDomain? {
        get throws {
            let prefix = "spiffe://"
            guard let uri = try uriNames.first(where: { $0.hasPrefix(prefix) }) else { return nil }
            return try? TrustDomain(String(uri.dropFirst(prefix.count).prefix { $0 != "/" }))
        }
    }
}

extension Sequence where Element == UInt8 {
    /// The bytes in lower-case hexadecimal.
    var hexadecimal: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
