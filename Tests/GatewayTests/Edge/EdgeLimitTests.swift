import Gateway
import NIOCore
import Testing

/// What is too much or too slow is refused with the status and the reason that belong to it.
@Suite struct EdgeLimitTests {
    @Test func boundsSizes() async throws {
        var configuration = EdgeConfiguration()
        configuration.maxBodyBytes = 1_000
        try await EdgeBed.run(configuration) { bed in
            let long = String(repeating: "x", count: 9_000)
            let huge = String(repeating: "x", count: 100_000)
            let body = "{\"stringValue\": \"\(String(repeating: "x", count: 2_000))\"}"
            let chunked =
                "POST /api/v1/sinks:echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
                + "transfer-encoding: chunked\r\n\r\n\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
            let many = (0..<101).map { "x-\($0): y\r\n" }.joined()
            let cases: [(String, Int, String)] = [
                (RequestText.get("/livez", "x: \(long)\(long)"), 431, "HEADER_TOO_LARGE"),
                (RequestText.get("/livez", "x: \(huge)"), 431, "HEADER_TOO_LARGE"),
                ("GET /livez HTTP/1.1\r\nhost: a\r\n\(many)\r\n", 431, "HEADER_TOO_LARGE"),
                (RequestText.get("/livez?\(long)"), 414, "TARGET_TOO_LONG"),
                (RequestText.get("/livez?\(huge)"), 414, "TARGET_TOO_LONG"),
                (RequestText.post("/api/v1/sinks:echo", body), 413, "BODY_TOO_LARGE"),
                (chunked, 413, "BODY_TOO_LARGE"),
            ]
            for (request, status, reason) in cases {
                let client = try await bed.client()
                let answer = try await client.request(request)
                #expect(answer.status == status, "\(reason)")
                #expect(answer.text.contains(reason))
            }
        }
    }

    @Test func cutsSlowRequestsOff() async throws {
        var configuration = EdgeConfiguration()
        configuration.headTimeout = .milliseconds(300)
        configuration.requestTimeout = .milliseconds(300)
        try await EdgeBed.run(configuration) { bed in
            for text in ["GET /livez HTT", "POST /api/v1/sinks:echo HTTP/1.1\r\nhost: a\r\ncontent-"] {
                let client = try await bed.client()
                let answer = try await client.request(text)
                #expect(answer.status == 408)
                #expect(answer.text.contains("REQUEST_TIMEOUT"))
                #expect(answer["connection"] == "close")
            }
            let client = try await bed.client()
            let answer = try await client.request(
                "POST /api/v1/sinks:echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
                    + "content-length: 100\r\n\r\n{")
            #expect(answer.status == 408)
            #expect(answer.text.contains("REQUEST_TIMEOUT"))
        }
    }

    @Test func demandsARate() async throws {
        var configuration = EdgeConfiguration()
        configuration.minimumBodyRate = 1_000_000
        configuration.bodyRateGrace = .milliseconds(200)
        try await EdgeBed.run(configuration) { bed in
            let client = try await bed.client()
            let answer = try await client.request(
                "POST /api/v1/sinks:echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
                    + "content-length: 100\r\n\r\n{")
            #expect(answer.status == 408)
        }
    }

    @Test func closesIdleConnections() async throws {
        var configuration = EdgeConfiguration()
        configuration.idleTimeout = .milliseconds(300)
        try await EdgeBed.run(configuration) { bed in
            let client = try await bed.client()
            let answer = try await client.request(RequestText.get("/livez"))
            #expect(answer.status == 200)
            let rest = try await client.readToEnd()
            #expect(rest.isEmpty)
        }
    }

    @Test func boundsConnections() async throws {
        var configuration = EdgeConfiguration()
        configuration.maxConnectionsPerAddress = 2
        try await EdgeBed.run(configuration) { bed in
            let first = try await bed.client()
            let second = try await bed.client()
            let one = try await first.request(RequestText.get("/livez"))
            let two = try await second.request(RequestText.get("/livez"))
            #expect(one.status == 200 && two.status == 200)
            let third = try await bed.client()
            let rest = try await third.readToEnd()
            #expect(rest.isEmpty)
            withExtendedLifetime((first, second)) {}
        }
    }

    @Test func boundsRequestsInFlight() async throws {
        var configuration = EdgeConfiguration()
        configuration.maxRequestsInFlight = 1
        try await EdgeBed.run(configuration) { bed in
            let slow = try await bed.client()
            try await slow.send(RequestText.get("/api/v1/libraries/l/books/slow", "x-request-timeout: 5"))
            while bed.edge.requestsInFlight == 0 { try await Task.sleep(for: .milliseconds(5)) }
            let client = try await bed.client()
            let answer = try await client.request(RequestText.get("/livez"))
            #expect(answer.status == 503)
            #expect(answer.text.contains("OVERLOADED"))
            #expect(answer["retry-after"] == "1")
        }
    }

    @Test func keepsAliveAndPipelines() async throws {
        try await EdgeBed.run { bed in
            let client = try await bed.client()
            var all = ""
            for index in 0..<100 {
                all += RequestText.get("/api/v1/libraries/l/books/\(index)", "x-request-id: r\(index)")
            }
            try await client.send(all)
            for index in 0..<100 {
                let answer = try await client.response()
                #expect(answer.status == 200)
                #expect(answer["x-request-id"] == "r\(index)")
                #expect(answer.text == "{\"name\":\"libraries/l/books/\(index)\"}")
            }
        }
    }

    @Test func invitesABodyThatWaits() async throws {
        try await EdgeBed.run { bed in
            let client = try await bed.client()
            try await client.send(
                "POST /api/v1/sinks:echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
                    + "content-length: 2\r\nexpect: 100-continue\r\n\r\n")
            let interim = try await client.response()
            #expect(interim.status == 100)
            try await client.send("{}")
            let answer = try await client.response()
            #expect(answer.status == 200)
            // Refused before its body: no invitation, and no more of this connection.
            let refused = try await client.request(
                "POST /api/v1/nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n")
            #expect(refused.status == 404)
            #expect(refused["connection"] == "close")
        }
    }

    @Test func speaksTheOldVersion() async throws {
        try await EdgeBed.run { bed in
            let client = try await bed.client()
            let kept = try await client.request("GET /livez HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
            #expect(kept.status == 200)
            #expect(kept["connection"] == "keep-alive")
            let closed = try await client.request("GET /livez HTTP/1.0\r\n\r\n")
            #expect(closed.status == 200)
            #expect(closed["connection"] == "close")
            let rest = try await client.readToEnd()
            #expect(rest.isEmpty)
        }
    }

    @Test func drainsInOrder() async throws {
        let bed = try await EdgeBed()
        let idle = try await bed.client()
        let first = try await idle.request(RequestText.get("/livez"))
        #expect(first.status == 200)
        let busy = try await bed.client()
        try await busy.send(RequestText.get("/api/v1/libraries/l/books/slow", "x-request-timeout: 3"))
        while bed.edge.requestsInFlight == 0 { try await Task.sleep(for: .milliseconds(5)) }
        async let drained: Void = bed.edge.drain(grace: .seconds(10))
        let answer = try await busy.response()
        #expect(answer.status == 504)
        #expect(answer["connection"] == "close")
        let rest = try await idle.readToEnd()
        #expect(rest.isEmpty)
        await drained
        await bed.end()
    }
}
