import Crypto
import Testing

@testable import ServiceKit

@Suite struct SealerTests {
    private let root = SymmetricKey(size: .bits256)
    private let text = Array("a secret".utf8)

    @Test func whatIsSealedOpensInItsPlace() throws {
        let sealer = Sealer("tests, v1", rootKey: root)
        let sealed = try sealer.seal(text, at: ["a", "b"])
        #expect(sealed.count == text.count + Sealer.overhead)
        let opened = try sealer.open(sealed, at: ["a", "b"])
        #expect(opened == text)
        // No two texts look the same, not even of one secret.
        let again = try sealer.seal(text, at: ["a", "b"])
        #expect(sealed != again)
    }

    @Test(arguments: [["a"], ["b", "a"], ["ab"], ["a", "b", ""], ["a", "", "b"], ["ab", ""], []])
    func noOtherPlaceOpensIt(_ place: [String]) throws {
        let sealer = Sealer("tests, v1", rootKey: root)
        let sealed = try sealer.seal(text, at: ["a", "b"])
        #expect(throws: Sealer.Failure.damaged) { try sealer.open(sealed, at: place) }
    }

    @Test func eachChangedByteIsNoticed() throws {
        let sealer = Sealer("tests, v1", rootKey: root)
        let sealed = try sealer.seal(text, at: ["a"])
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(throws: Sealer.Failure.self) { try sealer.open(changed, at: ["a"]) }
        }
        for length in 0..<sealed.count {
            #expect(throws: Sealer.Failure.self) { try sealer.open(Array(sealed.prefix(length)), at: ["a"]) }
        }
    }

    @Test func anotherPurposeDoesNotOpenIt() throws {
        let sealed = try Sealer("tests, v1", rootKey: root).seal(text, at: ["a"])
        #expect(throws: Sealer.Failure.damaged) { try Sealer("others, v1", rootKey: root).open(sealed, at: ["a"]) }
    }

    @Test func aFormerRootKeyOpensAndSealsNoMore() throws {
        let sealed = try Sealer("tests, v1", rootKey: root).seal(text, at: ["a"])
        let next = SymmetricKey(size: .bits256)
        let both = Sealer("tests, v1", rootKey: next, former: [root])
        let opened = try both.open(sealed, at: ["a"])
        #expect(opened == text)
        let alone = Sealer("tests, v1", rootKey: next)
        #expect(throws: Sealer.Failure.unknownRootKey(RootKey.identifier(of: root))) {
            try alone.open(sealed, at: ["a"])
        }
        let new = try both.seal(text, at: ["a"])
        let read = try alone.open(new, at: ["a"])
        #expect(read == text)
        #expect(RootKey.identifier(of: root).count == 16)
    }
}
