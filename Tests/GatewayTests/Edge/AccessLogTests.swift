import Foundation
import Gateway
import Policy
import ServiceKit
import Testing

/// What the log and the guard are told of a request.
@Suite struct AccessLogTests {
    @Test func writesALineEach() async throws {
        let pipe = Pipe()
        let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor, capacity: 1 << 20)
        try await EdgeBed.run(accessLog: .lines(output)) { bed in
            let client = try await bed.client()
            for target in ["/api/v1/libraries/l/books/7", "/api/v1/libraries/l/books/none", "/secret/path?key=hidden"] {
                _ = try await client.request(
                    RequestText.get(target, "x-request-id: r-1", "authorization: Bearer hidden"))
            }
        }
        output.flush()
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let lines = try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(lines.map { $0["status"] as? Int } == [200, 404, 404])
        #expect(
            lines.map { $0["route"] as? String }
                == ["/api/v1/{name=libraries/*/books/*}", "/api/v1/{name=libraries/*/books/*}", "unknown"])
        #expect(lines.map { $0["reason"] as? String } == [nil, "BOOK_UNKNOWN", "ROUTE_UNKNOWN"])
        for line in lines.prefix(2) {
            #expect(line["organization"] as? String == OpenGuard.organization)
            #expect(line["subject"] as? String == OpenGuard.subject)
        }
        for line in lines {
            #expect(line["request_id"] as? String == "r-1")
            #expect(line["method"] as? String == "GET")
            #expect((line["us"] as? Int ?? -1) >= 0)
            #expect(line["time"] as? String != nil)
        }
        #expect(!text.contains("hidden") && !text.contains("secret"))
    }

    @Test func believesTrustedProxiesOnly() async throws {
        var configuration = EdgeConfiguration()
        let request = RequestText.get(
            "/api/v1/libraries/l/books/7", "x-forwarded-for: 6.6.6.6, 203.0.113.9", "x-forwarded-proto: https")
        try await EdgeBed.run(configuration) { bed in
            _ = try await bed.client().request(request)
            #expect(bed.guardian.schemes == ["http"])
            #expect(bed.guardian.sources == ["127.0.0.1"])
        }
        configuration.trustedProxies = [try #require(NetworkBlock("127.0.0.0/8"))]
        try await EdgeBed.run(configuration) { bed in
            _ = try await bed.client().request(request)
            #expect(bed.guardian.schemes == ["https"])
            #expect(bed.guardian.sources == ["203.0.113.9"])
        }
    }
}
