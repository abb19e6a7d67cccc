import Crypto
import Testing

@testable import ComplianceService

/// Exports as a verifier gets them: whatever is done to one is found, and named.
@Suite struct AuditExportTests {
    private static let key = Curve25519.Signing.PrivateKey()
    static let verifier = VerifierKey(name: "dv/audit", publicKey: key.publicKey)

    static func leaf(_ index: Int64, organization: String = "acme") throws -> AuditLeaf {
        AuditLeaf(
            source: "identity", sequence: index + 1, time: index, loggedAt: index / 2, organization: organization,
            action: "a", actor: "users/\(index % 3)",
            personal: [
                try SealedPersonalValue(
                    name: "source_address", subject: "users/\(index % 3)", value: "192.0.2.\(index)",
                    organization: organization, keyID: Array(repeating: 1, count: 16), key: AuditLeafTests.key,
                    salt: Array(repeating: UInt8(index), count: 32), nonce: Array(repeating: UInt8(index), count: 12))
            ])
    }

    /// The lines of an export of a log.
    static func lines(
        _ range: Range<Int64> = 0..<5, size: Int64 = 5, organization: String = "acme", opened: Bool = true
    ) throws -> [String] {
        let leaves = try (0..<size).map { try leaf($0, organization: organization) }
        let hashes = try leaves.map { MerkleHash.leaf(try $0.encoded()) }
        func hash(_ node: MerkleNode) -> [UInt8] { MerkleTile.perfect(hashes[Int(node.start)..<Int(node.end)]) }
        let (before, after) = MerkleProof.beside(range, size: size)
        let root = MerkleProof.root(size: size)
        let origin = "dv/audit/organizations/\(organization)"
        let signed = try SignedCheckpoint(
            origin: origin, size: size, root: root.answer(root.nodes.map(hash))[0], time: 9, name: "dv/audit", key: key)
        let head = ExportLine.Head(
            origin: origin, first: range.lowerBound, end: range.upperBound, size: size, before: before.map(hash),
            after: after.map(hash))
        let entries = try range.map { index -> ExportLine in
            let leaf = leaves[Int(index)]
            let values = leaf.personal.map {
                opened ? $0.opened(organization: organization, key: AuditLeafTests.key) : nil
            }
            return .entry(.init(index: index, leaf: try leaf.encoded(), opened: values))
        }
        return ([.head(head)] + entries + [.checkpoint(signed.text)]).map(\.text)
    }

    static func verify(_ lines: [String]) throws(ExportVerifier.Failure) -> ExportVerifier.Report {
        var verifier = ExportVerifier(keys: [verifier])
        for line in lines { try verifier.take(line) }
        return try verifier.report()
    }

    private func problem(_ lines: [String]) -> String {
        do throws(ExportVerifier.Failure) {
            _ = try Self.verify(lines)
            return ""
        } catch { return error.description }
    }

    @Test func wholeLogsAndPartsHold() throws {
        for size in Int64(0)...9 {
            for first in 0...size {
                for end in first...size {
                    let report = try Self.verify(try Self.lines(first..<end, size: size))
                    #expect(report.size == size)
                    #expect(report.opened == Int(end - first))
                }
            }
        }
        let masked = try Self.verify(try Self.lines(opened: false))
        #expect(masked.opened == 0 && masked.personal == 5)
    }

    @Test func anyChangedByteIsFound() throws {
        let lines = try Self.lines(1..<3, size: 4)
        for (index, line) in lines.enumerated() {
            let bytes = Array(line.utf8)
            for place in bytes.indices {
                for mask in [UInt8(1), 0x20, 0x80] {
                    var other = bytes
                    other[place] ^= mask
                    var changed = lines
                    guard let text = String(validating: other, as: UTF8.self) else { continue }
                    changed[index] = text
                    #expect(throws: ExportVerifier.Failure.self) { try Self.verify(changed) }
                }
            }
        }
    }

    @Test func whatIsMissingOrMovedIsNamed() throws {
        let lines = try Self.lines()
        for place in 1...5 {
            var dropped = lines
            dropped.remove(at: place)
            #expect(problem(dropped).contains(place == 5 ? "are missing" : "entry \(place - 1) is missing"))
        }
        var swapped = lines
        swapped.swapAt(2, 3)
        #expect(problem(swapped) == "line 3: entry 1 is missing, or entries change places: 2 stands here")
        #expect(problem(Array(lines.dropLast())).contains("ends before its checkpoint"))
        #expect(problem([]).contains("ends before its checkpoint"))
        #expect(problem(Array(lines.dropFirst())).contains("the head is missing"))
        #expect(problem(lines + [lines[1]]).contains("behind the checkpoint"))
        #expect(problem([lines[0]] + lines).contains("second head"))
        #expect(problem(Array(lines.prefix(3)) + Array(lines[2...])).contains("stands where 2 belongs"))
    }

    @Test func partsOfOtherLogsAreFound() throws {
        let (lines, other) = (try Self.lines(), try Self.lines(organization: "globex"))
        #expect(problem([lines[0], other[1]] + lines[2...]).contains("another organization"))
        #expect(problem(Array(lines.dropLast()) + [other[6]]).contains("the checkpoint is of the log"))
        // An older checkpoint of the same log is not this tree's.
        let older = try Self.lines(0..<3, size: 3)
        #expect(problem(Array(lines.dropLast()) + [older[4]]).contains("the checkpoint is of 3 entries"))
        // Entries of another history under the same numbers.
        let forged = try Self.lines(0..<5, size: 6)
        #expect(problem([lines[0]] + Array(lines[1...4]) + [forged[1], lines[6]]) != "")
    }

    /// Whoever holds the key can sign another history; who has kept a checkpoint finds it.
    @Test func historiesThatWereSignedAnewAreFoundByEarlierCheckpoints() throws {
        func checkpoint(_ lines: [String]) throws -> SignedCheckpoint {
            guard case .checkpoint(let text) = ExportLine(try #require(lines.last)) else { throw LeafError.truncated }
            return try SignedCheckpoint(text, keys: [Self.verifier])
        }
        func take(_ lines: [String], _ earlier: SignedCheckpoint) throws -> ExportVerifier.Report {
            var verifier = ExportVerifier(keys: [Self.verifier], earlier: [earlier])
            for line in lines { try verifier.take(line) }
            return try verifier.report()
        }
        for size in Int64(0)...5 {
            let report = try take(try Self.lines(), try checkpoint(try Self.lines(0..<size, size: size)))
            #expect(report.continued == 1 && report.unchecked == 0)
        }
        let report = try take(try Self.lines(2..<4), try checkpoint(try Self.lines(0..<1, size: 1)))
        #expect(report.continued == 0 && report.unchecked == 1)
        let whole = try take(try Self.lines(2..<4), try checkpoint(try Self.lines()))
        #expect(whole.continued == 1)
        let longer = try checkpoint(try Self.lines(0..<6, size: 6))
        #expect(throws: ExportVerifier.Failure.self) { try take(try Self.lines(), longer) }
        let other = try checkpoint(try Self.lines(organization: "globex"))
        #expect(throws: ExportVerifier.Failure.self) { try take(try Self.lines(), other) }
        let forged = try SignedCheckpoint(
            origin: "dv/audit/organizations/acme", size: 3, root: MerkleHash.leaf([9]), time: 1, name: "dv/audit",
            key: Self.key)
        #expect(throws: ExportVerifier.Failure.self) { try take(try Self.lines(), forged) }
    }

    @Test func anotherKeysExportIsRefused() throws {
        var verifier = ExportVerifier(keys: [
            VerifierKey(name: "dv/audit", publicKey: Curve25519.Signing.PrivateKey().publicKey)
        ])
        let lines = try Self.lines()
        #expect(throws: ExportVerifier.Failure.self) { for line in lines { try verifier.take(line) } }
    }
}
