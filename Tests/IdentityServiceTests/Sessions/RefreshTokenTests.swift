import Crypto
import Foundation
import Testing

@testable import IdentityService

/// Refresh tokens as values.
@Suite struct RefreshTokenTests {
    private let keys = RefreshToken.Keys(rootKey: SymmetricKey(data: Data(repeating: 1, count: 32)))
    private let others = RefreshToken.Keys(rootKey: SymmetricKey(data: Data(repeating: 2, count: 32)))
    private let session = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

    private func token(_ byte: UInt8 = 5) -> RefreshToken {
        RefreshToken.first(session: session, random: [UInt8](repeating: byte, count: 32))
    }

    @Test func aTokenIsReadAsItWasWritten() throws {
        let text = token().text(keys)
        #expect(text.hasPrefix("dv_rt_"))
        #expect(text.utf8.count == RefreshToken.length)
        let read = try #require(RefreshToken(text, keys))
        #expect(read == token())
        #expect(read.session == session)
        #expect(RefreshToken(text, others) == nil)
    }

    @Test func successorsFollowFromTheirPredecessor() throws {
        let successor = token().successor(keys)
        #expect(successor == token().successor(keys))
        #expect(successor.session == session)
        #expect(successor != token())
        #expect(successor != token(6).successor(keys))
        #expect(successor != token().successor(others))
        #expect(try #require(RefreshToken(successor.text(keys), keys)) == successor)
    }

    @Test func hashesTellTokensApart() {
        #expect(token().hash(keys).count == 32)
        #expect(token().hash(keys) != token(6).hash(keys))
        #expect(token().hash(keys) != token().hash(others))
    }

    @Test func noOtherSpellingIsRead() {
        let text = Array(token().text(keys))
        for index in text.indices {
            var changed = text
            changed[index] = changed[index] == "a" ? "b" : "a"
            #expect(RefreshToken(String(changed), keys) == nil)
        }
        for other in ["", "dv_rt_", String(text) + " ", " " + String(text), String(text).lowercased()] {
            #expect(RefreshToken(other, keys) == nil)
        }
    }

    @Test func base62HoldsAllBytes() throws {
        for byte in [UInt8(0), 1, 127, 128, 255] {
            let bytes = [UInt8](repeating: byte, count: 64)
            #expect(Base62.decode(Base62.encode(bytes).utf8) == bytes)
        }
        // 2^64 does not fit in 8 bytes.
        #expect(Base62.decode("LygHa16AHYG".utf8) == nil)
        #expect(Base62.decode("LygHa16AHYF".utf8) == [UInt8](repeating: 255, count: 8))
        #expect(Base62.decode("abc".utf8) == nil)
        // The check value of CRC-32: cbf43926 of "123456789".
        #expect(Base62.checksum("123456789").utf8.count == 6)
        #expect(
            0xCBF4_3926 == Base62.decode(("00000" + Base62.checksum("123456789")).utf8)?.reduce(0) { $0 << 8 | Int($1) }
        )
    }
}
