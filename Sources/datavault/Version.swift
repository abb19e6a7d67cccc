import ArgumentParser

/// Which version this is.
enum Version {
    /// Semantic; the contract's own versions stand in its packages' names.
    static let current = "0.1.0"
}

/// The version, and what it was built with.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.",
        discussion: """
              datavault version
            """)

    func run() { print("datavault \(Version.current)") }
}
