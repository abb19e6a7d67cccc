import Foundation
import Gateway
import SwiftProtobuf
import Testing
import Wire
import WireProtos

@Suite struct ErrorTests {
    /// The request, the status, the reason, and a part of the answer.
    static let refused: [(String, Int, String, String)] = [
        (RequestText.get("/api/v1/nowhere"), 404, "ROUTE_UNKNOWN", ""),
        (RequestText.get("/api/v1/sinks:echo"), 405, "METHOD_NOT_ALLOWED", "OPTIONS, POST"),
        (RequestText.get("/api/v1/libraries/l/books/none"), 404, "BOOK_UNKNOWN", "datavault.test.v1"),
        (
            RequestText.get("/api/v1/libraries/l/books/b", "accept: text/html"), 406, "NOT_ACCEPTABLE",
            "application/json"
        ),
        (RequestText.get("/api/v1/libraries/l/books/b?nothing=1"), 400, "PARAMETER_INVALID", "nothing"),
        (RequestText.get("/api/v1/libraries/l/books/b?name=%zz"), 400, "REQUEST_MALFORMED", ""),
        (RequestText.post("/api/v1/sinks:echo", #"{"part":{"nothing":1}}"#), 400, "BODY_INVALID", "sink.part.nothing"),
        (RequestText.post("/api/v1/sinks:echo", #"{"int32Value":"x"}"#), 400, "BODY_INVALID", "sink.int32Value"),
        (RequestText.post("/api/v1/sinks:echo", "{"), 400, "BODY_INVALID", ""),
        (RequestText.post("/api/v1/sinks:echo", "{}", "content-encoding: gzip"), 415, "MEDIA_TYPE_UNSUPPORTED", ""),
        (
            "POST /api/v1/sinks:echo HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\n{}",
            415,
            "MEDIA_TYPE_UNSUPPORTED", "application/json"
        ),
        (
            "POST /api/v1/sinks:echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}", 415, "MEDIA_TYPE_UNSUPPORTED",
            "application/json"
        ),
        (
            "GET /api/v1/libraries/l/books/b HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}", 400, "BODY_INVALID",
            "takes no body"
        ),
        (RequestText.post("/api/v1/libraries/l/books", #"{"title":""}"#), 400, "FIELDS_INVALID", "book.title"),
    ]

    @Test(arguments: [false, true])
    func saysWhatIsWrong(_ asProblem: Bool) async throws {
        try await EdgeBed.run { bed in
            for (request, status, reason, part) in Self.refused {
                // A connection each: some refusals end theirs, as the body was not read.
                let client = try await bed.client()
                var text = request
                if asProblem, !request.contains("accept:") {
                    text = request.replacingOccurrences(
                        of: "\r\n\r\n", with: "\r\naccept: application/problem+json, application/json\r\n\r\n")
                }
                let answer = try await client.request(text)
                #expect(answer.status == status, "\(reason): \(answer.text)")
                #expect(answer.text.contains("\"\(reason)\""), "\(reason): \(answer.text)")
                #expect(part.isEmpty || answer.text.contains(part), "\(reason): \(answer.text)")
                let json = try #require(
                    try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any], "\(answer.text)")
                if asProblem, !request.contains("accept:") {
                    #expect(answer["content-type"] == "application/problem+json")
                    #expect(json["status"] as? Int == status)
                    #expect(json["reason"] as? String == reason)
                } else {
                    #expect(answer["content-type"] == "application/json")
                    let details = try #require(json["details"] as? [[String: Any]])
                    #expect(details.contains { $0["@type"] as? String == "type.googleapis.com/google.rpc.ErrorInfo" })
                }
                if status == 405 { #expect(answer["allow"] == "OPTIONS, POST") }
            }
        }
    }

    @Test(arguments: [0, -1, 86_400, .max, .min] as [Int64])
    func tellsAnyWaitThatAServiceAsksFor(_ seconds: Int64) async throws {
        let retry = Google_Rpc_RetryInfo.with {
            $0.retryDelay = .with { ($0.seconds, $0.nanos) = (seconds, 999_999_999) }
        }
        let refusal = try RPCError(code: .unavailable, message: "later", packing: [retry])
        try await EdgeBed.run(guard: OpenGuard(refusal: refusal)) { bed in
            let client = try await bed.client()
            let answer = try await client.request(RequestText.get("/api/v1/libraries/l/books/b"))
            let expected = seconds >= 86_400 ? 86_401 : 1
            #expect(answer.status == 503 && answer["retry-after"] == "\(expected)")
        }
    }

    @Test func handsAGuardsRefusalOn() async throws {
        var refusal = RPCError(code: .resourceExhausted, message: "too much")
        refusal.metadata.add("ratelimit", "\"key\";r=0;t=3")
        try await EdgeBed.run(guard: OpenGuard(refusal: refusal)) { bed in
            let client = try await bed.client()
            let answer = try await client.request(RequestText.get("/api/v1/libraries/l/books/b"))
            #expect(answer.status == 429)
            #expect(answer["ratelimit"] == "\"key\";r=0;t=3")
        }
    }
}
