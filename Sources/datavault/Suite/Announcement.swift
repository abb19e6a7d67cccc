import Foundation
import ServiceKit
import Wire

/// What `datavault up` says once all roles serve: where the suite is, who may enter, and calls to begin with.
struct Announcement {
    private let suite: Suite
    private let settings: Settings
    private let folder: String
    private let firstRun: String?

    /// Puts it together.
    ///
    /// - Parameter firstRun: What is done at the first start; nil: nothing.
    init(_ suite: Suite, _ settings: Settings, firstRun: String? = nil) {
        (self.suite, self.settings, self.firstRun) = (suite, settings, firstRun)
        // Whole, so that what is pasted into another terminal finds it from any folder.
        folder = URL(filePath: settings[SuiteSettings.dataFolder]).standardizedFileURL.path(percentEncoded: false)
    }

    var lines: [String] {
        guard let edge = suite.roles.first(where: { $0.definition.name == "gateway" }) else { return [] }
        let base = address(of: edge)
        let operators = suite.roles.map { "\($0.definition.name) \(GatewayAddress.reachable($0.adminAddress))" }
        var lines = [
            "DataVault is ready.", "",
            "  API            \(base.url)",
            "  documentation  \(base.url)/docs/",
            "  description    \(base.url)/openapi.json",
        ]
        if hasCredentials { lines.append("  first admin    \(credentials): password, API key and signing secret") }
        lines += [
            "  data and keys  \(folder)",
            "  operators      /readyz and /metrics at \(operators.joined(separator: ", "))",
        ]
        if let firstRun { lines.append("  first run      \(firstRun)") }
        if hasCredentials { lines += calls(base) }
        return lines + ["", "Ctrl-C ends it."]
    }

    /// First calls, word for word.
    private func calls(_ base: Base) -> [String] {
        let curl = "  curl \(base.options)-H \"Authorization: Bearer $KEY\""
        let isExample = suite.roles.contains { $0.definition.name == "example" }
        return [
            "", "First calls, from another terminal:", "",
            "  KEY=$(sed -n 's/.*\"key\" *: *\"\\(.*\\)\".*/\\1/p' \(Self.quoted(credentials)))",
            "\(curl) \(base.url)/api/v1/me; echo",
        ]
            + (isExample
                ? [
                    "\(curl) -H 'Content-Type: application/json' -d '{\"text\": \"hello\"}' \(base.url)/api/v1/notes; echo"
                ]
                : collection(base))
    }

    /// The main job, on the pages that the suite itself has.
    private func collection(_ base: Base) -> [String] {
        guard suite.roles.contains(where: { $0.definition.name == "scrape" }), base.options.isEmpty,
            let program = Bundle.main.executablePath,
            let host = URL(string: base.url)?.host()?.trimmingCharacters(in: ["[", "]"])
        else { return [] }
        let network = host.contains(":") ? "\(host)/128" : "\(host)/32"
        return [
            "  \(Self.quoted(program)) collect \(base.url)/docs/ --allow-address \(network) --gateway \(base.url) \\",
            "      --set data.folder=\(Self.quoted(folder)) \\",
            "      --field title=h1 --field 'section=.breadcrumb li:last-child' --require title --limit 500 --out pages.csv",
        ]
    }

    private var credentials: String { folder + (folder.hasSuffix("/") ? "" : "/") + "first-admin.json" }

    /// Not where another machine made the first admin, or where somebody has put the file away.
    private var hasCredentials: Bool { FileManager.default.fileExists(atPath: credentials) }

    /// How the edge is reached from this machine.
    private struct Base {
        let url: String
        let options: String
    }

    private func address(of edge: RunningRole) -> Base {
        let scheme = GatewayAddress.scheme(settings)
        if case .unix(let path) = edge.address {
            return Base(url: "\(scheme)://localhost", options: "--unix-socket \(Self.quoted(path)) ")
        }
        return Base(url: "\(scheme)://\(GatewayAddress.reachable(edge.address))", options: "")
    }

    /// One word of a shell.
    private static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "/._-+:@%".utf8.contains(byte)
        }
        return plain ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
