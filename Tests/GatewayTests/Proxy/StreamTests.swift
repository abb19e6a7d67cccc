import Crypto
import Foundation
import Gateway
import NIOCore
import Synchronization
import Testing

/// Streams in all their presentations, uploads and downloads.
@Suite struct StreamTests {
    private static func get(_ target: String, _ accept: String? = nil) -> String {
        "GET \(target) HTTP/1.1\r\nhost: a\r\n" + (accept.map { "accept: \($0)\r\n" } ?? "") + "\r\n"
    }

    @Test(
        arguments: [
            ("watch", nil, "text/event-stream", "data: {\"index\":1}\n\ndata: {\"index\":2}\n\n"),
            ("watch", "application/json", "application/json", "[{\"index\":1},{\"index\":2}]"),
            ("list", nil, "application/x-ndjson", "{\"index\":1}\n{\"index\":2}\n"),
            ("list", "text/event-stream", "text/event-stream", "data: {\"index\":1}\n\ndata: {\"index\":2}\n\n"),
            (
                "list", "application/json;q=0.5, application/x-ndjson;q=0.6", "application/x-ndjson",
                "{\"index\":1}\n{\"index\":2}\n"
            ),
        ] as [(String, String?, String, String)])
    func presents(_ verb: String, _ accept: String?, _ type: String, _ text: String) async throws {
        try await FileBed.run { bed in
            let client = try await bed.client()
            for _ in 0..<2 {
                let answer = try await client.request(Self.get("/api/v1/files/f:\(verb)?count=2", accept))
                #expect(answer.status == 200)
                #expect(answer["content-type"] == type)
                #expect(answer.text == text)
                #expect(!answer.isCut)
            }
            let none = try await client.request(Self.get("/api/v1/files/f:\(verb)", "application/json"))
            #expect(none.text == "[]")
            let head = try await client.request(
                "HEAD /api/v1/files/f:\(verb)?count=2 HTTP/1.1\r\nhost: a\r\n\r\n")
            #expect(head.status == 200)
            let after = try await client.request(Self.get("/livez"))
            #expect(after.status == 200)
        }
    }

    @Test func tellsOfAnErrorInTheMiddle() async throws {
        try await FileBed.run { bed in
            let events = try await bed.client().request(Self.get("/api/v1/files/broken:watch?count=1"))
            #expect(events.text.hasPrefix("data: {\"index\":1}\n\nevent: error\ndata: {\"code\":10"))
            #expect(!events.isCut)
            let lines = try await bed.client().request(Self.get("/api/v1/files/broken:list?count=1"))
            #expect(lines.text.hasPrefix("{\"index\":1}\n{\"error\":{\"code\":10"))
            #expect(lines.isCut)
            // Before the first message there is still a status.
            let early = try await bed.client().request(Self.get("/api/v1/files/broken:list"))
            #expect(early.status == 409)
        }
    }

    @Test func givesSignsOfLife() async throws {
        var configuration = EdgeConfiguration()
        configuration.heartbeatInterval = .milliseconds(300)
        try await FileBed.run(configuration) { bed in
            let client = try await bed.client()
            try await client.send(Self.get("/api/v1/files/quiet:watch"))
            let text = try await client.read(until: ": \n\n")
            #expect(text.contains("text/event-stream"))
            // The client leaves: the service's call ends.
            await client.close()
            let deadline = ContinuousClock.now + .seconds(20)
            while !bed.service.wasCancelled, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(bed.service.wasCancelled)
        }
    }

    @Test func downloads() async throws {
        try await FileBed.run { bed in
            let client = try await bed.client()
            let answer = try await client.request(Self.get("/api/v1/files/f:download?count=50"))
            #expect(answer["content-type"] == "text/x-test")
            #expect(answer.body.count == 500_000)
            let whole = try await client.request(Self.get("/api/v1/files/f?count=1"))
            #expect(whole["content-type"] == "text/x-test")
            #expect(whole.body.count == 10_000)
            #expect(whole["content-length"] == "10000")
        }
    }

    @Test func waitsForASlowReader() async throws {
        try await FileBed.run { bed in
            let client = try await bed.client()
            try await client.channel.setOption(.autoRead, value: false).get()
            // 400 MB, of which only what windows and sockets hold may leave the service.
            try await client.send(Self.get("/api/v1/files/f:download?count=40000"))
            var last = -1
            for _ in 0..<100 {
                try await Task.sleep(for: .milliseconds(100))
                let now = bed.service.writes
                if now == last, now > 0 { break }
                last = now
            }
            #expect(bed.service.writes < 4_000)
        }
    }

    @Test func cutsOffWhoTakesNothing() async throws {
        var configuration = EdgeConfiguration()
        configuration.writeTimeout = .milliseconds(300)
        try await FileBed.run(configuration) { bed in
            let client = try await bed.client()
            try await client.channel.setOption(.autoRead, value: false).get()
            try await client.send(Self.get("/api/v1/files/f:download?count=40000"))
            let deadline = ContinuousClock.now + .seconds(20)
            while bed.edge.requestsInFlight == 0 { try await Task.sleep(for: .milliseconds(5)) }
            while bed.edge.requestsInFlight > 0, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(bed.edge.requestsInFlight == 0)
        }
    }

    private static func upload(_ target: String, _ body: [UInt8], method: String = "POST") -> [UInt8] {
        Array(
            ("\(method) \(target) HTTP/1.1\r\nhost: a\r\ncontent-type: text/x-test\r\n"
                + "content-length: \(body.count)\r\n\r\n").utf8) + body
    }

    @Test func uploads() async throws {
        try await FileBed.run { bed in
            let client = try await bed.client()
            let body = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try await client.send(Self.upload("/api/v1/files/f:upload", body))
            let answer = try await client.response()
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.text.contains(#""size":"1000000""#) && answer.text.contains(#""name":"files/f""#))
            try await client.send(Self.upload("/api/v1/files/f:upload", []))
            let empty = try await client.response()
            #expect(empty.text == #"{"name":"files/f","pieces":1}"#)
            try await client.send(Self.upload("/api/v1/files/f", [1, 2, 3], method: "PUT"))
            let sent = try await client.response()
            #expect(sent.text == #"{"name":"files/f","size":"3","type":"text/x-test"}"#)
            let refusing = try await bed.client()
            try await refusing.send(Self.upload("/api/v1/files/refused:upload", body))
            let refused = try await refusing.response()
            #expect(refused.status == 403, "\(refused.text)")
        }
    }

    @Test(arguments: [true, false])
    func keepsSignedUploadsUntilTheyAreVerified(_ isRight: Bool) async throws {
        let body = (0..<500_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let digest = Array(SHA512.hash(data: Data(isRight ? body : [1])))
        let guardian = OpenGuard(digest: ContentDigest(algorithm: .sha512, value: digest))
        try await FileBed.run(guard: guardian) { bed in
            let client = try await bed.client()
            try await client.send(Self.upload("/api/v1/files/f:upload", body))
            let answer = try await client.response()
            #expect(answer.status == (isRight ? 200 : 401), "\(answer.text)")
            #expect(answer.text.contains(isRight ? #""size":"500000""# : "DIGEST_MISMATCH"))
            #expect(guardian.counts.withLock { $0.confirmed } == (isRight ? 1 : 0))
        }
    }

    @Test func boundsWhatIsKept() async throws {
        var configuration = EdgeConfiguration()
        configuration.maxSpoolBytes = 100_000
        configuration.maxUploadBytes = 400_000
        let guardian = OpenGuard(digest: ContentDigest(algorithm: .sha256, value: []))
        try await FileBed.run(configuration, guard: guardian) { bed in
            for (count, status, reason) in [(200_000, 503, "OVERLOADED"), (500_000, 413, "BODY_TOO_LARGE")] {
                let client = try await bed.client()
                try await client.send(Self.upload("/api/v1/files/f:upload", Array(repeating: 7, count: count)))
                let answer = try await client.response()
                #expect(answer.status == status)
                #expect(answer.text.contains(reason))
            }
        }
    }
}
