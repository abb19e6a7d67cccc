import Crypto
import Foundation
import Policy
import PolicyModel
import Testing
import Wire

@testable import Gateway

/// Signed requests, and what people try with them: each refused with its reason.
struct SignatureAttackTests {
    /// Replaces text in a field.
    private func change(
        _ request: RequestSummary, _ name: String, _ old: String, _ new: String
    ) -> RequestSummary {
        var request = request
        for index in request.headers.indices where request.headers[index].name == name {
            request.headers[index].value = request.headers[index].value.replacing(old, with: new)
        }
        return request
    }

    @Test("A signed request is admitted once, and its body is held to the digest")
    func good() async throws {
        let fixture = try GuardFixture()
        let request = try fixture.signed()
        let admission = try await fixture.admit(request)
        #expect(admission.organization == "acme")
        #expect(admission.subject == "api-keys/\(GuardFixture.keyID)")
        #expect(admission.digest?.algorithm == .sha256)
        try await admission.confirm()
        let keys = PrincipalKeys([
            "g1": PrincipalKeys.Key(publicKey: fixture.principalKey.publicKey, certificateFingerprint: nil)
        ])
        let token = try #require(try admission.principal())
        let verdict = try PrincipalVerifier(keys: keys).verify(token, now: fixture.wall.now)
        #expect(verdict.principal.strength == .signed)
        #expect(verdict.principal.organization == "acme")
        #expect(verdict.principal.sourceAddress == "192.0.2.7")
        #expect(verdict.principal.method == GuardFixture.method.path)
    }

    @Test("The older signing secret works in its overlap, and not after it")
    func overlap() async throws {
        let fixture = try GuardFixture()
        let old = fixture.oldSigningSecret
        #expect(await fixture.refusal(try fixture.signed(secret: old)) == "")
        fixture.advance(600_000)
        #expect(await fixture.refusal(try fixture.signed(secret: old)) == "SIGNATURE_INVALID")
        #expect(await fixture.refusal(try fixture.signed()) == "")
    }

    @Test("A request that comes again is a replay, however it is wrapped")
    func replayed() async throws {
        let fixture = try GuardFixture()
        let request = try fixture.signed(nonce: "nonce-0001")
        #expect(await fixture.refusal(request) == "")
        #expect(await fixture.refusal(request) == "SIGNATURE_REPLAYED")
        fixture.advance(20_000)
        #expect(await fixture.refusal(request) == "SIGNATURE_REPLAYED")
        // The same nonce in a new signature, which would be another request.
        #expect(await fixture.refusal(try fixture.signed(nonce: "nonce-0001", lifetime: 200)) == "SIGNATURE_REPLAYED")
        // Another key's nonces are its own.
        let other = try fixture.signed(
            keyID: GuardFixture.otherKeyID, secret: fixture.otherSigningSecret, nonce: "nonce-0001")
        #expect(await fixture.refusal(other) == "")
    }

    @Test("Too old, over, from the future, living too long, or from before the gateway's start")
    func stale() async throws {
        let fixture = try GuardFixture()
        let now = fixture.wall.now / 1_000
        #expect(await fixture.refusal(try fixture.signed(created: now - 60, lifetime: 60)) == "SIGNATURE_STALE")
        #expect(await fixture.refusal(try fixture.signed(created: now + 6)) == "SIGNATURE_STALE")
        #expect(await fixture.refusal(try fixture.signed(created: now - 10)) == "SIGNATURE_STALE")
        #expect(
            await fixture.refusal(try fixture.signed(lifetime: 301)) == "SIGNATURE_MALFORMED parameter=expires")
        #expect(await fixture.refusal(try fixture.signed(lifetime: 0)) == "SIGNATURE_MALFORMED parameter=expires")
        #expect(await fixture.refusal(try fixture.signed(lifetime: -5)) == "SIGNATURE_MALFORMED parameter=expires")
        #expect(await fixture.refusal(try fixture.signed(lifetime: 300)) == "")
    }

    @Test("A request that is aimed elsewhere does not fit its signature any more")
    func retargeted() async throws {
        let fixture = try GuardFixture()
        let request = try fixture.signed()
        for change: (inout RequestSummary) -> Void in [
            { $0.method = "DELETE" }, { $0.path = "/api/v1/things/1" }, { $0.query = "x=2" }, { $0.query = nil },
            { $0.authority = "other.example.com" }, { $0.authority = "api.example.com:8443" },
            { $0.path = "/api/v1/things/" }, { $0.path = "/api/v1/%74hings" },
        ] {
            var changed = request
            change(&changed)
            #expect(await fixture.refusal(changed) == "SIGNATURE_INVALID")
        }
        #expect(await fixture.refusal(request) == "")
    }

    @Test("Another body needs another digest, and that is signed")
    func bodySwapped() async throws {
        let fixture = try GuardFixture()
        let request = try fixture.signed()
        let other = try fixture.signed(body: "{\"a\":2}")
        var changed = request
        changed.headers.removeAll { $0.name == "content-digest" }
        #expect(await fixture.refusal(changed) == "SIGNATURE_INVALID")
        changed.headers.append(("content-digest", try #require(other.header("content-digest"))))
        #expect(await fixture.refusal(changed) == "SIGNATURE_INVALID")
        // A second line beside the signed one would be another value.
        changed = request
        changed.headers.append(("content-digest", try #require(other.header("content-digest"))))
        #expect(
            ["SIGNATURE_INVALID", "SIGNATURE_MALFORMED parameter=content-digest"].contains(
                await fixture.refusal(changed)))
        #expect(await fixture.refusal(self.change(request, "content-type", "json", "xml")) == "SIGNATURE_INVALID")
    }

    @Test("A body that is added to a request without one is held to the digest of nothing")
    func bodyAdded() async throws {
        let fixture = try GuardFixture()
        let request = try fixture.signed(body: nil)
        #expect(try await fixture.admit(request).digest == .ofNothing)
        var announced = request
        announced.headers.append(("content-length", "7"))
        #expect(await fixture.refusal(announced) == "SIGNATURE_INCOMPLETE component=content-type")
        announced.headers[announced.headers.count - 1] = ("transfer-encoding", "chunked")
        #expect(await fixture.refusal(announced) == "SIGNATURE_INCOMPLETE component=content-type")
        announced.headers[announced.headers.count - 1] = ("idempotency-key", UUID().uuidString)
        #expect(await fixture.refusal(announced) == "SIGNATURE_INCOMPLETE component=idempotency-key")
        announced.headers[announced.headers.count - 1] = ("content-encoding", "gzip")
        #expect(await fixture.refusal(announced) == "SIGNATURE_INCOMPLETE component=content-encoding")
    }

    @Test(
        "What has to be covered and is not is named",
        arguments: ["@method", "@authority", "@path", "@query", "content-type", "content-digest", "idempotency-key"])
    func dropped(component: String) async throws {
        let fixture = try GuardFixture()
        let request = try fixture.signed(headers: [("idempotency-key", "k")])
        // Its maker could sign so: the refusal comes before the signature is looked at.
        let changed = change(request, "signature-input", "\"\(component)\"", "\"@scheme\"")
        #expect(await fixture.refusal(changed) == "SIGNATURE_INCOMPLETE component=\(component)")
    }

    @Test("A covered header that was dropped on the way makes the signature fit nothing")
    func headerDropped() async throws {
        let fixture = try GuardFixture()
        var request = try fixture.signed(headers: [("idempotency-key", "k")])
        request.headers.removeAll { $0.name == "idempotency-key" }
        #expect(await fixture.refusal(request) == "SIGNATURE_INVALID")
    }

    @Test(
        "The key fixes the algorithm",
        arguments: ["hmac-sha512", "rsa-v1_5-sha256", "ed25519", "none", "", "HMAC-SHA256"])
    func wrongAlgorithm(name: String) async throws {
        let fixture = try GuardFixture()
        let request = change(try fixture.signed(), "signature-input", "hmac-sha256", name)
        #expect(await fixture.refusal(request) == "SIGNATURE_MALFORMED parameter=alg")
    }

    @Test("An alg that is left out is no other algorithm; one that is no string is")
    func algorithmForms() async throws {
        let fixture = try GuardFixture()
        let request = try fixture.signed()
        // Without its alg the parameters are others, so that the signature does not fit; but nothing is malformed.
        let without = change(request, "signature-input", ";alg=\"hmac-sha256\"", "")
        #expect(await fixture.refusal(without) == "SIGNATURE_INVALID")
        let token = change(request, "signature-input", "\"hmac-sha256\"", "hmac-sha256")
        #expect(await fixture.refusal(token) == "SIGNATURE_MALFORMED parameter=alg")
    }

    @Test("Another organization's key identifier with one's own secret is refused, and costs what an unknown one costs")
    func otherOrganization() async throws {
        let fixture = try GuardFixture()
        #expect(await fixture.refusal(try fixture.signed(keyID: GuardFixture.otherKeyID)) == "SIGNATURE_INVALID")
        #expect(await fixture.refusal(try fixture.signed(keyID: UUID().uuidString.lowercased())) == "SIGNATURE_INVALID")
        let renamed = change(
            try fixture.signed(), "signature-input", GuardFixture.keyID, GuardFixture.otherKeyID)
        #expect(await fixture.refusal(renamed) == "SIGNATURE_INVALID")
    }

    @Test(
        "Parameters that are missing or of another kind are named",
        arguments: [
            (";created=", ";x=", "created"), (";expires=", ";x=", "expires"), (";nonce=", ";x=", "nonce"),
            (";keyid=", ";x=", "keyid"), ("created=", "created=-", "created"),
            ("created=", "created=1.5;y=", "created"),
            ("nonce=\"", "nonce=\"\";y=\"", "nonce"), ("\"@method\"", "\"@method\";req", "signature-input"),
            ("\"@method\"", "\"@method\" \"@method\"", "signature-input"),
            ("\"@method\"", "\"@status\"", "signature-input"), ("\"@method\"", "1", "signature-input"),
            ("\"content-type\"", "\"Content-Type\"", "signature-input"),
            ("\"content-type\"", "\"content-type\";sf", "signature-input"),
            ("sig1=(", "sig1=(((", "signature-input"), ("sig1=", "sig2=", "signature"),
        ])
    func malformed(old: String, new: String, parameter: String) async throws {
        let fixture = try GuardFixture()
        let request = change(try fixture.signed(), "signature-input", old, new)
        #expect(await fixture.refusal(request) == "SIGNATURE_MALFORMED parameter=\(parameter)")
    }

    @Test("Half a signature is malformed")
    func halves() async throws {
        let fixture = try GuardFixture()
        for name in ["signature", "signature-input"] {
            var request = try fixture.signed()
            request.headers.removeAll { $0.name == name }
            #expect(await fixture.refusal(request) == "SIGNATURE_MALFORMED parameter=\(name)")
        }
        let text = change(try fixture.signed(), "signature", "sig1=:", "sig1=\"")
        #expect(await fixture.refusal(text) == "SIGNATURE_MALFORMED parameter=signature")
        let cut = change(try fixture.signed(), "signature", "sig1=:", "sig1=:AAAA")
        #expect(await fixture.refusal(cut).hasPrefix("SIGNATURE_"))
    }

    @Test("A proxy's signature beside one of ours does not matter; two of ours are one too many")
    func severalLabels() async throws {
        let fixture = try GuardFixture()
        var request = try fixture.signed()
        request.headers += [
            ("signature-input", "proxy=(\"@method\");keyid=\"edge-7\""), ("signature", "proxy=:AAAA:"),
        ]
        #expect(await fixture.refusal(request) == "")
        var twice = try fixture.signed()
        let second = change(try fixture.signed(), "signature-input", "sig1=", "sig2=")
        twice.headers += [
            ("signature-input", try #require(second.header("signature-input"))),
            ("signature", try #require(second.header("signature")).replacing("sig1=", with: "sig2=")),
        ]
        #expect(await fixture.refusal(twice) == "CREDENTIALS_AMBIGUOUS")
        var same = try fixture.signed()
        same.headers.append(("signature-input", try #require(same.header("signature-input"))))
        #expect(await fixture.refusal(same) == "SIGNATURE_MALFORMED parameter=signature-input")
    }

    @Test("A clock that is ahead makes the request wait until it was made, so that no later gateway believes it again")
    func ahead() async throws {
        let fixture = try GuardFixture()
        let request = try fixture.signed(created: fixture.wall.now / 1_000 + 1)
        let admission = try await fixture.admit(request)
        let start = ContinuousClock.now
        try await admission.confirm()
        #expect(ContinuousClock.now - start >= .milliseconds(900))
    }
}
