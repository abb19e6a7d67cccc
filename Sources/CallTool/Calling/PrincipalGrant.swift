package import FoundationEssentials
package import Policy
import PolicyContract
package import PolicyModel
package import Wire

/// For whom a call is made: signed as a gateway would sign it.
package struct PrincipalGrant: Sendable {
    package var signer: PrincipalSigner
    package var organization: String
    package var subject = "operators/local"
    /// nil: the one that the contract asks for.
    package var permissions: [String]?
    /// The role that is called; nil: the one that the method's package is named after.
    package var audience: Role?

    package init(signer: PrincipalSigner, organization: String) {
        (self.signer, self.organization) = (signer, organization)
    }

    /// Adds the principal to a call's metadata.
    package func add(to metadata: inout Metadata, for method: SchemaMethod, now: Date = Date()) throws {
        let service = method.descriptor.service
        guard let audience = audience ?? Self.role(of: service) else {
            throw CallToolError.usage(
                "a principal is made for one role, and \(service) does not name one",
                next: "--expect-role ROLE says which role is called")
        }
        let time = Int64(now.timeIntervalSince1970 * 1_000)
        let principal = VerifiedPrincipal(
            organization: organization, subject: subject, kind: .serviceAccount,
            permissions: Set(permissions ?? Self.permissions(of: method)), sourceAddress: "127.0.0.1",
            strength: .signed,
            audience: audience, method: method.descriptor.path, issuedAt: time,
            expiresAt: time + PrincipalToken.maxLifetime, keyID: "")
        metadata.remove(PrincipalToken.metadataName)
        metadata.add(PrincipalToken.metadataName, bytes: try signer.sign(principal))
    }

    /// `datavault.<role>.v1.…` is served by that role.
    package static func role(of service: String) -> Role? {
        let parts = service.split(separator: ".")
        return parts.count > 2 && parts[0] == "datavault" ? Role(rawValue: String(parts[1])) : nil
    }

    private static func permissions(of method: SchemaMethod) -> [String] {
        switch method.policy?.access {
        case .permission(let permission): [permission]
        default: []
        }
    }
}
