import Crypto
import Foundation
import Testing

@testable import Policy

/// Access tokens, and what passes itself off as one.
@Suite struct AccessTokenTests {
    private static let now: Int64 = 1_780_000_000_000
    private let key = Curve25519.Signing.PrivateKey()
    private let keys: AccessTokenKeys
    private let verifier: AccessTokenVerifier

    init() {
        keys = AccessTokenKeys(["k1": key.publicKey])
        verifier = AccessTokenVerifier(.init(trustDomain: "dv"), keys: keys)
    }

    private static func base64URL(_ bytes: some DataProtocol) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static let header = #"{"alg":"EdDSA","typ":"at+jwt","kid":"k1"}"#
    private static let claims: [String: any Sendable] = [
        "iss": "spiffe://dv/identity", "aud": "spiffe://dv/gateway", "sub": "users/ada", "org": "acme", "sid": "s1",
        "jti": "t1", "iat": 1_780_000_000.125, "exp": 1_780_000_300.125, "perms": ["notes.read", "notes.write"],
    ]

    private func sign(_ header: String, _ payload: Data, by key: Curve25519.Signing.PrivateKey? = nil) throws -> String
    {
        let signed = "\(Self.base64URL(Data(header.utf8))).\(Self.base64URL(payload))"
        return "\(signed).\(Self.base64URL(try (key ?? self.key).signature(for: Data(signed.utf8))))"
    }

    private func token(
        header: String = header, by key: Curve25519.Signing.PrivateKey? = nil,
        _ changes: [String: (any Sendable)?] = [:]
    ) throws -> String {
        var claims = Self.claims
        for (name, value) in changes { claims[name] = value }
        return try sign(header, JSONSerialization.data(withJSONObject: claims), by: key)
    }

    private func refusal(_ token: String, now: Int64 = now) -> AccessTokenVerifier.Refusal? {
        do { _ = try verifier.verify(token, now: now) } catch { return error }
        return nil
    }

    @Test func aTokenSaysWhoCalls() throws {
        let token = try verifier.verify(try token(), now: Self.now + 1_000)
        #expect(token.subject == "users/ada")
        #expect(token.user == "ada")
        #expect((token.organization, token.session, token.id, token.keyID) == ("acme", "s1", "t1", "k1"))
        #expect(token.permissions == ["notes.read", "notes.write"])
        #expect(token.issuedAt == Self.now + 125)
        #expect(token.expiresAt == Self.now + 300_125)
        // An audience among several (RFC 7519, 4.1.3).
        let several = try self.token(["aud": ["others", "spiffe://dv/gateway"]])
        #expect(refusal(several, now: Self.now + 1_000) == nil)
    }

    @Test func itsTimeIsKept() throws {
        let token = try token()
        #expect(refusal(token, now: Self.now - 4_000) == nil)
        #expect(refusal(token, now: Self.now - 5_000) == .invalid)
        #expect(refusal(token, now: Self.now + 300_124) == nil)
        #expect(refusal(token, now: Self.now + 300_125) == .expired)
    }

    /// What attackers of JWT libraries have tried since there are any.
    @Test func theAlgorithmIsNotTheTokensToChoose() throws {
        let claims = try JSONSerialization.data(withJSONObject: Self.claims)
        for header in [
            #"{"alg":"none","typ":"at+jwt","kid":"k1"}"#, #"{"alg":"None","typ":"at+jwt","kid":"k1"}"#,
            #"{"alg":"HS256","typ":"at+jwt","kid":"k1"}"#, #"{"alg":"ES256","typ":"at+jwt","kid":"k1"}"#,
            #"{"alg":"eddsa","typ":"at+jwt","kid":"k1"}"#, #"{"typ":"at+jwt","kid":"k1"}"#,
            #"{"alg":["EdDSA"],"typ":"at+jwt","kid":"k1"}"#, #"{"alg":"EdDSA","typ":"JWT","kid":"k1"}"#,
            #"{"alg":"EdDSA","kid":"k1"}"#, #"{"alg":"EdDSA","typ":"at+jwt"}"#,
            #"{"alg":"EdDSA","typ":"at+jwt","kid":"k2"}"#, #"{"alg":"EdDSA","typ":"at+jwt","kid":"../k1"}"#,
            #"{"alg":"EdDSA","typ":"at+jwt","kid":"k1","crit":["b64"],"b64":false}"#, "[]", "null", "",
        ] {
            #expect(refusal(try sign(header, claims)) == .invalid, "\(header)")
        }
        // The public key as a secret of HMAC: the confusion that broke many.
        let head = #"{"alg":"HS256","typ":"at+jwt","kid":"k1"}"#
        let signed = "\(Self.base64URL(Data(head.utf8))).\(Self.base64URL(claims))"
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(signed.utf8), using: SymmetricKey(data: key.publicKey.rawRepresentation))
        #expect(refusal("\(signed).\(Self.base64URL(Data(code)))") == .invalid)
        #expect(refusal("\(signed).") == .invalid)
    }

    @Test func keysInTheTokenAreNotUsed() throws {
        let thief = Curve25519.Signing.PrivateKey()
        let x = Self.base64URL(thief.publicKey.rawRepresentation)
        for extra in [
            #""jwk":{"kty":"OKP","crv":"Ed25519","x":"\#(x)"}"#, #""jku":"https://example.org/keys""#,
            #""x5u":"https://example.org/chain""#,
        ] {
            let header = #"{"alg":"EdDSA","typ":"at+jwt","kid":"k1",\#(extra)}"#
            #expect(refusal(try token(header: header, by: thief)) == .invalid)
        }
        #expect(refusal(try token(by: thief)) == .invalid)
    }

    @Test func claimsThatAreMissingOrOthersAreRefused() throws {
        let cases: [(String, (any Sendable)?)] = [
            ("iss", nil), ("iss", "spiffe://dv/gateway"), ("aud", nil), ("aud", "spiffe://other/gateway"),
            ("aud", [String]()), ("sub", nil), ("sub", "ada"), ("sub", "users/"), ("sub", "api-keys/1"), ("org", ""),
            ("org", nil), ("sid", ""), ("jti", nil), ("iat", nil), ("exp", nil), ("perms", nil), ("perms", "all"),
            ("exp", 1_780_000_000.0), ("exp", 1_780_003_601.0), ("exp", 1e300), ("iat", -1), ("exp", "1780000300"),
        ]
        for (name, value) in cases {
            let changed = try token([name: .some(value)])
            #expect(refusal(changed) == .invalid, "\(name): \(String(describing: value))")
        }
    }

    @Test func thereIsOneSpelling() throws {
        let token = try token()
        #expect(refusal(token) == nil)
        let parts = token.split(separator: ".").map(String.init)
        for other in [
            "", ".", "..", "...", parts[0], "\(parts[0]).\(parts[1])", token + ".", "." + token, token + "=",
            token + " ", " " + token, "\(parts[0]).\(parts[1]).\(parts[2]).\(parts[2])", "Bearer " + token,
            token.replacing("-", with: "+").replacing("_", with: "/") + "A",
            String(repeating: "A", count: 8_193), String(token.dropLast()),
        ] {
            #expect(refusal(other) == .invalid)
        }
        // The last character of a signature holds four bits that say nothing, which have to be zero.
        let last = try #require(token.last)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let index = try #require(alphabet.firstIndex(of: last))
        #expect(refusal(String(token.dropLast()) + String(alphabet[index + 1])) == .invalid)
        for position in stride(from: 0, to: token.utf8.count, by: 7) {
            var bytes = Array(token.utf8)
            bytes[position] ^= 1
            #expect(refusal(String(decoding: bytes, as: UTF8.self)) != nil)
        }
    }

    @Test func keysComeAndGo() throws {
        let token = try token()
        let generation = keys.generation
        let next = Curve25519.Signing.PrivateKey()
        keys.replace(raw: [
            (id: "k1", publicKey: key.publicKey.rawRepresentation),
            (id: "k2", publicKey: next.publicKey.rawRepresentation),
            (id: "bad", publicKey: Data([1, 2, 3])), (id: "", publicKey: next.publicKey.rawRepresentation),
        ])
        #expect(keys.count == 2)
        #expect(keys.generation > generation)
        #expect(refusal(token) == nil)
        let later = try self.token(header: #"{"alg":"EdDSA","typ":"at+jwt","kid":"k2"}"#, by: next)
        #expect(refusal(later) == nil)
        keys.replace(["k2": next.publicKey])
        #expect(refusal(token) == .invalid)
        keys.replace(raw: (0..<100).map { (id: "k\($0)", publicKey: key.publicKey.rawRepresentation) })
        #expect(keys.count == AccessTokenKeys.maximumCount)
    }

    @Test func nonsenseOfAnyKindIsRefused() {
        var generator = SystemRandomNumberGenerator()
        for size in 0..<200 {
            let bytes = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            #expect((try? verifier.verify(bytes, now: Self.now)) == nil)
            let nested = String(repeating: "[", count: size) + String(repeating: "]", count: size)
            #expect(refusal("\(Self.base64URL(Data(nested.utf8))).e30.AAAA") == .invalid)
        }
    }
}
