import Policy
import Testing

@Suite struct NetworkBlockTests {
    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("192.0.2.0/24", "192.0.2.0/24"), ("192.0.2.7/32", "192.0.2.7"),
        ("0.0.0.0/0", "0.0.0.0/0"), ("::/0", "::/0"), ("2001:DB8::/32", "2001:db8::/32"),
        ("2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("::1/128", "::1"), ("1::", "1::"),
        ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"), ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"), ("64:ff9b::/96", "64:ff9b::/96"),
    ])
    func canonicalText(_ text: String, _ canonical: String) {
        #expect(NetworkBlock(text).map { "\($0)" } == canonical)
    }

    @Test(arguments: [
        "", "/", "/8", "10", "10.0.0", "10.0.0.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1/", "10.0.0.0/33",
        "10.0.0.0/08",
        "10.0.0.0/-1", "10.0.0.0/+8", "10.1.2.3/8", "10.0.0.0/8/8", " 10.0.0.1", "1.2.3.4 ", ":", ":::", "1::2::3",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "::12345", "::g", "fe80::1%eth0", "::1/129",
        "2001:db8::1/32", "1.2.3.4::", "::1.2.3", "localhost", "٣.0.0.1",
    ])
    func whatIsNone(_ text: String) { #expect(NetworkBlock(text) == nil) }

    @Test func containment() throws {
        let block = try #require(NetworkBlock("192.0.2.128/25"))
        #expect(block.contains(try #require(IPAddress("192.0.2.128"))))
        #expect(block.contains(try #require(IPAddress("192.0.2.255"))))
        #expect(block.contains(try #require(IPAddress("::ffff:192.0.2.200"))))
        #expect(!block.contains(try #require(IPAddress("192.0.2.127"))))
        #expect(!block.contains(try #require(IPAddress("2001:db8::1"))))
        let six = try #require(NetworkBlock("2001:db8:8000::/33"))
        #expect(six.contains(try #require(IPAddress("2001:db8:ffff::1"))))
        #expect(!six.contains(try #require(IPAddress("2001:db8:7fff::1"))))
        let all = try #require(NetworkBlock("0.0.0.0/0"))
        #expect(all.contains(try #require(IPAddress("8.8.8.8"))))
        #expect(!all.contains(try #require(IPAddress("::1"))))
    }
}
