import ArgumentParser
import FoundationEssentials
import PolicyModel
import ServiceKit
import Wire

/// Issues a role's certificate, and renews it.
struct KeysIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue",
        abstract: "Issue a certificate to a role, or renew it.",
        discussion: """
            Writes <role>.pem and <role>.key (mode 0600) with a new key each time, and ca.pem if it is missing. Running \
            servers take renewed files by themselves within two seconds.

              datavault keys issue scrape --ca authority --out scrape
              datavault keys issue gateway --ca authority --out gateway \\
                  --dns gateway.example.org --ip 192.0.2.7 --days 30

            Roles: \(Role.allCases.map(\.rawValue).joined(separator: ", ")).
            """
    )

    @Argument(help: "The role that shows the certificate.")
    var role: String

    @Option(help: "The authority's folder, as `keys ca` wrote it.", completion: .directory)
    var ca: String

    @Option(help: "The folder to write to; made if it is missing.", completion: .directory)
    var out: String

    @Option(help: "How long it lasts; no longer than the authority.")
    var days = RoleCertificate.standardDays

    @Option(
        name: .customLong("dns"), parsing: .singleValue, help: "A host name of the role's servers. May be repeated.")
    var names: [String] = []

    @Option(name: .customLong("ip"), parsing: .singleValue, help: "An address of the role's servers. May be repeated.")
    var addresses: [String] = []

    @Option(help: "What the role's name begins with, if the authority's certificate does not say.")
    var trustDomain: String?

    func run() async throws {
        try await Keys.perform {
            guard let role = Role(rawValue: role) else {
                let roles = Role.allCases.map(\.rawValue).joined(separator: ", ")
                throw KeyError(.role, "there is no role \"\(self.role)\"; the roles are \(roles)")
            }
            let authority = try CertificateAuthority.load(
                from: KeyFolder(ca), trustDomain: trustDomain.map { try TrustDomain($0) })
            let folder = KeyFolder(out)
            let issued = try await authority.issue(
                role, into: folder, days: days, names: CertificateNames(dns: names, addresses: addresses))
            let identity = folder.identity(of: role)
            print(
                "\(identity.certificateChainFile)  \(authority.trustDomain.uri(role)), until \(issued.end.ISO8601Format())"
            )
            print("\(identity.privateKeyFile)  its key")
            print("SHA-256 \(issued.fingerprint)")
            if issued.end >= authority.end {
                print("It ends with the authority: renew that soon (docs/operating.md, \"A new authority\").")
            }
            if try !authority.isTrusted(in: folder) {
                print(
                    "\(folder.authorityCertificate) is of other authorities: add \(KeyFolder(ca).authorityCertificate) to it."
                )
            }
        }
    }
}
