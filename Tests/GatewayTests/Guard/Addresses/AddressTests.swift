import IdentityContract
import Policy
import Testing

@testable import Gateway

/// Where callers come from, and where they may come from.
struct AddressTests {
    @Test("A key's and its organization's networks both have to hold the address")
    func lists() async throws {
        let fixture = try GuardFixture(
            { $0.allowedNetworks = ["192.0.2.0/24", "2001:db8::/32"] },
            organizationNetworks: ["192.0.2.0/25", "2001:db8:1::/48"])
        for (source, isAllowed) in [
            ("192.0.2.7", true), ("::ffff:192.0.2.7", true), ("192.0.2.200", false), ("198.51.100.1", false),
            ("2001:db8:1::9", true), ("2001:db8:1::9%eth0", true), ("2001:db8:2::9", false), ("nonsense", false),
            ("", false),
        ] {
            let reason = await fixture.refusal(fixture.bearer(fixture.secretText, source: source))
            #expect(reason == (isAllowed ? "" : "ADDRESS_REFUSED"), "\(source)")
        }
    }

    @Test("Networks that cannot be read let nobody in")
    func unreadable() {
        #expect(!AddressList(["10.0.0.0/33", "x"]).allows(IPAddress("10.0.0.1")))
        #expect(AddressList([]).allows(nil))
        #expect(!AddressList(["0.0.0.0/0"]).allows(nil))
    }

    @Test("The first address from the end that is no proxy's is the client's")
    func forwarded() throws {
        let trusted = try ["10.0.0.0/8", "2001:db8:ffff::/48"].map { try #require(NetworkBlock($0)) }
        func client(_ peer: String, _ lines: String...) -> String {
            ForwardedAddress.client(peer: peer, forwardedFor: lines, trusted: trusted)
        }
        #expect(client("10.0.0.1", "192.0.2.1") == "192.0.2.1")
        // What the client wrote itself stands further left.
        #expect(client("10.0.0.1", "127.0.0.1, 192.0.2.1") == "192.0.2.1")
        #expect(client("10.0.0.1", "1.1.1.1", "192.0.2.1, 10.0.0.2") == "192.0.2.1")
        #expect(client("::ffff:10.0.0.1", "192.0.2.1:4711,[2001:db8:ffff::1]:80") == "192.0.2.1")
        #expect(client("10.0.0.1", "[2001:db8::7]:4711") == "2001:db8::7")
        // Nobody else is believed.
        #expect(client("192.0.2.9", "192.0.2.1") == "192.0.2.9")
        #expect(client("10.0.0.1", "unknown") == "10.0.0.1")
        #expect(client("10.0.0.1", "192.0.2.1, _hidden, 10.0.0.3") == "10.0.0.3")
        #expect(client("10.0.0.1") == "10.0.0.1")
        #expect(client("10.0.0.1", "10.0.0.2, 10.0.0.3") == "10.0.0.2")
        #expect(ForwardedAddress.client(peer: "10.0.0.1", forwardedFor: ["192.0.2.1"], trusted: []) == "10.0.0.1")
    }

    @Test("Limits see one client in a /64 of IPv6, and an IPv4 address however it is written")
    func limitKeys() {
        let key = { IPAddress(source: $0)?.limitKey }
        #expect(key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff::9%en0"))
        #expect(key("2001:db8:1:2::1") != key("2001:db8:1:3::1"))
        #expect(key("::ffff:192.0.2.1") == key("192.0.2.1"))
        #expect(key("192.0.2.1") != key("192.0.2.2"))
    }
}
