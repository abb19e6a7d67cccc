import ArgumentParser
import ServiceKit

/// Makes a certificate authority.
struct KeysAuthority: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca",
        abstract: "Make a certificate authority.",
        discussion: """
            Writes ca.pem, which every role gets, and ca.key (mode 0600), which stays where certificates are issued.

              datavault keys ca --out authority
              datavault keys ca --out authority --trust-domain example.org --days 1825
            """
    )

    @Option(help: "The folder to write to; made if it is missing.", completion: .directory)
    var out: String

    @Option(help: "What the roles' names begin with: spiffe://<trust domain>/<role>.")
    var trustDomain = TrustDomain.standard.name

    @Option(help: "How long it lasts.")
    var days = CertificateAuthority.standardDays

    @Flag(help: "Replace the authority that is there: what it issued is believed no more.")
    var force = false

    func run() async throws {
        try await Keys.perform {
            let folder = KeyFolder(out)
            _ = try await CertificateAuthority.create(
                in: folder, trustDomain: TrustDomain(trustDomain), days: days, replaces: force)
            print("\(folder.authorityCertificate)  the authority of \(trustDomain), for \(days) days")
            print("\(folder.authorityKey)  its key: keep it where certificates are issued, and nowhere else")
            print("Next: datavault keys issue <role> --ca \(out) --out <folder of the role>")
        }
    }
}
