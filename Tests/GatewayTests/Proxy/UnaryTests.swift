import Gateway
import Testing

@Suite struct UnaryTests {
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
}
