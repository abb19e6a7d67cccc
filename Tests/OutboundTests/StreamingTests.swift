import Foundation
import Testing

@testable import Outbound

@Suite struct StreamingTests {
    let server: TestServer
    let client: OutboundClient

    init() throws {
        server = try TestServer.get()
        client = try makeClient()
    }

    @Test func bodiesComeInOrder() async throws {
        let response = try await client.send(OutboundRequest(.get, server.url("/bytes/5000000")))
        var count = 0
        for try await piece in response.body { count += piece.count }
        #expect(count == 5_000_000)
        #expect(try await response.body.next() == nil)
    }

    /// A body nobody reads is not read from the connection: the buffer's bound holds, and so does the server's.
    @Test func unreadBodiesStayWithTheServer() async throws {
        var request = try OutboundRequest(.get, server.url("/endless"))
        var limits = OutboundLimits()
        limits.encodedBodyBytes = .max
        limits.bodyBytes = .max
        request.limits = limits
        let client = try makeClient { $0.connections.maximumPerHost = 20 }
        let before = try residentBytes()
        var responses: [OutboundResponse] = []
        for _ in 0..<20 { responses.append(try await client.send(request)) }
        try await Task.sleep(for: .milliseconds(500))
        // 20 buffers of 256 KiB, and a margin for everything else that tests do at the same time.
        #expect(try residentBytes() - before < 200 << 20)
        for response in responses {
            var count = 0
            while count < 2 << 20 { count += try #require(try await response.body.next()).count }
            response.body.cancel()
            #expect(await failure { try await response.body.next() }?.reason == .cancelled)
        }
    }

    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Int(fields[1]) ?? 0) * 4096
    }

    @Test func droppedBodiesEndTheirTransfers() async throws {
        let own = try makeClient { $0.connections.maximumActive = 1 }
        for _ in 0..<5 { _ = try await own.send(OutboundRequest(.get, server.url("/endless"))) }
        #expect(try await own.fetch(OutboundRequest(.get, server.url("/hello"))).text == "hello")
        await own.shutDown()
        #expect(own.openConnections == 0)
    }

    @Test func cancellationIsFelt() async throws {
        for path in ["/silent", "/stall", "/endless"] {
            let request = try OutboundRequest(.get, server.url(path))
            let task = Task {
                let response = try await client.send(request)
                while try await response.body.next() != nil { try await Task.sleep(for: .milliseconds(1)) }
            }
            try await Task.sleep(for: .milliseconds(50))
            let start = ContinuousClock.now
            task.cancel()
            await #expect(throws: (any Error).self) { try await task.value }
            #expect(ContinuousClock.now - start < .seconds(5))
        }
        let cancelled = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await client.fetch(OutboundRequest(.get, server.url("/hello")))
        }
        #expect(await failure { try await cancelled.value }?.reason == .cancelled)
    }

    // MARK: Requests

    private static let sha256OfMillionZeros = "d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025"

    @Test(arguments: [1_000_000, nil] as [Int64?]) func bodiesAreStreamed(length: Int64?) async throws {
        let body = RequestBody.stream(length: length) {
            AsyncThrowingStream { continuation in
                for _ in 0..<100 { continuation.yield([UInt8](repeating: 0, count: 10_000)) }
                continuation.finish()
            }
        }
        let echo = try Echo(await client.fetch(OutboundRequest(.post, server.url("/echo"), body: body)))
        #expect(echo.length == 1_000_000 && echo.sha256 == Self.sha256OfMillionZeros)
        #expect((echo["Content-Length"] != nil) == (length != nil))
    }

    @Test func slowStreamsAreWaitedFor() async throws {
        var request = try OutboundRequest(
            .put, server.url("/echo"),
            body: .stream(length: nil) {
                AsyncThrowingStream { continuation in
                    let task = Task {
                        for byte in 0..<6 as Range<UInt8> {
                            try await Task.sleep(for: .milliseconds(100))
                            continuation.yield([byte])
                        }
                        continuation.finish()
                    }
                    continuation.onTermination = { _ in task.cancel() }
                }
            })
        // The caller's own slowness is no fault of the server's.
        var timeouts = OutboundTimeouts()
        timeouts.idle = .milliseconds(300)
        timeouts.headers = .milliseconds(300)
        request.timeouts = timeouts
        #expect(try Echo(await client.fetch(request)).length == 6)
    }

    @Test func streamsThatFailOrLie() async throws {
        struct Broken: Error {}
        for (length, count, fails) in [(nil, 1, true), (10, 1, false), (3, 4, false)] as [(Int64?, Int, Bool)] {
            let body = RequestBody.stream(length: length) {
                AsyncThrowingStream { continuation in
                    for _ in 0..<count { continuation.yield([1, 1, 1, 1]) }
                    continuation.finish(throwing: fails ? Broken() : nil)
                }
            }
            let error = await failure {
                try await client.fetch(OutboundRequest(.post, server.url("/echo"), body: body))
            }
            #expect(error?.reason == .requestBodyFailed)
        }
    }

    @Test func endlessStreamsAreHeldBack() async throws {
        let produced = Locked(0)
        struct Endless: AsyncSequence, AsyncIteratorProtocol, Sendable {
            let produced: Locked<Int>
            func makeAsyncIterator() -> Endless { self }
            mutating func next() async throws -> [UInt8]? {
                produced.withLock { $0 += 1 }
                return [UInt8](repeating: 0, count: 16 << 10)
            }
        }
        // The server answers without reading the body, and then closes.
        let request = try OutboundRequest(
            .post, server.url("/refuse-upload"), body: .stream(length: nil) { Endless(produced: produced) })
        let result = try? await client.fetch(request)
        #expect(result == nil || result?.status == 413)
        try await Task.sleep(for: .milliseconds(100))
        let count = produced.withLock { $0 }
        try await Task.sleep(for: .milliseconds(200))
        // What the socket's buffers and ours take, and then no more.
        #expect(produced.withLock { $0 } == count && count < 10_000)
    }

    @Test func filesAreSent() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "outbound-\(UUID()).bin").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("0123456789".utf8).write(to: URL(filePath: path))
        func send(_ body: RequestBody) async throws -> Echo {
            try Echo(await client.fetch(OutboundRequest(.put, server.url("/echo"), body: body)))
        }
        #expect(try await send(.file(path: path)).body == "0123456789")
        #expect(try await send(.file(path: path, offset: 3, length: 4)).body == "3456")
        #expect(try await send(.file(path: path, offset: 10)).length == 0)
        for body in [
            RequestBody.file(path: path, offset: 11), .file(path: path, offset: 5, length: 6), .file(path: "/none"),
            .file(path: "/tmp"), .file(path: path, offset: -1),
        ] {
            #expect(await failure { try await send(body) }?.reason == .requestBodyFailed)
        }
    }
}
