/// Why an address is not on the public Internet, after IANA's special-purpose registries (RFC 6890).
public enum AddressClass: String, Sendable, Hashable, CaseIterable {
    /// 0.0.0.0/8 and `::`: "this host", which Linux connects to itself.
    case unspecified
    /// 127.0.0.0/8 and `::1`.
    case loopback
    /// RFC 1918.
    case privateUse = "private"
    /// 169.254.0.0/16 and fe80::/10.
    case linkLocal = "link-local"
    /// 100.64.0.0/10, shared between a provider and its customers (RFC 6598).
    case carrierNAT = "carrier-nat"
    /// fc00::/7 (RFC 4193).
    case uniqueLocal = "unique-local"
    /// fec0::/10, deprecated by RFC 3879.
    case siteLocal = "site-local"
    /// 224.0.0.0/4 and ff00::/8.
    case multicast
    /// 255.255.255.255.
    case broadcast
    /// Networks for documents (RFC 5737, RFC 3849, RFC 9637).
    case documentation
    /// Networks for benchmarks (RFC 2544, RFC 5180).
    case benchmark
    /// Set aside by IANA for protocols, or for the future.
    case reserved
    /// ::ffff:0:0/96: IPv4 in IPv6's clothes.
    case mapped = "ipv4-mapped"
    /// ::/96, deprecated by RFC 4291.
    case compatible = "ipv4-compatible"
    /// 64:ff9b::/96 and 64:ff9b:1::/48: a translator passes it on to the IPv4 address within (RFC 6052, RFC 8215).
    case nat64
    /// 2002::/16: a relay passes it on to the IPv4 address within (RFC 3056).
    case sixToFour = "6to4"
    /// 2001::/32 (RFC 4380).
    case teredo
    /// Where clouds answer their machines with credentials.
    case metadata

    /// The class of an address; nil for one on the public Internet.
    init?(_ address: IPAddress) {
        guard let match = Self.table.first(where: { $0.range.contains(address) }) else {
            // Of IPv6 only 2000::/3 has been given out; whatever comes of the rest is not for us to guess.
            guard address.isIPv6, !Self.global.contains(address) else { return nil }
            self = .reserved
            return
        }
        self = match.found
    }

    private static let global = AddressRange(literal: "2000::/3")

    /// The IPv4 address that a translator, relay or kernel would reach in place of this one.
    static func embedded(in address: IPAddress) -> IPAddress? {
        guard case .v6(let number) = address.value else { return nil }
        switch AddressClass(address) {
        case .mapped, .compatible, .nat64: return IPAddress(v4: UInt32(truncatingIfNeeded: number))
        case .sixToFour: return IPAddress(v4: UInt32(truncatingIfNeeded: number >> 80))
        // RFC 4380 section 4: the client's address, inverted.
        case .teredo: return IPAddress(v4: ~UInt32(truncatingIfNeeded: number))
        default: return nil
        }
    }

    /// More specific networks first.
    private static let table = networks.map { (range: AddressRange(literal: $0), found: $1) }

    private static let networks: [(String, AddressClass)] = [
        ("169.254.169.254/32", .metadata),  // AWS, Azure, Google, OpenStack and most others
        ("169.254.170.2/32", .metadata),  // AWS ECS: a task's credentials
        ("169.254.170.23/32", .metadata),  // AWS EKS: a pod's credentials
        ("100.100.100.200/32", .metadata),  // Alibaba
        ("192.0.0.192/32", .metadata),  // Oracle
        ("168.63.129.16/32", .metadata),  // Azure's host, reached under a public address
        ("fd00:ec2::254/128", .metadata),  // AWS
        ("fd00:ec2::23/128", .metadata),  // AWS EKS
        ("fd20:ce::254/128", .metadata),  // Google
        ("fd00:42::42/128", .metadata),  // Scaleway

        ("0.0.0.0/8", .unspecified),
        ("10.0.0.0/8", .privateUse),
        ("100.64.0.0/10", .carrierNAT),
        ("127.0.0.0/8", .loopback),
        ("169.254.0.0/16", .linkLocal),
        ("172.16.0.0/12", .privateUse),
        ("192.0.0.0/24", .reserved),
        ("192.0.2.0/24", .documentation),
        ("192.31.196.0/24", .reserved),
        ("192.52.193.0/24", .reserved),
        ("192.88.99.0/24", .reserved),
        ("192.168.0.0/16", .privateUse),
        ("192.175.48.0/24", .reserved),
        ("198.18.0.0/15", .benchmark),
        ("198.51.100.0/24", .documentation),
        ("203.0.113.0/24", .documentation),
        ("224.0.0.0/4", .multicast),
        ("255.255.255.255/32", .broadcast),
        ("240.0.0.0/4", .reserved),

        ("::/128", .unspecified),
        ("::1/128", .loopback),
        ("::ffff:0:0/96", .mapped),
        ("::/96", .compatible),
        ("64:ff9b::/96", .nat64),
        ("64:ff9b:1::/48", .nat64),
        ("2001::/32", .teredo),
        ("2001:2::/48", .benchmark),
        ("2001::/23", .reserved),
        ("2001:db8::/32", .documentation),
        ("2002::/16", .sixToFour),
        ("2620:4f:8000::/48", .reserved),
        ("3fff::/20", .documentation),
        ("fc00::/7", .uniqueLocal),
        ("fe80::/10", .linkLocal),
        ("fec0::/10", .siteLocal),
        ("ff00::/8", .multicast),
    ]
}
