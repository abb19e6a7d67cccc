import Foundation
import Outbound
import Persistence
import StoreTesting
import Testing

@testable import ServiceKit

/// A bucket on a server of the tests' own that speaks S3 (moto; it checks no signatures: Outbound's tests do).
private final class S3Server: Sendable {
    let endpoint: WebURL
    private let process: Process

    static let shared = Task { try await offPool { () throws in try S3Server() } }

    init() throws {
        let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let (input, output) = (Pipe(), Pipe())
        process = Process()
        process.executableURL = root.appending(path: ".build-py/bin/python")
        process.arguments = [URL(filePath: #filePath).deletingLastPathComponent().appending(path: "s3_server.py").path]
        (process.standardInput, process.standardOutput) = (input, output)
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        try process.run()
        var line: [UInt8] = []
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != 10 { line.append(byte) }
        endpoint = try WebURL(String(decoding: line, as: UTF8.self))
        // Kept: the server ends when this end is closed.
        Self.input.withLock { $0 = input }
    }

    private static let input = Locked<Pipe?>(nil)
}

@Suite struct S3ObjectTests {
    private func store(prefix: String = UUID().uuidString + "/", endpoint: WebURL? = nil) async throws -> S3ObjectStore
    {
        let server = try await S3Server.shared.value
        var configuration = S3Configuration(
            endpoint: endpoint ?? server.endpoint, bucket: "datavault-tests",
            signature: AWSSignature(accessKey: "tests", secretKey: "secret of tests", region: "us-east-1"))
        configuration.prefix = prefix
        configuration.firstWait = .milliseconds(1)
        configuration.timeout = .seconds(20)
        return try S3ObjectStore(configuration)
    }

    @Test func whatIsWrittenIsReadAndRemoved() async throws {
        let (store, key) = (try await store(), ObjectKey("org", "pages", "a.gz"))
        try await store.check()
        let none = try await store.size(of: key)
        #expect(none == nil)
        try await store.put(key, Array("hello world".utf8))
        let (whole, part) = (try await store.get(key), try await store.get(key, range: 6..<11))
        #expect(String(decoding: whole, as: UTF8.self) == "hello world")
        #expect(String(decoding: part, as: UTF8.self) == "world")
        for range in [6..<12, 11..<12, 20..<20] {
            await #expect { _ = try await store.get(key, range: range) } throws: {
                ($0 as? ObjectError)?.reason == .notFound
            }
        }
        let size = try await store.size(of: key)
        #expect(size == 11)
        try await store.delete(key)
        try await store.delete(key)
        await #expect { _ = try await store.get(key) } throws: { ($0 as? ObjectError)?.reason == .notFound }
    }

    @Test func listsPageByPageBelowItsPrefixOnly() async throws {
        let (store, other) = (try await store(), try await store())
        let names = ["a-b/x", "a/b", "a/d/c", "b/1", "b/10", "b/2"]
        for name in names { try await store.put(try #require(ObjectKey(parsing: name)), [0]) }
        try await other.put(ObjectKey("b", "3"), [0])
        let first = try await store.list(prefix: "", after: nil, limit: 4)
        let second = try await store.list(prefix: "", after: first.last, limit: 4)
        #expect((first + second).map(\.description) == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        let some = try await store.list(prefix: "b/1", after: nil, limit: 10)
        #expect(some.map(\.description) == ["b/1", "b/10"])
    }

    @Test func aStoreThatIsNotThereIsUnavailable() async throws {
        let store = try await store(endpoint: try WebURL("http://127.0.0.1:9"))
        await #expect { try await store.put(ObjectKey("a"), [1]) } throws: {
            ($0 as? ObjectError)?.reason == .unavailable
        }
    }

    @Test(arguments: [
        ("s3://bucket", "bucket", ""), ("s3://bucket/", "bucket", ""), ("s3://my.bucket/a/b/", "my.bucket", "a/b/"),
    ]) func readsPlaces(_ text: String, _ bucket: String, _ prefix: String) {
        let place = S3Place(text)
        #expect(place?.bucket == bucket && place?.prefix == prefix)
    }

    @Test(arguments: ["s3://", "s3://ab", "s3://Bucket", "s3://bucket/../x", "s3://bucket//x", "http://bucket", ""])
    func refusesWhatIsNoPlace(_ text: String) { #expect(S3Place(text) == nil) }
}
