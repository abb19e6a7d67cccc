import Crypto
import Testing

@testable import ComplianceService

@Suite struct AuditLeafTests {
    static let key = SymmetricKey(data: Array(0..<32))

    /// The leaf whose bytes docs/audit.md shows.
    static func example() throws -> AuditLeaf {
        AuditLeaf(
            source: "identity", sequence: 42, time: 1_795_276_800_000_001, loggedAt: 1_795_276_800_250_000,
            organization: "6f1c3f8e-0f0a-4c53-8d2a-9a3f3f1f7f10", action: "user.update",
            actor: "users/0b0c7a52-7e0e-4a44-9d55-1f2d3c4b5a69", resource: "users/0b0c7a52-7e0e-4a44-9d55-1f2d3c4b5a69",
            outcome: .denied(code: "PERMISSION_DENIED", reason: "PERMISSION_MISSING"), requestID: "req-1",
            before: "a", after: "ä",
            personal: [
                try SealedPersonalValue(
                    name: "source_address", subject: "users/0b0c7a52-7e0e-4a44-9d55-1f2d3c4b5a69",
                    value: "192.0.2.7", organization: "6f1c3f8e-0f0a-4c53-8d2a-9a3f3f1f7f10",
                    keyID: Array(0x40..<0x50), key: key, salt: Array(0x80..<0xA0), nonce: Array(0x60..<0x6C))
            ])
    }

    /// As docs/audit.md and Tests/EndToEnd/merkle.py have it.
    static let exampleHex = """
        0100086964656e74697479000000000000002a000660cb73f00001000660cb73f3d090002436663163336638652d3066
        30612d346335332d386432612d396133663366316637663130000b757365722e757064617465002a75736572732f3062
        3063376135322d376530652d346134342d396435352d3166326433633462356136390000002a75736572732f30623063
        376135322d376530652d346134342d396435352d3166326433633462356136390100115045524d495353494f4e5f4445
        4e49454400125045524d495353494f4e5f4d495353494e4700057265712d310001610002c3a40001000e736f75726365
        5f61646472657373002a75736572732f30623063376135322d376530652d346134342d396435352d3166326433633462
        35613639404142434445464748494a4b4c4d4e4f27815d20fbd8e74a8cd5ee4e5704693f0569f199946483eb0be290eb
        384214ee0045606162636465666768696a6b6a5a19d63fc505e8f49f73a0fe004fccb6e41b1a10f1a44e3b381af7e06f
        699783a00ad6942527880c8bfc6e5ce7e9aa4ef7cb4ed2cbbee3f0
        """

    @Test func theExampleIsWrittenAsDocumented() throws {
        let bytes = try Self.example().encoded()
        #expect(Hexadecimal.text(bytes) == Self.exampleHex.filter { !$0.isWhitespace })
        #expect(try AuditLeaf(bytes) == Self.example())
    }

    @Test func leavesHaveOneForm() throws {
        let bytes = try Self.example().encoded()
        for count in 0..<bytes.count {
            let part = Array(bytes.prefix(count))
            #expect(throws: LeafError.truncated) { try AuditLeaf(part) }
        }
        #expect(throws: LeafError.excess) { try AuditLeaf(bytes + [0]) }
        #expect(throws: LeafError.unknownVersion(2)) { try AuditLeaf([2] + bytes.dropFirst()) }
        for place in bytes.indices {
            var other = bytes
            other[place] ^= 0x80
            // What can still be read says something else.
            if let leaf = try? AuditLeaf(other) { #expect(try leaf.encoded() == other) }
        }
    }

    @Test func whatIsTooLongHasNoLeaf() throws {
        var leaf = try Self.example()
        leaf.after = String(repeating: "x", count: 65_536)
        #expect(throws: LeafError.tooLong(field: "after")) { try leaf.encoded() }
    }

    @Test func aPersonalValueOpensWithItsKeyAndAtItsPlaceOnly() throws {
        let leaf = try Self.example()
        let value = leaf.personal[0]
        let opened = try #require(value.opened(organization: leaf.organization, key: Self.key))
        #expect(String(decoding: opened.value, as: UTF8.self) == "192.0.2.7")
        #expect(value.isOpened(by: opened))
        #expect(!value.isOpened(by: OpenedPersonalValue(salt: opened.salt, value: Array("192.0.2.8".utf8))))
        #expect(!value.isOpened(by: OpenedPersonalValue(salt: [], value: opened.value)))
        #expect(value.opened(organization: "other", key: Self.key) == nil)
        #expect(value.opened(organization: leaf.organization, key: SymmetricKey(size: .bits256)) == nil)
        for place in value.ciphertext.indices {
            var ciphertext = value.ciphertext
            ciphertext[place] ^= 1
            let other = SealedPersonalValue(
                name: value.name, subject: value.subject, keyID: value.keyID, commitment: value.commitment,
                ciphertext: ciphertext)
            #expect(other.opened(organization: leaf.organization, key: Self.key) == nil)
        }
    }

    /// A repetition is known by what the source said, and what tells of persons leaves no trace in that.
    @Test func eventsAreToldApartWithoutWhatTellsOfPersons() throws {
        func digest(_ value: String, action: String = "a", name: String = "source_address") throws -> Int64 {
            try AuditFixture.event(
                1, action: action, personal: [.init(name: name, subject: "users/1", value: value)]
            ).digest
        }
        #expect(try digest("192.0.2.7") == digest("192.0.2.8"))
        #expect(try digest("192.0.2.7") != digest("192.0.2.7", action: "b"))
        #expect(try digest("192.0.2.7") != digest("192.0.2.7", name: "other"))
    }
}
