import Testing
import Wire

@testable import IdentityService

@Suite struct AllowedNetworksTests {
    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("192.0.2.0/24", "192.0.2.0/24"), ("0.0.0.0/0", "0.0.0.0/0"),
        ("192.0.2.7/32", "192.0.2.7"), ("2001:DB8:0:0::/32", "2001:db8::/32"), ("::1", "::1"),
        ("2001:db8::fe/127", "2001:db8::fe/127"), ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
    ])
    func blocksAreKeptInOneForm(_ text: String, _ canonical: String) throws {
        #expect(try AllowedNetworks.canonical([text], field: "n") == [canonical])
    }

    @Test(arguments: [
        "", "/", "1.2.3", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/+8", "1.2.3.4/", "1.2.3.4/8/8", "::/129", "host",
        "1.2.3.4 ", "1.2.3.4\u{0}", "01.2.3.4/8x",
    ])
    func othersAreRefused(_ text: String) {
        #expect(
            throws: IdentityError.networkInvalid(field: "networks[1]", problem: "must be an address or a CIDR block")
        ) { try AllowedNetworks.canonical(["::1", text], field: "networks") }
    }

    /// They were dropped once: whoever wrote `10.1.2.3/8` and meant the address let sixteen million others in.
    @Test(arguments: [
        ("10.1.2.3/8", "10.0.0.0/8", "10.1.2.3"), ("2001:db8::ff/127", "2001:db8::fe/127", "2001:db8::ff"),
    ])
    func bitsBeyondThePrefixAreRefused(_ text: String, _ block: String, _ address: String) throws {
        let error = try #require(throws: IdentityError.self) { try AllowedNetworks.canonical([text], field: "n") }
        guard case .networkInvalid("n[0]", let problem) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(problem.contains("the block \(block) or the address \(address)"))
        #expect(error.rpcError.message.contains(block))
    }

    @Test func repetitionsGo() throws {
        #expect(
            try AllowedNetworks.canonical(["10.0.0.0/8", "10.0.0.0/8", "::ffff:10.0.0.0/104"], field: "n")
                == ["10.0.0.0/8"])
    }
}

@Suite struct PageTokenTests {
    private let place = PageToken(time: 1_780_000_000_000_001, id: "0f8fad5b-d9cb-469f-a165-70867728950e")

    @Test func aTokenComesBack() throws {
        let text = place.text(for: ["users", "acme", ""])
        #expect(try PageToken.read(text, for: ["users", "acme", ""]) == place)
        #expect(try PageToken.read("", for: ["users"]) == nil)
        #expect(text.utf8.count <= 200)
        #expect(!text.contains("acme"))
    }

    @Test func aTokenIsGoodForItsRequestOnly() {
        let text = place.text(for: ["users", "acme", ""])
        for other in [["users", "globex", ""], ["users", "acme", "x"], ["members", "acme", ""], ["users", "acme"]] {
            #expect(throws: IdentityError.pageTokenInvalid) { try PageToken.read(text, for: other) }
        }
    }

    @Test func partsAreKeptApart() {
        let text = place.text(for: ["a", "bc"])
        #expect(throws: IdentityError.pageTokenInvalid) { try PageToken.read(text, for: ["ab", "c"]) }
    }

    @Test(arguments: ["x", "====", "AAAA", "🙂", "AQ", String(repeating: "A", count: 199)])
    func otherTextsAreNone(_ text: String) {
        #expect(throws: IdentityError.pageTokenInvalid) { try PageToken.read(text, for: ["users"]) }
    }

    @Test func aCutOrChangedTokenIsNoneOrAnotherPlace() throws {
        let text = place.text(for: ["users"])
        for cut in 1..<20 {
            #expect(throws: IdentityError.pageTokenInvalid) {
                try PageToken.read(String(text.prefix(cut)), for: ["users"])
            }
        }
    }
}

@Suite struct UpdateMaskTests {
    private func mask(_ paths: [String], set: Set<String> = []) throws(IdentityError) -> UpdateMask {
        try UpdateMask(paths, changeable: ["a", "b"]) { set.contains($0) }
    }

    @Test func noMaskMeansWhatIsSet() throws {
        let mask = try mask([], set: ["b"])
        #expect(!mask.contains("a"))
        #expect(mask.contains("b"))
    }

    @Test func aStarMeansAll() throws {
        let mask = try mask(["*"])
        #expect(mask.contains("a") && mask.contains("b"))
    }

    @Test func namesAndEtagsChangeNothing() throws {
        let mask = try mask(["name", "etag", "a"])
        #expect(mask.contains("a") && !mask.contains("b") && !mask.contains("name"))
    }

    @Test(arguments: ["create_time", "a.b", "", "A", "**"])
    func othersAreRefused(_ path: String) {
        #expect(throws: IdentityError.fieldImmutable(path)) { try mask(["a", path]) }
    }

    @Test func aStarStandsAlone() {
        #expect(throws: IdentityError.fieldImmutable("*")) { try mask(["*", "a"]) }
    }
}

@Suite struct NameTests {
    @Test(arguments: [
        "", "users", "users/", "members/a", "users/a/b", "users/A", "users/a b", "Users/a", "users/a\u{0}",
    ])
    func othersAreUnknown(_ name: String) {
        #expect(throws: IdentityError.resourceUnknown(name: name)) { try ResourceName.users.identifier(in: name) }
    }

    @Test func aNameHasItsIdentifier() throws {
        #expect(try ResourceName.users.identifier(in: "users/0f8f-1") == "0f8f-1")
        #expect(UserID("x").name == "users/x")
    }

    @Test func controlCharactersAreNotShown() {
        #expect(throws: IdentityError.fieldInvalid(field: "f", problem: "must have no control characters")) {
            try TextRules.check(shown: "a\u{0}b", field: "f")
        }
        #expect(throws: Never.self) { try TextRules.check(shown: "Ada Lövelace 🙂", field: "f") }
    }
}
