import Crypto
import Foundation
import Policy
import Testing

@testable import ServiceKit

@Suite struct RootKeyRingTests {
    private let first = SymmetricKey(size: .bits256)
    private let second = SymmetricKey(size: .bits256)
    private let third = SymmetricKey(size: .bits256)

    private func again(_ ring: RootKeyRing) throws -> RootKeyRing { try #require(RootKeyRing.parse(ring.text)) }

    @Test func aFileOfOneKeyIsAsItAlwaysWas() throws {
        let ring = RootKeyRing(first)
        #expect(ring.text == "\(RootKey.text(of: first))\n")
        #expect(try again(ring).current == first)
        #expect(try again(ring).stage == .settled)
        #expect(
            ring.hashKey("datavault hashes of API keys, v1")
                == RootKey.derive("datavault hashes of API keys, v1", from: first))
    }

    @Test func aRotationGoesThroughItsStagesAndKeepsTheKeysOfHashes() throws {
        let announced = try again(RootKeyRing(first).announcing(second))
        #expect(announced.stage == .announced && announced.current == first && announced.others == [second])
        let rotated = try again(try #require(announced.rotating()))
        #expect(rotated.stage == .rotated && rotated.current == second && rotated.others == [first])
        #expect(rotated.rotating(third) == nil)
        let settled = try again(rotated.settled)
        #expect(settled.stage == .settled && settled.current == second && settled.others.isEmpty)
        #expect(!settled.text.contains(String(RootKey.text(of: first).dropFirst(RootKey.prefix.count))))
        let twice = try again(try #require(settled.rotating(third)))
        for ring in [announced, rotated, settled, twice] {
            for purpose in RootKeyRing.hashPurposes {
                // The first root key's, whatever seals.
                #expect(ring.text.contains(":\(purpose)"))
            }
            #expect(
                ring.hashKey("datavault tags of refresh tokens, v1")
                    == RootKey.derive("datavault tags of refresh tokens, v1", from: first))
        }
    }

    @Test func eachStageOpensWhatTheOthersSeal() throws {
        func sealer(_ ring: RootKeyRing) -> Sealer { Sealer("tests, v1", rootKey: ring.current, former: ring.others) }
        let announced = RootKeyRing(first).announcing(second)
        let rotated = try #require(announced.rotating())
        let (text, place) = (Array("secret".utf8), ["here"])
        let stages = [(RootKeyRing(first), announced), (announced, rotated), (rotated, rotated.settled)]
        for (earlier, later) in stages.prefix(2) {
            // Instances of two neighbouring stages run side by side.
            #expect(try sealer(later).open(try sealer(earlier).seal(text, at: place), at: place) == text)
            #expect(try sealer(earlier).open(try sealer(later).seal(text, at: place), at: place) == text)
        }
        let old = try sealer(announced).seal(text, at: place)
        let new = try #require(try sealer(rotated).reseal(old, at: place))
        #expect(try sealer(rotated).reseal(new, at: place) == nil)
        #expect(old.starts(with: Sealer.head(of: first)) && new.starts(with: Sealer.head(of: second)))
        #expect(try sealer(rotated.settled).open(new, at: place) == text)
        #expect(throws: Sealer.Failure.self) { try sealer(rotated.settled).open(old, at: place) }
    }

    @Test func whatIsNoRingIsRefused() throws {
        let rotated = try #require(RootKeyRing(first).rotating(second)).text
        let lines = rotated.split(separator: "\n").map(String.init)
        let wrong = [
            "", lines[1], lines[0] + "\nx\n", (lines + [lines[1]]).joined(separator: "\n"),
            (lines + [lines[2]]).joined(separator: "\n"), lines.dropLast().joined(separator: "\n"),
            lines.prefix(2).joined(separator: "\n"), rotated.replacingOccurrences(of: "API keys", with: "other keys"),
        ]
        for text in wrong { #expect(RootKeyRing.parse(text) == nil, "\(text)") }
    }

    /// Each step is a file that is whole, and can be gone on with.
    @Test func aFileIsRotatedStepByStep() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ring-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = "\(folder)/root.key"
        try await RootKey.create(file: file)
        let rotation = RootKeyRotation(file: file)
        let begun = try rotation.ring().current
        _ = try await rotation.announce()
        #expect(try rotation.ring().stage == .announced)
        _ = try await rotation.rotate()
        #expect(try rotation.ring().others == [begun])
        await #expect(throws: KeyError.self) { _ = try await rotation.rotate() }
        _ = try await rotation.settle()
        #expect(try rotation.ring().stage == .settled)
        #expect(try rotation.ring().current != begun)
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }
}
