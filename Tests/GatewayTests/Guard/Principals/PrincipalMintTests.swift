import Crypto
import Policy
import PolicyModel
import Testing

@testable import Gateway

/// Principals: signed once for many calls, and never good for others.
struct PrincipalMintTests {
    private let key = Curve25519.Signing.PrivateKey()
    private let ring = PrincipalKeyRing()
    private let method = GuardFixture.method

    private func use(_ id: String, until: Int64) {
        ring.use(PrincipalKeyRing.Entry(id: id, signer: PrincipalSigner(key: key, keyID: id), listedUntil: until))
    }

    private func caller(_ expiresAt: Int64 = .max, permissions: Set<String> = ["a.b"]) -> KnownCaller {
        KnownCaller(
            organization: "acme", subject: "users/ada", kind: .user, permissions: permissions, expiresAt: expiresAt)
    }

    @Test("One signature serves until shortly before its end; another caller, method, address or strength has its own")
    func kept() throws {
        use("k1", until: 1_000_000)
        let mint = PrincipalMint(ring)
        let ada = caller()
        let first = try mint.principal(of: ada, for: method, from: "192.0.2.1", strength: .bearer, now: 1_000)
        let same = try mint.principal(of: ada, for: method, from: "192.0.2.1", strength: .bearer, now: 45_000)
        #expect(first == same)
        let later = try mint.principal(of: ada, for: method, from: "192.0.2.1", strength: .bearer, now: 46_001)
        #expect(first != later)
        let other = GuardFixture.publicMethod
        let others = [
            try mint.principal(
                of: caller(permissions: []), for: method, from: "192.0.2.1", strength: .bearer, now: 46_001),
            try mint.principal(of: ada, for: other, from: "192.0.2.1", strength: .bearer, now: 46_001),
            try mint.principal(of: ada, for: method, from: "192.0.2.2", strength: .bearer, now: 46_001),
            try mint.principal(of: ada, for: method, from: "192.0.2.1", strength: .signed, now: 46_001),
        ]
        #expect(Set(others + [later]).count == 5)
    }

    @Test("No principal outlives its caller's credentials or a minute")
    func lifetime() throws {
        use("k1", until: 1_000_000)
        let verifier = PrincipalVerifier(
            keys: PrincipalKeys(["k1": PrincipalKeys.Key(publicKey: key.publicKey, certificateFingerprint: nil)]))
        let mint = PrincipalMint(ring)
        let short = try mint.principal(of: caller(5_000), for: method, from: "", strength: .bearer, now: 1_000)
        #expect(try verifier.verify(short, now: 1_000).principal.expiresAt == 5_000)
        let long = try mint.principal(of: caller(), for: method, from: "", strength: .bearer, now: 1_000)
        #expect(try verifier.verify(long, now: 1_000).principal.expiresAt == 61_000)
    }

    @Test("Without a listed key there is none; with a new one the old one's are not handed out")
    func keys() throws {
        let mint = PrincipalMint(ring)
        #expect(throws: PrincipalMint.Refusal.self) {
            try mint.principal(of: caller(), for: method, from: "", strength: .bearer, now: 1)
        }
        use("k1", until: 10_000)
        let ada = caller()
        let first = try mint.principal(of: ada, for: method, from: "", strength: .bearer, now: 1_000)
        use("k2", until: 100_000)
        let second = try mint.principal(of: ada, for: method, from: "", strength: .bearer, now: 1_000)
        #expect(first != second)
        #expect(throws: PrincipalMint.Refusal.self) {
            try mint.principal(of: ada, for: method, from: "", strength: .bearer, now: 100_000)
        }
    }

    @Test("More permissions than a principal holds is an error, and no principal that services would refuse")
    func tooLarge() {
        use("k1", until: 10_000_000)
        let many = caller(permissions: Set((0..<2_000).map { "permission.number_\($0)" }))
        #expect(throws: PrincipalMint.Refusal.self) {
            try PrincipalMint(ring).principal(of: many, for: method, from: "", strength: .bearer, now: 1)
        }
    }
}
