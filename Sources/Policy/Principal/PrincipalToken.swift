import FoundationEssentials
import PolicyContract
import PolicyModel
import SwiftProtobuf

/// The signed form of a principal: `datavault.policy.v1.SignedPrincipal`, serialized.
///
/// It has one shape and one algorithm, so that nothing in it can ask for a weaker one.
public enum PrincipalToken {
    /// The metadata that carries it.
    public static let metadataName = "datavault-principal-bin"
    /// How long one is good at most, in milliseconds.
    public static let maxLifetime: Int64 = 60_000
    /// How large one may be, in bytes: some hundred permissions.
    public static let maxSize = 8_192

    /// What is signed: a name that sets this use of a key apart from all others, and the principal's bytes.
    static func signedBytes(_ principal: Data) -> Data { Data("datavault.policy.v1.Principal\0".utf8) + principal }

    /// A principal as it is to be signed.
    static func encode(_ principal: VerifiedPrincipal) throws -> Data {
        var message = Datavault_Policy_V1_Principal()
        message.organization = principal.organization
        message.subject = principal.subject
        message.kind =
            switch principal.kind {
            case .user: .user
            case .apiKey: .apiKey
            case .serviceAccount: .serviceAccount
            }
        message.permissions = principal.permissions.sorted()
        message.sourceAddress = principal.sourceAddress
        message.strength =
            switch principal.strength {
            case .bearer: .bearer
            case .signed: .signed
            case .multiFactor: .multiFactor
            }
        message.audience = Datavault_Policy_V1_Role(principal.audience)
        message.method = principal.method
        message.issuedAtMs = principal.issuedAt
        message.expiresAtMs = principal.expiresAt
        message.session = principal.session ?? ""
        return try message.serializedData()
    }

    /// Reads a principal whose signature has been verified; nil where something in it is missing or unknown.
    static func decode(_ bytes: Data, keyID: String) -> VerifiedPrincipal? {
        guard let message = try? Datavault_Policy_V1_Principal(serializedBytes: bytes),
            let kind = VerifiedPrincipal.Kind(message.kind), let audience = Role(message.audience),
            let strength = VerifiedPrincipal.Strength(rawValue: message.strength.rawValue),
            !message.organization.isEmpty, !message.subject.isEmpty, message.method.hasPrefix("/")
        else { return nil }
        return VerifiedPrincipal(
            organization: message.organization, subject: message.subject, kind: kind,
            permissions: Set(message.permissions), sourceAddress: message.sourceAddress, strength: strength,
            audience: audience, method: message.method, issuedAt: message.issuedAtMs, expiresAt: message.expiresAtMs,
            keyID: keyID, session: message.session.isEmpty ? nil : message.session)
    }
}

extension VerifiedPrincipal.Kind {
    fileprivate init?(_ kind: Datavault_Policy_V1_SubjectKind) {
        switch kind {
        case .user: self = .user
        case .apiKey: self = .apiKey
        case .serviceAccount: self = .serviceAccount
        case .unspecified, .UNRECOGNIZED: return nil
        }
    }
}

extension Role {
    init?(_ role: Datavault_Policy_V1_Role) {
        switch role {
        case .gateway: self = .gateway
        case .identity: self = .identity
        case .scrape: self = .scrape
        case .pipeline: self = .pipeline
        case .compliance: self = .compliance
        case .unspecified, .UNRECOGNIZED: return nil
        }
    }
}

extension Datavault_Policy_V1_Role {
    init(_ role: Role) {
        self =
            switch role {
            case .gateway: .gateway
            case .identity: .identity
            case .scrape: .scrape
            case .pipeline: .pipeline
            case .compliance: .compliance
            }
    }
}
