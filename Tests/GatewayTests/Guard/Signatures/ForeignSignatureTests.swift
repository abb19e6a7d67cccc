import Testing

@testable import Gateway

/// Requests that http-message-signatures 3.0.0 (PyPI) has signed with the fixture's key, at the fixture's time.
struct ForeignSignatureTests {
    private static let covered = "\"@method\" \"@authority\" \"@path\" \"@query\""
    private static let keyID = "keyid=\"3f0c6a52-8a51-4d8e-9d0b-0a4f4c1b7d11\""

    private func request(
        _ method: String, _ path: String, _ query: String?, _ input: String, _ signature: String,
        _ headers: [(name: String, value: String)] = []
    ) -> RequestSummary {
        RequestSummary(
            method: method, scheme: "https", authority: "api.example.com", path: path, query: query,
            headers: headers + [("signature-input", "pyhms=\(input)"), ("signature", "pyhms=:\(signature):")],
            sourceAddress: "192.0.2.7", requestID: "r")
    }

    @Test("They are accepted as they are, once")
    func accepted() async throws {
        let fixture = try GuardFixture()
        let body: [(name: String, value: String)] = [
            ("idempotency-key", "k-1"), ("content-type", "application/json"), ("content-length", "8"),
            ("content-digest", "sha-256=:+dhgKMbg1k4iUYb5astpM4ssWXZN95FiEH9cS7NNExA=:"),
        ]
        let requests = [
            request(
                "GET", "/api/v1/things", nil,
                "(\(Self.covered));created=1790000000;\(Self.keyID);expires=1790000060;nonce=\"nonce-GET\"",
                "bSJQnOLwelSaqAzt6UAfG05yE1aJ1Oe55QvH9/2OQDY="),
            request(
                "POST", "/api/v1/things", "b=2&a=%C3%A9",
                "(\(Self.covered) \"content-type\" \"idempotency-key\" \"content-digest\");created=1790000000;"
                    + "\(Self.keyID);alg=\"hmac-sha256\";expires=1790000060;nonce=\"nonce-POST\"",
                "aNJZ2m2cp+Jynjt8srE30iWAzstndzJ6Wuy/3owXfGM=", body),
            request(
                "DELETE", "/api/v1/a%2Fb", "",
                "(\(Self.covered));created=1790000000;\(Self.keyID);alg=\"hmac-sha256\";expires=1790000060;"
                    + "nonce=\"nonce-DELETE\"",
                "Un9nNFc8RZOEy/c4ZUQgrCxoFnXHH+7ZEp+Rer10XKY="),
        ]
        for request in requests {
            let first = await fixture.refusal(request)
            let second = await fixture.refusal(request)
            #expect(first == "")
            #expect(second == "SIGNATURE_REPLAYED")
        }
    }
}
