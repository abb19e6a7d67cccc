import Crypto
import Testing

@testable import ComplianceService

@Suite struct AuditCheckpointTests {
    private let key = Curve25519.Signing.PrivateKey()
    private var verifier: VerifierKey { VerifierKey(name: "dv/audit", publicKey: key.publicKey) }

    private func signed(origin: String = "dv/audit/organizations/acme") throws -> SignedCheckpoint {
        try SignedCheckpoint(
            origin: origin, size: 3, root: MerkleHash.leaf([1]), time: 1_795_276_800, name: "dv/audit", key: key)
    }

    @Test func isReadAsItWasSigned() throws {
        let signed = try signed()
        let read = try SignedCheckpoint(signed.text, keys: [verifier])
        #expect(read == signed)
    }

    @Test func anyChangedByteIsFound() throws {
        let (text, keys) = (Array(try signed().text.utf8), [verifier])
        for place in text.indices {
            for bit in 0..<8 {
                var other = text
                other[place] ^= UInt8(1 << bit)
                guard let changed = String(validating: other, as: UTF8.self) else { continue }
                #expect(throws: SignedCheckpoint.Failure.self) { try SignedCheckpoint(changed, keys: keys) }
            }
        }
        for other in [text + [0x0A], Array(text.dropLast()), text + text] {
            #expect(throws: SignedCheckpoint.Failure.self) {
                try SignedCheckpoint(String(decoding: other, as: UTF8.self), keys: keys)
            }
        }
    }

    @Test func anotherKeyIsNamed() throws {
        let text = try signed().text
        let other = VerifierKey(name: "dv/audit", publicKey: Curve25519.Signing.PrivateKey().publicKey)
        #expect(throws: SignedCheckpoint.Failure.otherKey("dv/audit+\(verifier.identifier)")) {
            try SignedCheckpoint(text, keys: [other])
        }
        #expect(throws: SignedCheckpoint.Failure.self) {
            try SignedCheckpoint(text, keys: [VerifierKey(name: "other/audit", publicKey: key.publicKey)])
        }
    }

    @Test func keysAreTexts() throws {
        let text = verifier.text
        #expect(VerifierKey(text) == verifier)
        #expect(VerifierKey(text + "A") == nil)
        #expect(VerifierKey("") == nil)
        #expect(VerifierKey("a+b") == nil)
        // The identifier is of name and key together.
        #expect(VerifierKey(text.replacing("dv/audit", with: "dv/other")) == nil)
    }
}
