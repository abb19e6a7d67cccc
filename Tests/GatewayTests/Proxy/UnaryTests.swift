import Crypto
import Foundation
import Gateway
import NIOCore
import PolicyModel
import SwiftProtobuf
import Synchronization
import TestContractProtos
import Testing
import Wire

@Suite struct UnaryTests {
    /// What every book must have.
    private static let book = #""title":"T","kind":"KIND_PAPERBACK","shelfMark":"7","authors":[{"fullName":"A"}]"#

    @Test func echoesJSON() async throws {
        try await EdgeBed.run { bed in
            let client = try await bed.client()
            for _ in 0..<3 {
                let answer = try await client.request(
                    RequestText.post("/api/v1/sinks:echo", #"{"stringValue": "x", "int64Value": "7"}"#))
                #expect(answer.status == 200)
                #expect(answer.text == #"{"sink":{"int64Value":"7","stringValue":"x"}}"#)
                #expect(answer["content-type"] == "application/json")
                #expect(answer["x-content-type-options"] == "nosniff")
                #expect(answer["cache-control"] == "no-store")
                #expect(answer["ratelimit"] == "\"key\";r=9;t=60")
                #expect(answer["x-request-id"]?.count == 32)
            }
        }
    }

    @Test func turnsLargeBodiesElsewhere() async throws {
        try await EdgeBed.run { bed in
            let client = try await bed.client()
            let text = String(repeating: "abcdefgh", count: 12_000)
            let rows = Array(repeating: "\"\(text)\"", count: 5).joined(separator: ",")
            let answer = try await client.request(
                RequestText.post("/api/v1/sinks:echo", "{\"strings\":[\(rows)]}"))
            #expect(answer.status == 200)
            #expect(answer.body.count > 480_000)
        }
    }

    @Test func makesAMaskOfAPatch() async throws {
        try await EdgeBed.run { bed in
            let client = try await bed.client()
            func masks() -> [[String]] { bed.library.updates.withLock { $0.map(\.updateMask.paths) } }
            // The name says what is changed, and is no change.
            for body in [#"{\#(Self.book)}"#, #"{"name":"libraries/l/books/7",\#(Self.book)}"#] {
                let answer = try await client.request(
                    RequestText.post("/api/v1/libraries/l/books/7", body, method: "PATCH"))
                #expect(answer.status == 200, "\(answer.text)")
            }
            let fields = ["authors", "kind", "shelf_mark", "title"]
            #expect(masks().map { $0.sorted() } == [fields, fields])
            let own = try await client.request(
                RequestText.post("/api/v1/libraries/l/books/7?updateMask=title", #"{\#(Self.book)}"#, method: "PATCH"))
            #expect(own.status == 200, "\(own.text)")
            #expect(masks().last == ["title"])
            let other = try await client.request(
                RequestText.post("/api/v1/libraries/l/books/b", #"{"name":"libraries/l/books/c"}"#, method: "PATCH"))
            #expect(other.status == 400)
            #expect(other.text.contains("PARAMETER_INVALID"))
        }
    }

    @Test func takesIdempotencyKeys() async throws {
        try await EdgeBed.run { bed in
            let client = try await bed.client()
            let key = "8e03978e-40d5-43dd-bc93-6894a57f9324"
            let path = "/api/v1/libraries/l/books"
            let book = "{\(Self.book)}"
            for value in [key, "\"\(key)\""] {
                let answer = try await client.request(RequestText.post(path, book, "idempotency-key: \(value)"))
                #expect(answer.status == 200, "\(answer.text)")
            }
            let same = try await client.request(
                RequestText.post("\(path)?requestId=\(key)", book, "idempotency-key: \(key)"))
            #expect(same.status == 200, "\(same.text)")
            #expect(bed.library.created.withLock { $0.map(\.requestID) } == [key, key, key])
            let refused = [
                RequestText.post(path, book, "idempotency-key: mine"),
                RequestText.post(
                    "\(path)?request_id=00000000-0000-4000-8000-000000000000", book, "idempotency-key: \(key)"),
                RequestText.post("/api/v1/sinks:echo", "{}", "idempotency-key: \(key)"),
            ]
            for request in refused {
                let answer = try await client.request(request)
                #expect(answer.status == 400)
                #expect(answer.text.contains("IDEMPOTENCY_KEY_INVALID"), "\(answer.text)")
            }
        }
    }

    @Test func answersHeadAndOptions() async throws {
        var configuration = EdgeConfiguration()
        configuration.crossOrigin.origins = ["https://app.test"]
        try await EdgeBed.run(configuration) { bed in
            let client = try await bed.client()
            let head = try await client.request(
                "HEAD /api/v1/libraries/l/books/b HTTP/1.1\r\nhost: a\r\n\r\n")
            #expect(head.status == 200)
            #expect(head["content-length"] == "30")
            let options = try await client.request(
                "OPTIONS /api/v1/libraries/l/books/b HTTP/1.1\r\nhost: a\r\n\r\n")
            #expect(options.status == 204)
            #expect(options["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH")
            let preflight = try await client.request(
                "OPTIONS /api/v1/sinks:echo HTTP/1.1\r\nhost: a\r\norigin: https://app.test\r\n"
                    + "access-control-request-method: POST\r\n\r\n")
            #expect(preflight["access-control-allow-origin"] == "https://app.test")
            #expect(preflight["access-control-allow-methods"] == "OPTIONS, POST")
            let foreign = try await client.request(
                "OPTIONS /api/v1/sinks:echo HTTP/1.1\r\nhost: a\r\norigin: https://evil.test\r\n"
                    + "access-control-request-method: POST\r\n\r\n")
            #expect(foreign["access-control-allow-origin"] == nil)
            #expect(foreign["access-control-allow-methods"] == nil)
            let gone = try await client.request("OPTIONS /nowhere HTTP/1.1\r\nhost: a\r\n\r\n")
            #expect(gone.status == 404)
        }
    }

    @Test func announcesTheEnd() async throws {
        try await EdgeBed.run { bed in
            let client = try await bed.client()
            let answer = try await client.request(
                "DELETE /api/v1/libraries/l/books/b HTTP/1.1\r\nhost: a\r\n\r\n")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer["deprecation"] == "@1774915200")
            #expect(answer["sunset"] == "Wed, 31 Mar 2027 00:00:00 GMT")
        }
    }

    @Test(arguments: [true, false])
    func verifiesDigests(_ isRight: Bool) async throws {
        let body = #"{"stringValue":"x"}"#
        let digest = Array(SHA256.hash(data: Data((isRight ? body : "other").utf8)))
        let guardian = OpenGuard(digest: ContentDigest(algorithm: .sha256, value: digest))
        try await EdgeBed.run(guard: guardian) { bed in
            let client = try await bed.client()
            let answer = try await client.request(RequestText.post("/api/v1/sinks:echo", body))
            #expect(answer.status == (isRight ? 200 : 401))
            #expect(guardian.counts.withLock { $0.confirmed } == (isRight ? 1 : 0))
            if !isRight {
                #expect(answer.text.contains("DIGEST_MISMATCH"))
                #expect(answer["www-authenticate"] != nil)
            }
        }
    }

    @Test func namesAServiceThatIsAway() async throws {
        let nowhere = ClientChannel(.dns(host: "127.0.0.1", port: 1))
        try await EdgeBed.run(upstreams: ["pipeline": { nowhere }]) { bed in
            let client = try await bed.client()
            let answer = try await client.request(RequestText.get("/api/v1/libraries/l/books/b"))
            #expect(answer.status == 503)
            #expect(answer.text.contains("SERVICE_UNAVAILABLE") && answer.text.contains("\"service\":\"pipeline\""))
            #expect(answer["retry-after"] == "1")
        }
        await nowhere.shutDown(grace: .zero)
    }

    @Test func endsCallsInTime() async throws {
        try await EdgeBed.run { bed in
            let client = try await bed.client()
            for field in ["x-request-timeout: 0.2", "grpc-timeout: 200m", "x-request-timeout: 200ms"] {
                let answer = try await client.request(RequestText.get("/api/v1/libraries/l/books/slow", field))
                #expect(answer.status == 504, "\(answer.text)")
            }
            for value in [
                "soon", "nan", "NaN", "-nan", "inf", "-inf", "infinity", "1e400", "-1e400", "1e3", "0x1p62", "-1", "+1",
                "1.", ".5", "1.5.5", "1_0", "9999999999", "1.0000000001", "99999999999999999999d", "250 ms", "\u{663}",
            ] {
                let bad = try await client.request(
                    RequestText.get("/api/v1/libraries/l/books/b", "x-request-timeout: \(value)"))
                #expect(bad.status == 400, "\(value): \(bad.text)")
                #expect(bad.text.contains("HEADER_INVALID") && bad.text.contains("x-request-timeout"), "\(bad.text)")
            }
            for value in ["999999999.999999999", "106751991167d", "0.000000001m", "0", "0.0"] {
                let answer = try await client.request(
                    RequestText.get("/api/v1/libraries/l/books/b", "x-request-timeout: \(value)"))
                let isTime = value.hasPrefix("9") || value.hasPrefix("1")
                #expect(answer.status == (isTime ? 200 : 400), "\(value): \(answer.text)")
            }
        }
    }

    @Test func weighsTypesByNumbersOnly() async throws {
        try await EdgeBed.run { bed in
            let client = try await bed.client()
            for weight in ["nan", "-nan", "inf", "-inf", "1e400", "-1e400", "0x1p62"] {
                let answer = try await client.request(
                    RequestText.get("/api/v1/libraries/l/books/b", "accept: text/plain;q=\(weight), application/json"))
                #expect(answer.status == 200, "\(weight): \(answer.text)")
            }
        }
    }
}
