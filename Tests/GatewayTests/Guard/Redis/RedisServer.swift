import Foundation
import Logging
import Testing

@testable import Gateway

/// A Redis of a test's own: on a socket in a folder of its own, nothing kept on disk.
final class RedisServer {
    let folder: URL
    private var process: Process?

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "redis-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    var socket: String { folder.appending(path: "s").path }

    func address(password: String? = nil) throws -> RedisAddress {
        try #require(RedisAddress(setting: "unix://\(password.map { ":\($0)@" } ?? "")\(socket)"))
    }

    /// Starts it and waits until it answers.
    func start(_ arguments: [String] = []) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/redis-server")
        process.arguments =
            [
                "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder.path,
                "--maxmemory-policy", "noeviction",
            ] + arguments
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        self.process = process
        let password = arguments.firstIndex(of: "--requirepass").map { arguments[$0 + 1] }
        let address = try address(password: password)
        try await until("redis answers") {
            (try? RedisConnection(address, connectTimeout: .seconds(1), commandTimeout: .seconds(1))) != nil
        }
    }

    /// Ends it at once, and all that it knew with it.
    func kill() {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// Stops it answering, without its end.
    func pause() { if let process { Foundation.kill(process.processIdentifier, SIGSTOP) } }
    func resume() { if let process { Foundation.kill(process.processIdentifier, SIGCONT) } }
}

/// Waits until something holds.
func until(_ what: String, _ condition: () async throws -> Bool) async throws {
    for _ in 0..<1_000 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    Issue.record("never: \(what)")
}

extension RedisClient {
    /// A client that is up, and closes with its test.
    static func connected(
        to address: RedisAddress, _ change: (inout Configuration) -> Void = { _ in }
    ) async throws -> RedisClient {
        var configuration = Configuration()
        configuration.commandTimeout = .seconds(2)
        change(&configuration)
        let client = RedisClient(address, configuration: configuration, logger: Logger(label: "test"))
        client.start()
        try await until("the client is up") { client.isUp }
        return client
    }
}
