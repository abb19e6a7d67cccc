import Testing

@testable import Outbound

@Suite struct AddressGuardTests {
    static let refused: [(String, AddressClass)] = [
        ("0.0.0.0", .unspecified), ("0.1.2.3", .unspecified),
        ("10.0.0.1", .privateUse), ("10.255.255.255", .privateUse), ("172.16.0.1", .privateUse),
        ("172.31.255.255", .privateUse), ("192.168.0.1", .privateUse), ("192.168.255.255", .privateUse),
        ("100.64.0.1", .carrierNAT), ("100.127.255.255", .carrierNAT),
        ("127.0.0.1", .loopback), ("127.255.255.255", .loopback), ("127.1.2.3", .loopback),
        ("169.254.0.1", .linkLocal), ("169.254.169.254", .metadata), ("169.254.170.2", .metadata),
        ("100.100.100.200", .metadata), ("192.0.0.192", .metadata), ("168.63.129.16", .metadata),
        ("192.0.0.1", .reserved), ("192.0.2.1", .documentation), ("198.51.100.7", .documentation),
        ("203.0.113.255", .documentation), ("198.18.0.1", .benchmark), ("198.19.255.255", .benchmark),
        ("192.88.99.1", .reserved), ("224.0.0.1", .multicast), ("239.255.255.255", .multicast),
        ("240.0.0.1", .reserved), ("255.255.255.254", .reserved), ("255.255.255.255", .broadcast),
        ("::", .unspecified), ("::1", .loopback), ("::2", .compatible), ("::7f00:1", .compatible),
        ("::127.0.0.1", .compatible), ("::8.8.8.8", .compatible),
        ("::ffff:127.0.0.1", .mapped), ("::ffff:8.8.8.8", .mapped), ("::ffff:a9fe:a9fe", .mapped),
        ("64:ff9b::7f00:1", .nat64), ("64:ff9b::8.8.8.8", .nat64), ("64:ff9b:1::a00:1", .nat64),
        ("64:ff9b:1:ffff::8.8.8.8", .nat64), ("64:ff9b:2::1", .reserved),
        ("2002:7f00:1::", .sixToFour), ("2002:808:808::1", .sixToFour),
        ("2001::1", .teredo), ("2001:0:4136:e378:8000:63bf:3fff:fdd2", .teredo),
        ("2001:2::1", .benchmark), ("2001:10::1", .reserved), ("2001:20::1", .reserved),
        ("2001:db8::1", .documentation), ("3fff::1", .documentation), ("3fff:fff:ffff::1", .documentation),
        ("fc00::1", .uniqueLocal), ("fdff:ffff::1", .uniqueLocal), ("fd00:ec2::254", .metadata),
        ("fd20:ce::254", .metadata), ("fe80::1", .linkLocal), ("febf::1", .linkLocal), ("fec0::1", .siteLocal),
        ("ff02::1", .multicast), ("ff0e::1", .multicast), ("4000::1", .reserved), ("100::1", .reserved),
        ("5f00::1", .reserved), ("1::1", .reserved), ("e000::1", .reserved),
    ]

    static let allowed = [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.216.34", "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
        "192.167.255.255", "192.169.0.0", "192.0.1.1", "198.17.255.255", "198.20.0.0", "223.255.255.255",
        "168.63.129.15", "2606:4700:4700::1111", "2a00:1450:4001::200e", "2001:200::1", "2001:4860:4860::8888",
        "2003::1", "3ffe::1",
    ]

    @Test(arguments: refused) func addressesThatAreNotPublicAreRefused(text: String, found: AddressClass) throws {
        let address = try #require(IPAddress(text))
        #expect(AddressGuard().verdict(on: address, port: 80) == .refused(found))
    }

    @Test(arguments: allowed) func publicAddressesAreAllowed(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(AddressGuard().verdict(on: address, port: 443) == .allowed)
    }

    @Test func everyClassIsInTheTable() {
        #expect(Set(Self.refused.map(\.1)) == Set(AddressClass.allCases))
    }

    @Test(
        arguments: [
            (["10.0.0.0/8"], "10.1.2.3", true), (["10.0.0.0/8"], "11.0.0.1", true),
            (["10.0.0.0/8"], "172.16.0.1", false),
            (["10.0.0.0/8"], "::ffff:10.0.0.1", false), (["::/0"], "::ffff:10.0.0.1", false),
            (["::/0", "10.0.0.0/8"], "::ffff:10.0.0.1", true), (["0.0.0.0/0"], "127.0.0.1", true),
            (["0.0.0.0/0"], "169.254.169.254", false), (["169.254.0.0/16"], "169.254.169.254", false),
            (["169.254.169.254/32"], "169.254.169.254", true), (["169.254.169.254"], "169.254.169.254", true),
            (["fd00::/8"], "fd00:ec2::254", false), (["fd00::/8"], "fd00:ec2::255", true),
            // What a translator is allowed for is what it leads to.
            (["64:ff9b::/96"], "64:ff9b::8.8.8.8", true), (["64:ff9b::/96"], "64:ff9b::10.0.0.1", false),
            (["64:ff9b::/96", "0.0.0.0/0"], "64:ff9b::169.254.169.254", false),
            (["2002::/16"], "2002:7f00:1::", false), (["2002::/16"], "2002:808:808::", true),
            // The client's address stands inverted in Teredo's.
            (["2001::/32"], "2001:0:102:304::80ff:fffe", false), (["2001::/32"], "2001:0:102:304::f7f7:f7f7", true),
        ] as [([String], String, Bool)])
    func theOperatorAllowsNetworks(ranges: [String], text: String, isAllowed: Bool) throws {
        let guarding = AddressGuard(allowedAddresses: try ranges.map { try #require(AddressRange($0)) })
        let address = try #require(IPAddress(text))
        #expect((guarding.verdict(on: address, port: 80) == .allowed) == isAllowed)
    }

    @Test(arguments: [0, 22, 25, 6667] as [UInt16]) func portsOfOtherProtocolsAreRefused(port: UInt16) throws {
        let address = try #require(IPAddress("8.8.8.8"))
        #expect(AddressGuard().verdict(on: address, port: port) == .refusedPort(port))
        let without = AddressGuard(forbiddenPorts: [])
        #expect((without.verdict(on: address, port: port) == .allowed) == (port != 0))
    }

    @Test(arguments: [
        "", "1", "1.2.3", "127.1", "0x7f.0.0.1", "0177.0.0.1", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.4\0", "[::1]", "fe80::1%eth0", "::1%1", "1::2::3", ":::", "12345::", "::ffff:1.2.3", "localhost",
        "2130706433",
    ])
    func otherFormsAreNoAddresses(text: String) { #expect(IPAddress(text) == nil) }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("::", "::"), ("0:0:0:0:0:0:0:1", "::1"),
        ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("::FFFF:1.2.3.4", "::ffff:1.2.3.4"), ("255.255.255.255", "255.255.255.255"),
    ])
    func addressesHaveOneText(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.1/8", "::/129", "10.0.0.0/+8", "a/8",
    ])
    func malformedNetworksAreRefused(text: String) { #expect(AddressRange(text) == nil) }

    @Test func networksReachFromTheirFirstToTheirLastAddress() throws {
        let range = try #require(AddressRange("192.168.4.0/22"))
        for (text, isIn) in [
            ("192.168.3.255", false), ("192.168.4.0", true), ("192.168.7.255", true), ("192.168.8.0", false),
            ("::", false),
        ] {
            #expect(range.contains(try #require(IPAddress(text))) == isIn)
        }
        #expect(try #require(AddressRange("0.0.0.0/0")).contains(try #require(IPAddress("255.1.2.3"))))
        #expect(try #require(AddressRange("::/0")).contains(try #require(IPAddress("ffff::"))))
    }
}
