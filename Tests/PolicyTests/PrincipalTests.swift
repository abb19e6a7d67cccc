import Crypto
import PolicyContract
import SwiftProtobuf
import Testing

@testable import Policy
@testable import PolicyModel

/// Signing and verifying, and what is remembered of it.
@Suite struct PrincipalTests {
    let key = Curve25519.Signing.PrivateKey()
    var keys: PrincipalKeys {
        PrincipalKeys(["one": PrincipalKeys.Key(publicKey: key.publicKey, certificateFingerprint: "f")])
    }

    private func sign(_ principal: VerifiedPrincipal, keyID: String = "one") throws -> [UInt8] {
        try PrincipalSigner(key: key, keyID: keyID).sign(principal)
    }

    private func refusal(_ token: [UInt8], now: Int64 = startOfTests) -> PrincipalVerifier.Refusal? {
        do throws(PrincipalVerifier.Refusal) {
            _ = try PrincipalVerifier(keys: keys).verify(token, now: now)
            return nil
        } catch {
            return error
        }
    }

    @Test func everythingArrives() throws {
        let sent = principal()
        let verdict = try PrincipalVerifier(keys: keys).verify(sign(sent), now: startOfTests)
        let got = verdict.principal
        #expect(verdict.certificateFingerprints == ["f"])
        #expect((got.organization, got.subject, got.kind) == (sent.organization, sent.subject, sent.kind))
        #expect((got.permissions, got.sourceAddress) == (sent.permissions, sent.sourceAddress))
        #expect((got.strength, got.audience, got.method) == (sent.strength, sent.audience, sent.method))
        #expect((got.issuedAt, got.expiresAt, got.keyID) == (sent.issuedAt, sent.expiresAt, "one"))
    }

    @Test func anyFlippedBitIsRefused() throws {
        let token = try sign(principal())
        for index in token.indices {
            var wrong = token
            wrong[index] ^= 0x10
            #expect(refusal(wrong) != nil, "byte \(index)")
        }
    }

    @Test func anyShorterTokenIsRefused() throws {
        let token = try sign(principal())
        for count in 0..<token.count { #expect(refusal(Array(token.prefix(count))) == .invalid) }
    }

    @Test func unknownKeyIsRefused() throws { #expect(refusal(try sign(principal(), keyID: "two")) == .invalid) }

    @Test func signatureOfAnotherUseIsRefused() throws {
        var signed = Datavault_Policy_V1_SignedPrincipal()
        signed.keyID = "one"
        signed.principal = try PrincipalToken.encode(principal())
        signed.signature = try key.signature(for: signed.principal)
        #expect(refusal(try signed.serializedBytes()) == .invalid)
    }

    @Test(
        arguments: [
            (-5_001, PrincipalVerifier.Refusal.expired), (-5_000, nil), (0, nil), (59_999, nil), (60_000, .expired),
        ] as [(Int64, PrincipalVerifier.Refusal?)]) func time(offset: Int64, expected: PrincipalVerifier.Refusal?)
        throws
    {
        #expect(refusal(try sign(principal()), now: startOfTests + offset) == expected)
    }

    @Test(arguments: [60_001, 0, -1, .max] as [Int64]) func lifetimeIsBounded(lifetime: Int64) throws {
        #expect(refusal(try sign(principal(lifetime: lifetime))) == .invalid)
        #expect(refusal(try sign(principal(issuedAt: .min, lifetime: lifetime))) == .invalid)
    }

    @Test func sizeIsBounded() throws {
        let many = Set((0..<2_000).map { "permission.number\($0)" })
        #expect(refusal(try sign(principal(permissions: many))) == .invalid)
    }

    /// Bytes that protobuf skips change a token and not its principal: each is verified anew, and within the same bounds.
    @Test func otherFormsOfATokenAreNoWayAroundAnything() throws {
        let verifier = PrincipalVerifier(keys: keys, cacheSize: 4)
        let token = try sign(principal())
        for number in UInt8(0)..<40 {
            // A field that the message does not have.
            let verdict = try verifier.verify(token + [0x78, number], now: startOfTests)
            #expect(verdict.principal.subject == "users/ada")
            #expect(verifier.rememberedCount <= 8)
        }
        #expect(refusal(token + [0x78]) == .invalid)
        #expect(refusal(token + token + [0x78, 1]) == nil)
        // Of two keys the last counts; the signature is the first one's.
        let other = try sign(principal(), keyID: "two")
        #expect(refusal(token + other) == .invalid)
    }

    @Test func hugeTokensAreNotLookedAt() throws {
        let verifier = PrincipalVerifier(keys: keys)
        let padding = [0x7A, 0xFF, 0x7F] + [UInt8](repeating: 0, count: 16_383)
        #expect(throws: PrincipalVerifier.Refusal.invalid) {
            try verifier.verify(try sign(principal()) + padding, now: startOfTests)
        }
        #expect(verifier.rememberedCount == 0)
    }

    @Test func verdictsAreRememberedWithinBounds() throws {
        let verifier = PrincipalVerifier(keys: keys, cacheSize: 4)
        let tokens = try (0..<40).map { try sign(principal(method: "/a.B/C\($0)")) }
        for token in tokens {
            _ = try verifier.verify(token, now: startOfTests)
            #expect(verifier.rememberedCount <= 8)
        }
        _ = try verifier.verify(tokens[39], now: startOfTests)
        #expect(verifier.rememberedCount <= 8)
    }

    @Test func rememberedPrincipalExpires() throws {
        let verifier = PrincipalVerifier(keys: keys)
        let token = try sign(principal())
        _ = try verifier.verify(token, now: startOfTests)
        #expect(throws: PrincipalVerifier.Refusal.expired) { try verifier.verify(token, now: startOfTests + 60_000) }
    }

    @Test func withdrawnKeyIsForgotten() throws {
        let keys = keys
        let verifier = PrincipalVerifier(keys: keys)
        let token = try sign(principal())
        _ = try verifier.verify(token, now: startOfTests)
        keys.replace(with: [:])
        #expect(throws: PrincipalVerifier.Refusal.invalid) { try verifier.verify(token, now: startOfTests) }
    }

    @Test func rolesAreTheContracts() {
        let all = Datavault_Policy_V1_Role.allCases.filter { $0 != .unspecified }
        #expect(all.compactMap(Role.init) == Role.allCases)
        #expect(Role.allCases.map(Datavault_Policy_V1_Role.init) == all)
    }
}
