import Crypto
import Foundation
import IdentityContract
import Logging
import Policy
import PolicyModel
import Synchronization
import Testing
import Wire
import WireProtos

@testable import Gateway

/// A clock that stands still until it is moved.
final class TestClock: Sendable {
    private let milliseconds: Mutex<Int64>

    init(_ milliseconds: Int64 = 1_790_000_000_000) { self.milliseconds = Mutex(milliseconds) }

    var now: Int64 { milliseconds.withLock { $0 } }
    func advance(_ by: Int64) { milliseconds.withLock { $0 += by } }
}

/// A guard with credentials of two organizations, clocks that stand still, and all its real parts.
final class GuardFixture: Sendable {
    static let keyID = "3f0c6a52-8a51-4d8e-9d0b-0a4f4c1b7d11"
    static let otherKeyID = "7b1d2c43-1111-4222-8333-944455566677"
    static let hashKey = Data((0..<32).map { UInt8($0) })
    static let method = AdmittedMethod(
        path: "/datavault.test.v1.Things/Make", role: .pipeline, access: .permission("things.write"), cost: 5)
    static let publicMethod = AdmittedMethod(
        path: "/datavault.test.v1.Things/Look", role: .pipeline, access: .public, cost: 1)

    let wall = TestClock()
    let monotonic = TestClock(5_000)
    let secretText: String
    let signingSecret = [UInt8](repeating: 7, count: 32)
    let oldSigningSecret = [UInt8](repeating: 8, count: 32)
    let otherSigningSecret = [UInt8](repeating: 9, count: 32)
    let tokenKey = Curve25519.Signing.PrivateKey()
    let principalKey = Curve25519.Signing.PrivateKey()
    let store: CredentialStore
    let ring = PrincipalKeyRing()
    let usage: KeyUsageReporter
    let guardian: CallerGuard

    init(
        limits: RateLimits = RateLimits(), denials: RateLimits = GuardConfiguration().denials,
        nonces: (any NonceStore)? = nil, newKeyLooks: [Duration] = [],
        _ change: (inout Datavault_Identity_V1_ApiKeyCredential) -> Void = { _ in },
        organizationNetworks: [String] = []
    ) throws {
        let (wall, monotonic) = (wall, monotonic)
        secretText = try #require(ApiKeyText(random: (0..<32).map { UInt8($0 * 3) })).text
        store = CredentialStore(clock: { monotonic.now * 1_000_000 })
        usage = KeyUsageReporter(logger: Logger(label: "test")) {
            throw RPCError(code: .unavailable, message: "there is no identity here")
        }
        var start = Datavault_Identity_V1_CredentialStreamStart()
        start.secretHashKey = Self.hashKey
        (start.issuer, start.audience, start.silenceLimitMs) = ("https://id.example", "datavault", 1_000)
        var set = try CredentialSet(start)
        var key = Self.key(Self.keyID, "acme", secretText, [signingSecret, oldSigningSecret], wall.now)
        change(&key)
        try set.apply(.apiKey(key), now: wall.now)
        let otherText = try #require(ApiKeyText(random: (0..<32).map { UInt8($0 + 1) })).text
        try set.apply(
            .apiKey(Self.key(Self.otherKeyID, "other", otherText, [otherSigningSecret], wall.now)), now: wall.now)
        var tokenKeys = Datavault_Identity_V1_AccessTokenKeys()
        var listed = Datavault_Identity_V1_AccessTokenKey()
        (listed.id, listed.publicKey) = ("k1", tokenKey.publicKey.rawRepresentation)
        tokenKeys.keys = [listed]
        try set.apply(.tokenKeys(tokenKeys), now: wall.now)
        if !organizationNetworks.isEmpty {
            var networks = Datavault_Identity_V1_OrganizationNetworks()
            (networks.organization, networks.allowedNetworks) = ("acme", organizationNetworks)
            try set.apply(.networks(networks), now: wall.now)
        }
        store.begin(silenceLimitMs: 1_000, identityTime: wall.now)
        store.replace(set)
        store.heard(identityTime: wall.now)
        ring.use(
            PrincipalKeyRing.Entry(
                id: "g1", signer: PrincipalSigner(key: principalKey, keyID: "g1"), listedUntil: wall.now + 3_600_000))
        // A second before the clock: what is signed now was not made before the gateway started.
        let start2 = wall.now - 1_000
        let began = Mutex(true)
        let local = LocalNonces(now: {
            began.withLock { first in
                defer { first = false }
                return first ? start2 : wall.now
            }
        })
        guardian = CallerGuard(
            CallerGuard.Parts(
                recognition: CallerRecognition(store), nonces: nonces ?? local,
                limits: LocalLimiter(limits, now: { monotonic.now * 1_000_000 }),
                addresses: LocalLimiter(limits, now: { monotonic.now * 1_000_000 }),
                denials: LocalLimiter(denials, now: { monotonic.now * 1_000_000 }), principals: PrincipalMint(ring),
                usage: usage, newKeyLooks: newKeyLooks, now: { wall.now }))
    }

    static func key(
        _ id: String, _ organization: String, _ text: String, _ signing: [[UInt8]], _ now: Int64
    ) -> Datavault_Identity_V1_ApiKeyCredential {
        var key = Datavault_Identity_V1_ApiKeyCredential()
        (key.id, key.organization, key.permissions) = (id, organization, ["things.read", "things.write"])
        var secret = Datavault_Identity_V1_SecretHash()
        secret.id = "s1"
        secret.hash = hash(text)
        key.secrets = [secret]
        key.signingSecrets = signing.enumerated().map { index, bytes in
            var secret = Datavault_Identity_V1_SigningSecret()
            (secret.id, secret.secret) = ("g\(index)", Data(bytes))
            // The newest has no end of its own.
            if index > 0 { secret.expiresAtMs = now + 600_000 }
            return secret
        }
        return key
    }

    static func hash(_ text: String) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: hashKey)))
    }

    /// Moves both clocks; Identity is heard meanwhile.
    func advance(_ milliseconds: Int64) {
        wall.advance(milliseconds)
        monotonic.advance(milliseconds)
        store.heard(identityTime: wall.now)
    }

    func request(
        _ headers: [(name: String, value: String)] = [], method: String = "GET", path: String = "/api/v1/things",
        query: String? = nil, source: String = "192.0.2.7"
    ) -> RequestSummary {
        RequestSummary(
            method: method, scheme: "https", authority: "api.example.com", path: path, query: query, headers: headers,
            sourceAddress: source, requestID: "r1")
    }

    func bearer(_ text: String, source: String = "192.0.2.7") -> RequestSummary {
        request([("authorization", "Bearer \(text)")], source: source)
    }

    /// A signed request with a body.
    func signed(
        keyID: String = keyID, secret: [UInt8]? = nil, nonce: String = UUID().uuidString, body: String? = "{\"a\":1}",
        headers: [(name: String, value: String)] = [], created: Int64? = nil, lifetime: Int64 = 60,
        query: String? = "x=1", source: String = "192.0.2.7"
    ) throws -> RequestSummary {
        let signer = RequestSigner(keyID: keyID, secret: secret ?? signingSecret)
        let all = (body == nil ? [] : [("content-type", "application/json")]) + headers
        let url = "https://api.example.com/api/v1/things" + (query.map { "?\($0)" } ?? "")
        let added = try signer.sign(
            RequestSigner.Request(
                method: "POST", url: url, headers: all, body: body.map { Array($0.utf8) }),
            created: created ?? wall.now / 1_000, lifetime: lifetime, nonce: nonce)
        let length = body.map { [(name: "content-length", value: String($0.utf8.count))] } ?? []
        return request(
            all + length + added.map { (name: $0.name.lowercased(), value: $0.value) }, method: "POST", query: query,
            source: source)
    }

    /// An access token with these claims in the place of good ones.
    func token(
        _ claims: [String: Any] = [:], header: [String: Any] = [:], key: Curve25519.Signing.PrivateKey? = nil
    ) throws -> String {
        let now = Double(wall.now) / 1_000
        let good: [String: Any] = [
            "iss": "https://id.example", "aud": "datavault", "sub": "users/ada", "org": "acme", "sid": "s-1",
            "jti": "t-1", "iat": now, "exp": now + 600, "perms": ["things.read"],
        ]
        let head: [String: Any] = ["alg": "EdDSA", "typ": "at+jwt", "kid": "k1"]
        let parts = try [head.merging(header) { $1 }, good.merging(claims) { $1 }].map {
            Self.base64URL(try JSONSerialization.data(withJSONObject: $0))
        }
        let text = parts.joined(separator: ".")
        return text + "." + Self.base64URL(try (key ?? tokenKey).signature(for: Data(text.utf8)))
    }

    static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Asks the guard.
    func admit(_ request: RequestSummary, _ method: AdmittedMethod = method) async throws -> any Admission {
        try await guardian.admit(request, to: method)
    }

    /// What the guard refuses a request with; "" if it does not.
    func refusal(_ request: RequestSummary, _ method: AdmittedMethod = method) async -> String {
        do {
            let admission = try await admit(request, method)
            try await admission.confirm()
            _ = try admission.principal()
            return ""
        } catch {
            return Self.reason(error)
        }
    }

    /// An error's reason, with its metadata behind it.
    static func reason(_ error: any Error) -> String {
        guard let info = (error as? RPCError)?.errorInfo else { return "\(error)" }
        return ([info.reason] + info.metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
            .joined(separator: " ")
    }
}
