import Foundation
import ServiceKit
import Wire

/// What `datavault up` says once all roles serve: where the suite is, who may enter, and calls to begin with.
struct Announcement {
    private let suite: Suite
    private let settings: Settings
    private let folder: String

    init(_ suite: Suite, _ settings: Settings) {
        (self.suite, self.settings) = (suite, settings)
        // Whole, so that what is pasted into another terminal finds it from any folder.
        folder = URL(filePath: settings[SuiteSettings.dataFolder]).standardizedFileURL.path(percentEncoded: false)
    }

    var lines: [String] {
        guard let edge = suite.roles.first(where: { $0.definition.name == "gateway" }) else { return [] }
        let base = address(of: edge)
        let operators = suite.roles.map { "\($0.definition.name) \(Self.reachable($0.adminAddress))" }
        var lines = [
            "DataVault is ready.", "",
            "  API            \(base.url)",
            "  description    \(base.url)/openapi.json",
        ]
        if hasCredentials { lines.append("  first admin    \(credentials): password, API key and signing secret") }
        lines += [
            "  data and keys  \(folder)",
            "  operators      /readyz and /metrics at \(operators.joined(separator: ", "))",
        ]
        if hasCredentials { lines += calls(base) }
        return lines + ["", "Ctrl-C ends it."]
    }

    /// First calls, word for word.
    private func calls(_ base: Base) -> [String] {
        let curl = "  curl \(base.options)-H \"Authorization: Bearer $KEY\""
        return [
            "", "First calls, from another terminal:", "",
            "  KEY=$(sed -n 's/.*\"key\" *: *\"\\(.*\\)\".*/\\1/p' \(Self.quoted(credentials)))",
            "\(curl) \(base.url)/api/v1/me; echo",
            "\(curl) -H 'Content-Type: application/json' -d '{\"text\": \"hello\"}' \(base.url)/api/v1/notes; echo",
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
        let certificate = edge.definition.ownSettings.first { $0.name == "gateway.edge.certificate-file" }
        let scheme = certificate.map { settings.shown($0).isEmpty } ?? true ? "http" : "https"
        if case .unix(let path) = edge.address {
            return Base(url: "\(scheme)://localhost", options: "--unix-socket \(Self.quoted(path)) ")
        }
        return Base(url: "\(scheme)://\(Self.reachable(edge.address))", options: "")
    }

    /// An address that can be called: where all addresses are listened at, the loopback.
    private static func reachable(_ address: ListenAddress) -> String {
        switch address {
        case .tcp("0.0.0.0", let port): "127.0.0.1:\(port)"
        case .tcp("::", let port): "[::1]:\(port)"
        case .tcp(let host, let port) where host.contains(":"): "[\(host)]:\(port)"
        default: "\(address)"
        }
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
