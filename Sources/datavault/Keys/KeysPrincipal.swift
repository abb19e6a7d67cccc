import ArgumentParser
import ServiceKit

/// Makes the key that a gateway signs principals with.
struct KeysPrincipal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "principal",
        abstract: "Make the key that a gateway signs principals with.",
        discussion: """
            Writes principal.key (mode 0600), which the gateway alone reads, and principal.pub, which Identity lists with \
            the gateway's certificate. A key that exists is never replaced.

              datavault keys principal --out gateway
            """
    )

    @Option(help: "The folder to write to; made if it is missing.", completion: .directory)
    var out: String

    func run() async throws {
        try await Keys.perform {
            let folder = KeyFolder(out)
            let pair = try await PrincipalKeyPair.create(in: folder)
            print("\(folder.principalKey)  the signing key \(pair.keyID)")
            print("\(folder.principalPublicKey)  its public half, for Identity")
        }
    }
}
