import Foundation
import Synchronization

/// A PostgreSQL server of the tests' own, run by scripts/postgres.sh, which ends when this process does.
public final class PostgresServer: Sendable {
    public struct Failure: Error { public var message: String }

    public let url: String
    private let process: Process
    private let commands: FileHandle
    private let answers: FileHandle
    /// One command at a time.
    private let turn = Mutex(())

    /// The one that tests share which do nothing to the server itself; each has a database of its own.
    public static let shared = Result { try PostgresServer() }

    public init(options: [String] = []) throws {
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
        guard line.hasPrefix("ready ") else { throw Failure(message: "PostgreSQL did not start: \(line)") }
        url = String(line.dropFirst("ready ".count))
    }

    /// Runs a command of the script: stop, start, crash, pause, resume, database NAME.
    public func command(_ name: String) throws {
        try turn.withLock { _ in
            try commands.write(contentsOf: Data("\(name)\n".utf8))
            let answer = try Self.line(answers)
            guard answer == "ok" else { throw Failure(message: "\(name): \(answer)") }
        }
    }

    public func end() {
        try? commands.close()
        process.waitUntilExit()
    }

    /// A new, empty database.
    public func makeDatabase() async throws -> String {
        let name = "t\(UUID().uuidString.lowercased().replacing("-", with: ""))"
        try await Task.detached { try self.command("database \(name)") }.value
        return address(database: name)
    }

    /// A database's address, as the superuser or as the user given, who has the superuser's password.
    public func address(database: String, user: String = "postgres") -> String {
        url.dropLast("postgres".count).replacing("//postgres:", with: "//\(user):") + database
    }

    private static func line(_ handle: FileHandle) throws -> String {
        var bytes: [UInt8] = []
        while let byte = try handle.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
