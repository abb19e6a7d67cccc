internal import CCurl
internal import Glibc

/// An absolute address of http or https in its normal form, read by the same parser that connects.
///
/// Refused, as parsers differ on them and so one may be shown and another reached: user information, control characters,
/// backslashes before the query, zones, host names with other characters than letters, digits, `-`, `_` and `.`, and names
/// that end in a number without being an IPv4 address. IPv4 in octal, hexadecimal or shortened becomes its usual form,
/// international names become ASCII (IDNA 2008), a trailing dot and the fragment go.
public struct WebURL: Sendable, Hashable, CustomStringConvertible {
    public enum Scheme: String, Sendable, Hashable {
        case http
        case https
        var port: UInt16 { self == .http ? 80 : 443 }
    }

    public let scheme: Scheme
    /// A name in lower-case ASCII, or an address, IPv6 without brackets.
    public let host: String
    public let port: UInt16
    /// Begins with a slash.
    public let path: String
    /// Without its question mark.
    public let query: String?
    /// The host, where it is an address.
    public let address: IPAddress?

    /// Reads an absolute address.
    /// - Throws: `OutboundError` (`invalidURL`) that says what is wrong.
    public init(_ text: String, maximumBytes: Int = 8192) throws(OutboundError) {
        try self.init(text, base: nil, maximumBytes: maximumBytes)
    }

    /// Reads a reference, as in a `Location` header, relative to this address.
    func resolve(_ reference: String, maximumBytes: Int) throws(OutboundError) -> WebURL {
        try WebURL(reference, base: self, maximumBytes: maximumBytes)
    }

    private init(_ text: String, base: WebURL?, maximumBytes: Int) throws(OutboundError) {
        guard text.utf8.count <= maximumBytes else {
            throw OutboundError(.invalidURL, "the address is longer than \(maximumBytes) bytes")
        }
        try Self.checkCharacters(text)
        let first = try URLParts(text.hasPrefix("#") ? base?.description ?? text : text, base: base?.description)
        // Read once more from its parts: names that became digits by IDNA are addresses, too.
        let parts = try URLParts(first.text, base: nil)
        guard parts.scheme == first.scheme, parts.port == first.port else {
            throw OutboundError(.invalidURL, "the address can be read in two ways")
        }
        guard let scheme = Scheme(rawValue: parts.scheme) else {
            throw OutboundError(.invalidURL, "the scheme is \(parts.scheme.prefix(20)), not http or https")
        }
        self.scheme = scheme
        host = parts.host
        address = IPAddress(parts.host)
        port = parts.port ?? scheme.port
        path = parts.path.isEmpty ? "/" : parts.path
        query = parts.query
        if address == nil { try Self.checkName(host) }
        guard description.utf8.count <= maximumBytes else {
            throw OutboundError(.invalidURL, "the address is longer than \(maximumBytes) bytes")
        }
    }

    private static func checkCharacters(_ text: String) throws(OutboundError) {
        guard !text.isEmpty else { throw OutboundError(.invalidURL, "the address is empty") }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw OutboundError(.invalidURL, "the address has control characters")
        }
        guard text.utf8.first != 0x20, text.utf8.last != 0x20 else {
            throw OutboundError(.invalidURL, "the address begins or ends with a space")
        }
        guard !text.hasPrefix("///"), text.prefix(10).firstRange(of: ":///") == nil else {
            throw OutboundError(.invalidURL, "the address has no host")
        }
        guard
            !text.utf8.prefix(while: { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
                .contains(UInt8(ascii: "\\"))
        else { throw OutboundError(.invalidURL, "the address has backslashes") }
    }

    private static func checkName(_ host: String) throws(OutboundError) {
        let labels = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard host.utf8.count <= 253, labels.allSatisfy({ (1...63).contains($0.count) }) else {
            throw OutboundError(.invalidURL, "the host's name has empty or overlong parts")
        }
        guard
            host.utf8.allSatisfy({
                switch $0 {
                case 0x61...0x7A, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
                default: false
                }
            })
        else { throw OutboundError(.invalidURL, "the host's name has characters that no name has") }
        // As browsers have it: what ends in a number is an IPv4 address or nothing.
        if let last = labels.last {
            let text = String(Substring(last))
            if text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
                || (text.hasPrefix("0x") && isHex(text.dropFirst(2)))
            {
                throw OutboundError(.invalidURL, "the host ends in a number and is no IPv4 address")
            }
        }
    }

    private static func isHex(_ text: Substring) -> Bool { text.allSatisfy(\.isHexDigit) }

    /// Scheme, host and port: what credentials belong to.
    struct Origin: Hashable {
        var scheme: Scheme
        var host: String
        var port: UInt16
    }

    var origin: Origin { Origin(scheme: scheme, host: host, port: port) }

    /// The host as a URL has it.
    var hostText: String { address?.isIPv6 == true ? "[\(host)]" : host }

    private var authority: String { hostText + (port == scheme.port ? "" : ":\(port)") }

    public var description: String { "\(scheme)://\(authority)\(path)" + (query.map { "?\($0)" } ?? "") }

    /// For messages and logs: the values of the query, which may be signatures and tokens, are left out.
    public var masked: String { "\(scheme)://\(authority)\(path)" + (query.map { "?\(Self.masked(query: $0))" } ?? "") }

    private static func masked(query: String) -> String {
        query.split(separator: "&", omittingEmptySubsequences: false).map { field in
            guard let equals = field.firstIndex(of: "=") else { return field.isEmpty ? "" : "***" }
            return "\(field[..<equals])=***"
        }.joined(separator: "&")
    }
}

/// What libcurl's parser makes of an address.
private struct URLParts {
    var scheme: String
    var host: String
    var port: UInt16?
    var path: String
    var query: String?

    var text: String {
        "\(scheme)://\(host.contains(":") ? "[\(host)]" : host)\(port.map { ":\($0)" } ?? "")\(path)"
            + (query.map { "?\($0)" } ?? "")
    }

    init(_ text: String, base: String?) throws(OutboundError) {
        guard let handle = unsafe curl_url() else { throw OutboundError(.unexpected, "no memory for an address") }
        defer { unsafe curl_url_cleanup(handle) }
        let flags = UInt32(CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME)
        if let base {
            try unsafe Self.check(curl_url_set(handle, CURLUPART_URL, base, flags))
        }
        try unsafe Self.check(curl_url_set(handle, CURLUPART_URL, text, flags))
        guard unsafe Self.part(handle, CURLUPART_USER) == nil, unsafe Self.part(handle, CURLUPART_PASSWORD) == nil
        else {
            throw OutboundError(.invalidURL, "the address has user information: send it as a header")
        }
        guard unsafe Self.part(handle, CURLUPART_ZONEID) == nil else {
            throw OutboundError(.invalidURL, "the address has a zone")
        }
        scheme = unsafe Self.part(handle, CURLUPART_SCHEME)?.lowercased() ?? ""
        guard
            var host = inUTF8({ unsafe Self.part(handle, CURLUPART_HOST, UInt32(CURLU_PUNYCODE)) })?.lowercased(),
            !host.isEmpty
        else { throw OutboundError(.invalidURL, "the address has no host, or one that is no international name") }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard let address = IPAddress(host) else { throw OutboundError(.invalidURL, "the host is no IPv6 address") }
            host = address.description
        }
        if host.hasSuffix(".") { host.removeLast() }
        self.host = host
        port = nil
        if let text = unsafe Self.part(handle, CURLUPART_PORT) {
            guard let number = UInt16(text), number > 0 else {
                throw OutboundError(.invalidURL, "the port is not within 1…65535")
            }
            port = number
        }
        path = unsafe Self.part(handle, CURLUPART_PATH) ?? "/"
        query = unsafe Self.part(handle, CURLUPART_QUERY)
    }

    private static func check(_ code: CURLUcode) throws(OutboundError) {
        guard code == CURLUE_OK else {
            throw OutboundError(.invalidURL, unsafe String(cString: curl_url_strerror(code)))
        }
    }

    private static func part(_ handle: OpaquePointer, _ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text = unsafe text else { return nil }
        defer { unsafe curl_free(text) }
        return unsafe String(cString: text)
    }
}

/// libidn2, which libcurl calls, takes names to be in the locale's character set: UTF-8 for this thread, for as long as
/// the call takes.
private func inUTF8<Result>(_ body: () -> Result) -> Result {
    let before = unsafe uselocale(utf8Locale)
    defer { unsafe _ = uselocale(before) }
    return body()
}

// Never freed; a locale is only read.
private nonisolated(unsafe) let utf8Locale = unsafe newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)
