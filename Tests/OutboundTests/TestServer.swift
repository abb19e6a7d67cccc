import Foundation

@testable import Outbound

/// The servers of Server/server.py, which end when this process does.
struct TestServer: Sendable, Decodable {
    let http: Int
    let other: Int
    let https: Int
    let httpsWrongName: Int
    let httpsClient: Int
    let proxy: Int
    let http2: Int
    let unused: Int
    /// 0 on a machine without IPv6.
    let http6: Int
    let authority: String
    let clientCertificate: String
    let clientKey: String

    /// One for all tests: each looks at its own connections only.
    static let shared = Result { try start() }

    static func get() throws -> TestServer { try shared.get() }

    /// One of a test's own, for tests that count.
    static func start() throws -> TestServer {
        let folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        let (input, output) = (Pipe(), Pipe())
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", folder.appending(path: "Server/server.py").path()]
        process.standardInput = input
        process.standardOutput = output
        // The server ends when the last copy of this end is closed: no other child may inherit one.
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        try process.run()
        ends.withLock { $0.append(input) }
        var line: [UInt8] = []
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        return try JSONDecoder().decode(TestServer.self, from: Data(line))
    }

    /// Pipes that hold servers up.
    private static let ends = Locked([Pipe]())

    func url(_ path: String, host: String = "127.0.0.1") -> String { "http://\(host):\(http)\(path)" }
    func secureURL(_ path: String, host: String = "localhost") -> String { "https://\(host):\(https)\(path)" }
}

final class Locked<Value>: @unchecked Sendable {
    private var value: Value
    private let lock = NSLock()

    init(_ value: Value) { self.value = value }

    func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}

/// A client that may go to this machine's 127.0.0.1 and ::1, and resolves names without any network.
func makeClient(_ adjust: (inout OutboundConfiguration) -> Void = { _ in }) throws -> OutboundClient {
    var configuration = OutboundConfiguration(userAgent: "outbound-tests/1")
    configuration.addressGuard.allowedAddresses = ["127.0.0.1", "::1"].compactMap(AddressRange.init)
    configuration.tls.authorities = try TestServer.get().authority
    configuration.resolver = HostResolver { host in
        guard ["localhost", "site.test", "twin.test"].contains(host) else {
            throw OutboundError(.nameNotFound, "not a name of the tests")
        }
        return ["127.0.0.1"].compactMap(IPAddress.init)
    }
    adjust(&configuration)
    return try OutboundClient(configuration)
}

/// The error that a call throws.
func failure(_ body: () async throws -> some Sendable) async -> OutboundError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? OutboundError
    }
}

/// What `/echo` says of a request.
struct Echo: Decodable {
    let method: String
    let target: String
    let headers: [[String]]
    let body: String
    let length: Int
    let sha256: String

    init(_ response: CollectedResponse) throws {
        self = try JSONDecoder().decode(Echo.self, from: Data(response.body))
    }

    subscript(_ name: String) -> String? {
        headers.first { $0.first?.lowercased() == name.lowercased() }?.last
    }
}

/// What `/stats` says.
struct Stats: Decodable {
    let accepted: Int
    let open: Int
    let requests: Int
    let uploaded: Int
    let otherAccepted: Int

    static func get(_ server: TestServer) async throws -> Stats {
        let client = try makeClient()
        let response = try await client.fetch(OutboundRequest(.get, server.url("/stats")))
        await client.shutDown()
        return try JSONDecoder().decode(Stats.self, from: Data(response.body))
    }
}
