import ArgumentParser
import CallTool
import Policy
import PolicyModel
import ServiceKit

/// For whom a call is made.
struct CallPrincipalOptions: ParsableArguments {
    @Option(help: "Call for this organization, with a principal that is signed as the gateway does.")
    var organization: String?

    @Option(help: "Call as the role of --as itself, for this organization, where the contract lets that role.")
    var onBehalf: String?

    @Option(help: "Who calls, for the audit log.")
    var subject = "operators/local"

    @Option(
        parsing: .singleValue,
        help: "A permission of the principal; left out, it has the one that the contract asks for. May be repeated.")
    var permission: [String] = []

    @Option(help: "The folder of the signing key (principal.key); that of --keys if left out.", completion: .directory)
    var principalKey: String?

    @Option(help: "How the server lists the signing key, if not by the identifier made of it.")
    var principalKeyID: String?

    /// The principal to sign; nil where the call is made for nobody.
    func grant(keys: String?, audience: Role?) throws -> PrincipalGrant? {
        guard onBehalf == nil || organization == nil else {
            throw CallToolError.usage("--organization and --on-behalf exclude each other: a call has one caller")
        }
        guard let organization else {
            guard permission.isEmpty, principalKey == nil else {
                throw CallToolError.usage("--permission and --principal-key need --organization")
            }
            return nil
        }
        guard let folder = principalKey ?? keys else {
            throw CallToolError.usage(
                "--organization needs the gateway's signing key",
                next: "--keys DIR or --principal-key DIR names its folder")
        }
        do {
            let pair = try PrincipalKeyPair.load(from: KeyFolder(folder))
            let signer = principalKeyID.map { PrincipalSigner(key: pair.privateKey, keyID: $0) } ?? pair.signer
            var grant = PrincipalGrant(signer: signer, organization: organization)
            grant.subject = subject
            grant.permissions = permission.isEmpty ? nil : permission
            grant.audience = audience
            return grant
        } catch let error as KeyError {
            throw CallToolError.usage("\(error)", next: "`datavault keys principal` makes a signing key")
        }
    }
}
