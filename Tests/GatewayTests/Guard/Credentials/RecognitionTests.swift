import Crypto
import Foundation
import IdentityContract
import Policy
import PolicyModel
import Testing
import Wire

@testable import Gateway

/// Who is recognized, and who is not.
struct RecognitionTests {
    private static let reading = AdmittedMethod(
        path: "/datavault.test.v1.Things/Read", role: .pipeline, access: .permission("things.read"), cost: 1)

    @Test("An API key is recognized in either header")
    func apiKey() async throws {
        let fixture = try GuardFixture()
        for header in [
            ("authorization", "Bearer \(fixture.secretText)"), ("authorization", "bearer  \(fixture.secretText)"),
            ("x-api-key", fixture.secretText),
        ] {
            let admission = try await fixture.admit(fixture.request([header]))
            #expect(admission.subject == "api-keys/\(GuardFixture.keyID)")
            #expect(admission.digest == nil)
            try await admission.confirm()
        }
    }

    @Test("A key that is malformed, cut, mistyped or unknown is refused with one and the same reason")
    func wrongKeys() async throws {
        let fixture = try GuardFixture()
        let unknown = try #require(ApiKeyText(random: (0..<32).map { UInt8($0 * 5 + 1) })).text
        let good = fixture.secretText
        let mistyped = String(good.dropLast(8)) + (good.hasSuffix("0") ? "1" : "0") + String(good.suffix(7))
        for text in [unknown, mistyped, String(good.dropLast()), good + "0", "dv_live_", good.uppercased()] {
            let reason = await fixture.refusal(fixture.request([("x-api-key", text)]))
            #expect(reason == "API_KEY_INVALID")
        }
    }

    @Test("A key or a secret that has ended is refused, cached or not")
    func ended() async throws {
        let fixture = try GuardFixture { $0.expiresAtMs = 1_790_000_010_000 }
        #expect(await fixture.refusal(fixture.bearer(fixture.secretText)) == "")
        fixture.advance(10_000)
        #expect(await fixture.refusal(fixture.bearer(fixture.secretText)) == "API_KEY_INVALID")
        #expect(await fixture.refusal(try fixture.signed()) == "SIGNATURE_INVALID")
        let other = try GuardFixture { $0.secrets[0].expiresAtMs = 1_790_000_010_000 }
        #expect(await other.refusal(other.bearer(other.secretText)) == "")
        other.advance(10_000)
        #expect(await other.refusal(other.bearer(other.secretText)) == "API_KEY_INVALID")
        // Its signing secret has no end of its own.
        #expect(await other.refusal(try other.signed()) == "")
    }

    @Test("A key that changes or goes does so at once, though its verdict is remembered")
    func changes() async throws {
        let fixture = try GuardFixture()
        let request = fixture.bearer(fixture.secretText)
        #expect(await fixture.refusal(request) == "")
        var narrowed = GuardFixture.key(
            GuardFixture.keyID, "acme", fixture.secretText, [fixture.signingSecret], fixture.wall.now)
        narrowed.permissions = ["things.read"]
        try fixture.store.apply(.apiKey(narrowed), now: fixture.wall.now)
        #expect(await fixture.refusal(request) == "PERMISSION_MISSING permission=things.write")
        #expect(await fixture.refusal(request, Self.reading) == "")
        narrowed.secrets[0].hash = GuardFixture.hash("another secret")
        try fixture.store.apply(.apiKey(narrowed), now: fixture.wall.now)
        #expect(await fixture.refusal(request, Self.reading) == "API_KEY_INVALID")
        try fixture.store.apply(.apiKeyRemoved(GuardFixture.keyID), now: fixture.wall.now)
        #expect(await fixture.refusal(try fixture.signed(), Self.reading) == "SIGNATURE_INVALID")
    }

    @Test("No credentials, or too many")
    func kinds() async throws {
        let fixture = try GuardFixture()
        let key = ("x-api-key", fixture.secretText)
        let bearer = ("authorization", "Bearer \(fixture.secretText)")
        let signed = try fixture.signed().headers
        #expect(await fixture.refusal(fixture.request()) == "CREDENTIALS_MISSING")
        for headers in [[key, bearer], [key, key], [bearer, bearer], signed + [key], signed + [bearer]] {
            #expect(await fixture.refusal(fixture.request(headers)) == "CREDENTIALS_AMBIGUOUS")
        }
        for value in ["Basic YTpi", "Bearer", "Bearer ", "", "dv_live_x", "BearerX y"] {
            #expect(await fixture.refusal(fixture.request([("authorization", value)])) == "TOKEN_INVALID")
        }
    }

    @Test("A public method needs nothing, and verifies what comes")
    func publicMethods() async throws {
        let fixture = try GuardFixture()
        let method = GuardFixture.publicMethod
        let unknown = try await fixture.admit(fixture.request(), method)
        #expect(unknown.subject == nil)
        #expect(try unknown.principal() == nil)
        let known = try await fixture.admit(fixture.bearer(fixture.secretText), method)
        #expect(try known.principal() != nil)
        #expect(await fixture.refusal(fixture.bearer("dv_live_no"), method) == "API_KEY_INVALID")
    }

    @Test("What only roles call is not there for anybody")
    func internalMethods() async throws {
        let fixture = try GuardFixture()
        let method = AdmittedMethod(path: "/a.B/C", role: .identity, access: .internal, cost: 1)
        #expect(await fixture.refusal(fixture.bearer(fixture.secretText), method) == "ROUTE_UNKNOWN")
    }

    @Test("An access token is recognized, and has its own permissions only")
    func accessToken() async throws {
        let fixture = try GuardFixture()
        let token = try fixture.token()
        for _ in 0..<2 {
            let admission = try await fixture.admit(fixture.bearer(token), Self.reading)
            #expect(admission.subject == "users/ada")
            #expect(admission.organization == "acme")
            #expect(await fixture.refusal(fixture.bearer(token)) == "PERMISSION_MISSING permission=things.write")
        }
        #expect(await fixture.refusal(fixture.request([("x-api-key", token)]), Self.reading) == "API_KEY_INVALID")
        fixture.advance(600_000)
        #expect(await fixture.refusal(fixture.bearer(token), Self.reading) == "TOKEN_EXPIRED")
        #expect(await fixture.refusal(fixture.bearer(try fixture.token(["exp": 5, "iat": 1]))) == "TOKEN_EXPIRED")
    }

    @Test("Confusion of algorithms, none, other keys, issuers, audiences, kinds and widened scopes are refused")
    func tokenAttacks() async throws {
        let fixture = try GuardFixture()
        let good = try fixture.token()
        let parts = good.split(separator: ".").map(String.init)
        let widened = try fixture.token(
            ["perms": ["things.read", "things.write"]], key: Curve25519.Signing.PrivateKey())
        let none =
            try fixture.token(header: ["alg": "none"]).split(separator: ".").dropLast().joined(separator: ".") + "."
        // The public key as the secret of an HMAC.
        let confused = try fixture.token(header: ["alg": "HS256"]).split(separator: ".").dropLast().joined(
            separator: ".")
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(confused.utf8), using: SymmetricKey(data: fixture.tokenKey.publicKey.rawRepresentation))
        var attacks = [
            widened, none, confused + "." + GuardFixture.base64URL(Data(code)), parts[0] + "." + parts[1] + ".",
            parts[0] + "." + widened.split(separator: ".")[1] + "." + parts[2], good + ".x", "a.b.c", "...", "x",
        ]
        for header: [String: Any] in [
            ["alg": "EdDSA ", "kid": "k1"], ["kid": "k2"], ["kid": ""], ["typ": "JWT"], ["crit": ["exp"]],
        ] {
            attacks.append(try fixture.token(header: header))
        }
        for claims: [String: Any] in [
            ["iss": "https://evil.example"], ["aud": "other"], ["aud": [String]()], ["org": ""], ["sub": "api-keys/1"],
            ["iat": Double(fixture.wall.now) / 1_000 + 100],
        ] {
            attacks.append(try fixture.token(claims))
        }
        for token in attacks {
            #expect(await fixture.refusal(fixture.bearer(token), Self.reading) == "TOKEN_INVALID")
        }
        #expect(await fixture.refusal(fixture.bearer(good), Self.reading) == "")
    }

    @Test("A revoked session's and user's tokens are refused at once; newer ones are not")
    func revocations() async throws {
        let fixture = try GuardFixture()
        let token = try fixture.token()
        #expect(await fixture.refusal(fixture.bearer(token), Self.reading) == "")
        fixture.advance(1_000)
        for kind: Datavault_Identity_V1_TokenRevocation.OneOf_Tokens in [.session("s-1"), .user("ada")] {
            var revocation = Datavault_Identity_V1_TokenRevocation()
            (revocation.tokens, revocation.issuedBeforeMs) = (kind, fixture.wall.now)
            revocation.untilMs = fixture.wall.now + 600_000
            try fixture.store.apply(.revocation(revocation), now: fixture.wall.now)
            #expect(await fixture.refusal(fixture.bearer(token), Self.reading) == "TOKEN_INVALID")
            #expect(await fixture.refusal(fixture.bearer(try fixture.token()), Self.reading) == "")
            fixture.advance(1_000)
        }
    }

    @Test("A token key that is withdrawn takes its tokens along, cached or not")
    func tokenKeyWithdrawn() async throws {
        let fixture = try GuardFixture()
        let token = try fixture.token()
        #expect(await fixture.refusal(fixture.bearer(token), Self.reading) == "")
        try fixture.store.apply(.tokenKeys(Datavault_Identity_V1_AccessTokenKeys()), now: fixture.wall.now)
        #expect(await fixture.refusal(fixture.bearer(token), Self.reading) == "TOKEN_INVALID")
    }

    @Test("A gateway that hears nothing refuses everybody who names himself, and recovers")
    func silence() async throws {
        let fixture = try GuardFixture()
        let (key, token) = (fixture.bearer(fixture.secretText), try fixture.token())
        #expect(await fixture.refusal(key) == "")
        fixture.wall.advance(1_001)
        fixture.monotonic.advance(1_001)
        for request in [key, fixture.bearer(token), try fixture.signed(), fixture.bearer("dv_live_no")] {
            #expect(await fixture.refusal(request) == "CREDENTIALS_UNAVAILABLE")
        }
        // The wall clock says nothing of silence: set back, it does not make old knowledge good.
        fixture.wall.advance(-100_000)
        #expect(await fixture.refusal(key) == "CREDENTIALS_UNAVAILABLE")
        fixture.wall.advance(100_000)
        fixture.store.heard(identityTime: fixture.wall.now)
        #expect(await fixture.refusal(key) == "")
    }

    @Test("An event that lay on its way counts from when it was sent")
    func lateEvents() async throws {
        let fixture = try GuardFixture()
        fixture.wall.advance(5_000)
        fixture.monotonic.advance(5_000)
        // Heartbeats of five seconds ago, all at once.
        let lag = fixture.store.heard(identityTime: fixture.wall.now - 4_500)
        #expect(lag == 4_500_000_000)
        #expect(!fixture.store.isFresh)
        fixture.store.heard(identityTime: fixture.wall.now - 500)
        #expect(fixture.store.isFresh)
    }

    @Test("A first part that takes long to tell is as old as its beginning")
    func longSnapshot() throws {
        let fixture = try GuardFixture()
        fixture.store.begin(silenceLimitMs: 1_000, identityTime: fixture.wall.now)
        let began = fixture.wall.now
        fixture.wall.advance(3_000)
        fixture.monotonic.advance(3_000)
        fixture.store.heard(identityTime: began)
        #expect(!fixture.store.isFresh)
        fixture.store.heard(identityTime: fixture.wall.now - 10)
        #expect(fixture.store.isFresh)
    }

    @Test("A gateway that was never told anything refuses")
    func nothingKnown() throws {
        let store = CredentialStore()
        store.begin(silenceLimitMs: 60_000, identityTime: 1)
        store.heard(identityTime: 1)
        #expect(!store.isFresh)
        #expect(throws: CredentialStore.Refusal.unavailable) { try store.recognize(apiKey: "dv_live_x", now: 1) }
    }

    @Test("A stream that tells nonsense is not taken")
    func nonsense() throws {
        #expect(throws: CredentialSet.Fault.self) {
            try CredentialSet(Datavault_Identity_V1_CredentialStreamStart())
        }
        let fixture = try GuardFixture()
        var key = GuardFixture.key(GuardFixture.keyID, "acme", "x", [[1, 2]], fixture.wall.now)
        #expect(throws: CredentialSet.Fault.self) { try fixture.store.apply(.apiKey(key), now: fixture.wall.now) }
        key.signingSecrets = []
        key.secrets[0].hash = Data([1])
        #expect(throws: CredentialSet.Fault.self) { try fixture.store.apply(.apiKey(key), now: fixture.wall.now) }
    }

    @Test("Uses are noted by secret, and not each of them")
    func usage() async throws {
        let fixture = try GuardFixture()
        for _ in 0..<5 { #expect(await fixture.refusal(fixture.bearer(fixture.secretText)) == "") }
        #expect(fixture.usage.waitingCount == 1)
        #expect(await fixture.refusal(try fixture.signed()) == "")
        #expect(fixture.usage.waitingCount == 2)
    }
}
