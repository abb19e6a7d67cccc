import Synchronization
import Testing
import Wire

/// Requests that two programs could read in two ways: each is refused, and ends its connection.
@Suite struct SmugglingTests {
    static let host = "host: edge.test\r\n"
    static let echo = "POST /api/v1/sinks:echo HTTP/1.1\r\nhost: edge.test\r\ncontent-type: application/json\r\n"

    static let malformed: [(String, String)] = [
        ("both lengths", echo + "content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("both lengths, other order", echo + "transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n"),
        ("two lengths", echo + "content-length: 2\r\ncontent-length: 3\r\n\r\n{}"),
        ("the same length twice", echo + "content-length: 2\r\ncontent-length: 2\r\n\r\n{}"),
        ("a list of lengths", echo + "content-length: 2, 2\r\n\r\n{}"),
        ("a sign before the length", echo + "content-length: +2\r\n\r\n{}"),
        ("a negative length", echo + "content-length: -2\r\n\r\n{}"),
        ("a hexadecimal length", echo + "content-length: 0x2\r\n\r\n{}"),
        ("a length beyond all", echo + "content-length: 99999999999999999999999\r\n\r\n{}"),
        ("an empty length", echo + "content-length: \r\n\r\n{}"),
        ("a folded field", "GET / HTTP/1.1\r\n\(host)x: a\r\n b\r\n\r\n"),
        ("bare line feeds", "GET / HTTP/1.1\nhost: edge.test\n\n"),
        ("a bare line feed in the head", "GET / HTTP/1.1\r\n\(host)x: a\ny: b\r\n\r\n"),
        ("a bare carriage return", "GET / HTTP/1.1\r\n\(host)x: a\rb\r\n\r\n"),
        ("a blank before the colon", "GET / HTTP/1.1\r\nhost : edge.test\r\n\r\n"),
        ("a blank before the first field", "GET / HTTP/1.1\r\n host: edge.test\r\n\r\n"),
        ("no name", "GET / HTTP/1.1\r\n\(host): x\r\n\r\n"),
        ("a name with a blank", "GET / HTTP/1.1\r\n\(host)a b: x\r\n\r\n"),
        ("a null in a value", "GET / HTTP/1.1\r\n\(host)x: a\0b\r\n\r\n"),
        ("a chunk size that is none", echo + "transfer-encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n"),
        ("a chunk size with a prefix", echo + "transfer-encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n"),
        ("a chunk size beyond all", echo + "transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n"),
        ("a chunk without its end", echo + "transfer-encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n"),
        ("a chunk ended by a line feed", echo + "transfer-encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n"),
        ("another encoding", echo + "transfer-encoding: gzip\r\n\r\n{}"),
        ("two encodings", echo + "transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        ("an encoding that is almost chunked", echo + "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("two fields of encodings", echo + "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("chunks in HTTP/1.0", "POST / HTTP/1.0\r\n\(host)transfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("no host", "GET /livez HTTP/1.1\r\n\r\n"),
        ("two hosts", "GET /livez HTTP/1.1\r\n\(host)\(host)\r\n"),
        ("an empty host", "GET /livez HTTP/1.1\r\nhost: \r\n\r\n"),
        ("a host with a path", "GET /livez HTTP/1.1\r\nhost: a/b\r\n\r\n"),
        ("a host with a name in it", "GET /livez HTTP/1.1\r\nhost: user@a\r\n\r\n"),
        ("another host in the target", "GET http://other.test/livez HTTP/1.1\r\n\(host)\r\n"),
        ("another scheme in the target", "GET ftp://edge.test/livez HTTP/1.1\r\n\(host)\r\n"),
        ("a proxy's method", "CONNECT edge.test:443 HTTP/1.1\r\n\(host)\r\n"),
        ("no path", "GET livez HTTP/1.1\r\n\(host)\r\n"),
        ("a fragment", "GET /livez#x HTTP/1.1\r\n\(host)\r\n"),
        ("dots", "GET /api/../livez HTTP/1.1\r\n\(host)\r\n"),
        ("encoded dots", "GET /api/%2e%2e/livez HTTP/1.1\r\n\(host)\r\n"),
        ("another version", "GET /livez HTTP/3.0\r\n\(host)\r\n"),
        ("no version", "GET /livez\r\n\r\n"),
        ("no HTTP", "\u{16}\u{3}\u{1}hello hello hello hello\r\n\r\n"),
    ]

    @Test func refusesAll() async throws {
        try await EdgeBed.run { bed in
            for (name, request) in Self.malformed {
                let client = try await bed.client()
                // What follows must never be taken for a request.
                try await client.send(request + "GET /livez HTTP/1.1\r\nhost: edge.test\r\n\r\n")
                let answer = try await client.response()
                #expect(answer.status == 400, "\(name): \(answer.status) \(answer.text)")
                let isPathFault = name.hasSuffix("dots")
                if !isPathFault {
                    #expect(answer["connection"] == "close", "\(name)")
                    #expect(answer.text.contains("REQUEST_MALFORMED"), "\(name): \(answer.text)")
                    let rest = try await client.readToEnd()
                    #expect(!rest.contains("HTTP/1.1 200"), "\(name)")
                }
            }
            // Some break only in their body, when the caller is known already; none is ever confirmed.
            #expect(bed.guardian.counts.withLock { $0.confirmed } == 0)
        }
    }

    @Test func acceptsWhatIsOnlyUnusual() async throws {
        try await EdgeBed.run { bed in
            let requests = [
                "GET http://edge.test/livez HTTP/1.1\r\nhost: EDGE.test\r\n\r\n",
                "GET /livez HTTP/1.1\r\nhost: [::1]:8080\r\n\r\n", "\r\nGET /livez HTTP/1.1\r\nhost: a\r\n\r\n",
                "GET /livez?x=/../y HTTP/1.1\r\nhost: a\r\n\r\n",
                "GET /livez HTTP/1.1\r\nhost: a\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\n"
                    + "http2-settings: AAMAAABkAAQAAP__\r\n\r\n",
            ]
            for request in requests {
                let client = try await bed.client()
                let answer = try await client.request(request)
                #expect(answer.status == 200, "\(request)")
            }
        }
    }

    @Test func forwardsNothingOfTheSuitesOwn() async throws {
        try await EdgeBed.run { bed in
            let client = try await bed.client()
            let answer = try await client.request(
                RequestText.get(
                    "/api/v1/libraries/l/books/b", "datavault-principal-bin: AAAA", "datavault-on-behalf-bin: AAAA",
                    "x-forwarded-for: 9.9.9.9", "x-custom: 1", "grpc-status: 0", "x-request-id: mine-1",
                    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
            #expect(answer.status == 200)
            #expect(answer["x-request-id"] == "mine-1")
            let metadata = try #require(bed.library.metadata.withLock { $0.last })
            #expect(metadata.values("datavault-principal-bin").count == 1)
            #expect(metadata["x-custom"] == nil)
            #expect(metadata["x-forwarded-for"] == nil)
            #expect(metadata.values("datavault-on-behalf-bin").isEmpty)
            #expect(metadata["x-request-id"] == "mine-1")
            #expect(metadata["datavault-source-address"] == "127.0.0.1")
            #expect(metadata["traceparent"] == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            #expect(bed.library.callers.withLock { $0 } == [OpenGuard.subject])
        }
    }
}
