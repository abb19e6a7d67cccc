import SwiftASN1
import X509

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The hosts that a role's certificate is for, besides the role itself.
///
/// The suite's own clients look at the role alone; other programs, as Prometheus or a browser, look for these.
public struct CertificateNames: Sendable, Hashable {
    /// Host names; the first label may be `*`.
    public let dns: [String]
    /// IPv4 and IPv6 addresses, as text.
    public let addresses: [String]

    /// Checks names and addresses.
    public init(dns: [String] = [], addresses: [String] = [], limits: KeyLimits = KeyLimits()) throws(KeyError) {
        for name in dns {
            guard Self.isHostName(name) else {
                throw KeyError(.dns, "\"\(name)\" is no host name; one is scrape.example.org or *.example.org")
            }
        }
        for address in addresses {
            guard Self.bytes(ofAddress: address) != nil else {
                throw KeyError(.ip, "\"\(address)\" is no IP address; one is 192.0.2.7 or 2001:db8::7")
            }
        }
        guard dns.count + addresses.count <= limits.maxNames else {
            throw KeyError(.dns, "a certificate has at most \(limits.maxNames) names and addresses")
        }
        (self.dns, self.addresses) = (dns, addresses)
    }

    /// What a machine calls itself.
    public static let loopback = CertificateNames(known: ["localhost"], ["127.0.0.1", "::1"])

    private init(known dns: [String], _ addresses: [String]) { (self.dns, self.addresses) = (dns, addresses) }

    var generalNames: [GeneralName] {
        dns.map { .dnsName($0) }
            + addresses.compactMap { address in
                Self.bytes(ofAddress: address).map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) }
            }
    }

    /// RFC 1123, 2.1, with a wildcard where RFC 6125, 6.4.3 has it.
    static func isHostName(_ name: String) -> Bool {
        var labels = name.split(separator: ".", omittingEmptySubsequences: false)
        if labels.count > 2, labels[0] == "*" { labels.removeFirst() }
        return name.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.utf8.allSatisfy(isHostByte)
            }
            // An address is no name: clients would look for it among the addresses.
            && bytes(ofAddress: name) == nil
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    static func bytes(ofAddress text: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if unsafe inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }
}
