import Foundation
import NIOCore
import Synchronization
import Testing

@testable import Wire

/// Certificates that change under running connections.
@Suite struct TLSReloadTests {
    let files: TestCertificates

    init() throws {
        files = try TestCertificates()
        try files.issue("first", names: "DNS:localhost")
        try files.issue("second", names: "DNS:localhost")
        try files.replace("live.pem", with: "first.pem")
        try files.replace("live.key", with: "first.key")
    }

    private func source(
        interval: Duration = .milliseconds(20), _ onReload: @escaping @Sendable (ReloadingTLSContext.Outcome) -> Void
    ) throws -> ReloadingTLSContext {
        let configuration = TLSConfiguration(identities: [files.identity("live")])
        return try ReloadingTLSContext(
            configuration: configuration, role: .server, interval: interval, onReload: onReload)
    }

    @Test func newConnectionsGetTheNewCertificateAndOldOnesGoOn() async throws {
        let (outcomes, continuation) = AsyncStream.makeStream(of: ReloadingTLSContext.Outcome.self)
        let source = try source { continuation.yield($0) }
        let server = try await TLSEchoServer(source)
        let client = try files.client()
        let watch = Task { try await source.run() }

        let old = try await TLSConnection.open(client, port: server.port)
        try await old.stream.executeThenClose { inbound, outbound in
            var replies = inbound.makeAsyncIterator()
            try await outbound.write(ByteBuffer(string: "before"))
            #expect(try await replies.next() == ByteBuffer(string: "before"))
            #expect(try await old.handshake.get().peer?.subject == "CN=first")

            try files.replace("live.pem", with: "second.pem")
            try files.replace("live.key", with: "second.key")
            var outcome = outcomes.makeAsyncIterator()
            while case .failure? = await outcome.next() {}

            let new = try await TLSConnection.open(client, port: server.port)
            #expect(try await new.handshake.get().peer?.subject == "CN=second")
            try await new.stream.executeThenClose { _, _ in }

            try await outbound.write(ByteBuffer(string: "after"))
            #expect(try await replies.next() == ByteBuffer(string: "after"))
        }
        watch.cancel()
        try await watch.value
        try await server.stop()
    }

    @Test func badFilesKeepTheOldAndAreNamed() throws {
        let reported = Mutex<[TLSError?]>([])
        let source = try source { outcome in
            reported.withLock { list in
                if case .failure(let error) = outcome { list.append(error) } else { list.append(nil) }
            }
        }
        let first = source.current
        // The certificate alone changes: told at the second look, and once.
        try files.replace("live.pem", with: "second.pem")
        source.poll()
        #expect(reported.withLock { $0.isEmpty })
        source.poll()
        source.poll()
        #expect(reported.withLock { $0.map(\.?.code) } == [.keyMismatch])
        #expect(reported.withLock { $0.first??.file } == files.path("live.key"))
        #expect(source.current === first)

        // A key that is no key.
        try files.write("nothing", to: "live.key")
        source.poll()
        source.poll()
        #expect(reported.withLock { $0.last??.code } == .notPEM)
        // A file that is gone, asked for by hand: told at once.
        try FileManager.default.removeItem(atPath: files.path("live.pem"))
        guard case .failure(let missing) = source.reload() else {
            Issue.record("reloaded without its file")
            return
        }
        #expect(missing.code == .fileMissing && missing.file == files.path("live.pem"))
        #expect(source.current === first)

        // Whole again.
        try files.replace("live.pem", with: "second.pem")
        try files.replace("live.key", with: "second.key")
        source.poll()
        #expect(source.current !== first)
        #expect(reported.withLock { $0.count } == 4 && reported.withLock { $0.last } == .some(nil))
        // Nothing changed: nothing read.
        let second = source.current
        source.poll()
        #expect(source.current === second)
    }

    @Test func replacementInTwoStepsBetweenLooksIsNoFailure() throws {
        let reported = Mutex<[Bool]>([])
        let source = try source { outcome in
            if case .success = outcome {
                reported.withLock { $0.append(true) }
            } else {
                reported.withLock { $0.append(false) }
            }
        }
        try files.replace("live.pem", with: "second.pem")
        source.poll()
        try files.replace("live.key", with: "second.key")
        source.poll()
        #expect(reported.withLock { $0 } == [true])
    }

    @Test func contextIsFreedWithItsLastConnection() throws {
        let source = try source { _ in }
        weak let first = source.current
        var handler: TLSHandler? = try TLSHandler(server: source.current)
        #expect(source.current.liveConnections == 1)
        _ = try source.reload().get()
        #expect(first != nil && source.current.liveConnections == 0)
        handler = nil
        _ = handler
        #expect(first == nil)
    }

    @Test func firstLoadMustSucceed() throws {
        try files.write("nothing", to: "live.key")
        #expect(throws: TLSError.self) { try source { _ in } }
    }
}
