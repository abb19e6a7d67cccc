import Foundation
import Testing

@testable import Persistence

/// A PostgreSQL server of the tests' own, run by scripts/postgres.sh, which ends when this process does.
final class PostgresServer: Sendable {
    let url: String
    private let process: Process
    private let commands: FileHandle
    private let answers: FileHandle

    /// The one that tests share which do nothing to the server itself; each has a database of its own.
    static let shared = Result { try PostgresServer() }

    init(options: [String] = []) throws {
        let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let (input, output) = (Pipe(), Pipe())
        process = Process()
        process.executableURL = root.appending(path: "scripts/postgres.sh")
        process.arguments = options
        process.standardInput = input
        process.standardOutput = output
        // The script ends when the last copy of this end is closed: no other child may inherit one.
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        try process.run()
        commands = input.fileHandleForWriting
        answers = output.fileHandleForReading
        let line = try Self.line(answers)
        guard line.hasPrefix("ready ") else { throw StoreError(.unavailable, "PostgreSQL did not start: \(line)") }
        url = String(line.dropFirst("ready ".count))
    }

    /// Runs a command of the script: stop, start, crash, pause, resume.
    func command(_ name: String) throws {
        try commands.write(contentsOf: Data("\(name)\n".utf8))
        let answer = try Self.line(answers)
        guard answer == "ok" else { throw StoreError(.unavailable, "\(name): \(answer)") }
    }

    func end() {
        try? commands.close()
        process.waitUntilExit()
    }

    /// A new, empty database.
    func makeDatabase() async throws -> String {
        let name = "t\(UUID().uuidString.lowercased().replacing("-", with: ""))"
        try await execute("CREATE DATABASE \(name)")
        return address(database: name)
    }

    /// A database's address, as the superuser or as the user given, who has the superuser's password.
    func address(database: String, user: String = "postgres") -> String {
        url.dropLast("postgres".count).replacing("//postgres:", with: "//\(user):") + database
    }

    /// Runs statements that belong to no transaction, as the superuser.
    func execute(_ text: String, in database: String? = nil) async throws {
        let connection = PostgresConfiguration(connection: database ?? url)
        try await Task.detached {
            let connection = try PostgresConnection(connection, limits: StoreLimits())
            defer { connection.close() }
            try connection.script(text)
        }.value
    }

    private static func line(_ handle: FileHandle) throws -> String {
        var bytes: [UInt8] = []
        while let byte = try handle.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
