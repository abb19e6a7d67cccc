import ArgumentParser
import ServiceKit

/// Commands that make keys and certificates.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the keys and certificates that a suite stands on.",
        discussion: """
            Roles know each other by certificates of one authority. A suite on several machines is set up with:

              datavault keys ca --out authority --trust-domain example.org
              datavault keys issue gateway --ca authority --out gateway
              datavault keys principal --out gateway
              datavault keys root --out identity/root.key

            `datavault up` makes all of them by itself, for development, as `datavault keys development` does.
            docs/operating.md, "Keys and certificates", says which file goes where.
            """,
        subcommands: [KeysAuthority.self, KeysIssue.self, KeysRoot.self, KeysPrincipal.self, KeysDevelopment.self]
    )

    /// Does a command's work, and tells what stopped it by the flag that is at fault.
    static func perform(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let error as KeyError {
            // The role is an argument, all others are flags.
            let place = error.input.map { $0 == .role ? "" : "--\($0.rawValue): " } ?? ""
            throw CommandFailure.exit(place + error.message)
        }
    }
}
