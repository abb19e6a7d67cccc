import Testing

@testable import Wire

/// The decisions that need no connection.
@Suite struct TLSValuesTests {
    @Test func serverNames() {
        let table = ServerNameTable(names: [["first.test"], ["A.test", "*.w.test"], ["a.test", "x.w.test"]])
        #expect(table.identity(for: "a.TEST") == 1)
        #expect(table.identity(for: "x.w.test") == 2)
        #expect(table.identity(for: "y.w.test") == 1)
        #expect(table.identity(for: "z.y.w.test") == 0)
        #expect(table.identity(for: ".w.test") == 0)
        #expect(table.identity(for: "w.test") == 0 && table.identity(for: "") == 0)
    }

    @Test func applicationProtocols() {
        let supported = [Array("h2".utf8), Array("http/1.1".utf8)]
        func select(_ offered: [UInt8]) -> Range<Int>? { ALPN.select(supported: supported, offered: offered.span) }
        #expect(select(ALPN.encode(["http/1.1", "h2"])) == 10..<12)
        #expect(select(ALPN.encode(["x", "http/1.1"])) == 3..<11)
        #expect(select(ALPN.encode(["h3"])) == nil && select([]) == nil)
        #expect(select([5, 104, 50]) == nil && select([0]) == nil && select([2, 104, 50, 9]) == nil)
    }

    @Test func reasonsBecomeCodes() {
        #expect(OpenSSLErrors.code(ofReason: 1048) == .peerAlert)
        #expect(OpenSSLErrors.code(ofReason: 156) == .notTLS)
        #expect(OpenSSLErrors.code(ofReason: 134) == .certificateRejected)
        #expect(OpenSSLErrors.code(ofReason: 3) == nil)
    }

    @Test func lifecycleEnds() {
        var idle = TLSLifecycle()
        #expect(idle.transportEnded() == .clean)
        var shaking = TLSLifecycle()
        #expect(shaking.start() && !shaking.start() && shaking.closeOutput() == .afterHandshake)
        #expect(shaking.transportEnded() == .handshakeInterrupted && shaking.transportEnded() == .clean)

        var open = TLSLifecycle()
        _ = open.start()
        open.handshakeDone()
        #expect(open.canRead && open.canEncrypt)
        var cut = open
        #expect(cut.transportEnded() == .truncated)
        var failed = open
        #expect(failed.fail() && !failed.fail() && !failed.acceptsWrites)
        var half = open
        #expect(half.peerSentCloseNotify(halfClosureAllowed: true) == .announceHalfClosure)
        #expect(half.peerSentCloseNotify(halfClosureAllowed: true) == .ignore)
        #expect(half.canEncrypt && !half.canRead && half.transportEnded() == .clean)
        var closing = open
        #expect(closing.close() == .notifyThenTransport && closing.close() == .transport)
        var both = open
        #expect(both.closeOutput() == .notifyThenTransport)
        both.sentCloseNotify()
        #expect(!both.acceptsWrites && both.closeOutput() == .alreadyClosed)
        #expect(both.peerSentCloseNotify(halfClosureAllowed: true) == .close && both.close() == .transport)
    }

    @Test func failuresAreToldOnceAndOnlyIfTheyStay() throws {
        let stamp = try #require(TLSFileStamp(path: "/"))
        let error = TLSError(.keyMismatch, "x")
        var watch = TLSFileWatch(loaded: [nil])
        func kind(_ action: TLSFileWatch.Action) -> String {
            switch action {
            case .nothing: "nothing"
            case .load: "load"
            case .report: "report"
            }
        }
        #expect(kind(watch.look(at: [nil])) == "nothing")
        #expect(kind(watch.look(at: [stamp])) == "load")
        watch.failed([stamp], error)
        #expect(kind(watch.look(at: [stamp])) == "report")
        watch.reported()
        for _ in 1..<TLSFileWatch.retryLooks { #expect(kind(watch.look(at: [stamp])) == "nothing") }
        #expect(kind(watch.look(at: [stamp])) == "load")
        watch.failed([stamp], error)
        #expect(kind(watch.look(at: [stamp])) == "nothing")
        #expect(kind(watch.look(at: [nil])) == "load")
        watch.loaded([nil])
        #expect(kind(watch.look(at: [nil])) == "nothing")
    }
}
