import Crypto
import Foundation
import IdentityContract
import Testing

@testable import Policy
@testable import ServiceKit

/// What of Identity's lists is believed.
@Suite struct PrincipalKeyListTests {
    private let one = Curve25519.Signing.PrivateKey().publicKey.rawRepresentation
    private let two = Curve25519.Signing.PrivateKey().publicKey.rawRepresentation

    private func told(
        _ keys: [(id: String, key: Data, fingerprint: String, end: Int64)]
    ) -> Datavault_Identity_V1_PrincipalKeys {
        var message = Datavault_Identity_V1_PrincipalKeys()
        message.keys = keys.map { key in
            var listed = Datavault_Identity_V1_PrincipalKey()
            (listed.id, listed.publicKey) = (key.id, key.key)
            (listed.certificateFingerprint, listed.expiresAtMs) = (key.fingerprint, key.end)
            return listed
        }
        return message
    }

    @Test func aHeartbeatIsNothingNew() {
        var list = PrincipalKeyList()
        #expect(!list.hasHeard)
        let changes = [told([("a", one, "f", 10)]), told([("a", one, "f", 10)]), told([])].map {
            list.take($0, now: 1, maximum: 9)
        }
        #expect(changes == [true, false, true])
        #expect(list.hasHeard)
    }

    @Test func aKeyGoesWithAllCertificatesThatItIsListedWith() {
        var list = PrincipalKeyList()
        _ = list.take(told([("a", one, "f", 10), ("a", one, "g", 20), ("b", two, "", 20)]), now: 1, maximum: 9)
        #expect(list.keys["a"]?.certificateFingerprints == ["f", "g"])
        #expect(list.keys["b"]?.certificateFingerprints == nil)
        #expect(list.keys.count == 2)
        let expired = [list.expire(now: 10), list.expire(now: 10)]
        #expect(expired == [true, false])
        #expect(list.keys["a"]?.certificateFingerprints == ["g"])
    }

    @Test func whatIsNoKeyOrHasEndedIsLeftOut() {
        var list = PrincipalKeyList()
        _ = list.take(
            told([
                ("a", Data([1, 2]), "f", 10), ("", one, "f", 10), ("c", one, "f", 1),
                // One name for two keys.
                ("d", one, "f", 10), ("d", two, "f", 10),
            ]), now: 1, maximum: 9)
        #expect(list.keys.isEmpty)
    }

    @Test func soManyAreTaken() {
        var list = PrincipalKeyList()
        _ = list.take(told((0..<20).map { ("\($0)", one, "f", 10) }), now: 1, maximum: 5)
        #expect(list.keys.count == 5)
    }
}
