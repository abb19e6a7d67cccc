/// A cookie as it is kept (RFC 6265 section 5.3).
public struct Cookie: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The host, or with `includesSubdomains` the domain, without a leading dot.
    public var domain: String
    public var includesSubdomains: Bool
    public var path: String
    /// Whether it is sent over https only.
    public var isSecure: Bool
    public var isHTTPOnly: Bool
    /// Seconds since 1970; nil for a cookie of the session.
    public var expires: Int64?
    public var name: String
    /// Secret.
    public var value: String

    public init(
        domain: String, includesSubdomains: Bool = false, path: String = "/", isSecure: Bool = true,
        isHTTPOnly: Bool = true, expires: Int64? = nil, name: String, value: String
    ) {
        self.domain = domain
        self.includesSubdomains = includesSubdomains
        self.path = path
        self.isSecure = isSecure
        self.isHTTPOnly = isHTTPOnly
        self.expires = expires
        self.name = name
        self.value = value
    }

    /// Reads a line of the Netscape format, which libcurl and others exchange cookies in.
    init?(line: String) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 7 || fields.count == 6, let expires = Int64(fields[4]) else { return nil }
        var domain = fields[0]
        isHTTPOnly = domain.hasPrefix("#HttpOnly_")
        if isHTTPOnly { domain = String(domain.dropFirst("#HttpOnly_".count)) }
        if domain.hasPrefix(".") { domain = String(domain.dropFirst()) }
        self.domain = domain
        includesSubdomains = fields[1] == "TRUE"
        path = fields[2]
        isSecure = fields[3] == "TRUE"
        self.expires = expires == 0 ? nil : expires
        name = fields[5]
        value = fields.count == 7 ? fields[6] : ""
        guard isSound else { return nil }
    }

    var line: String {
        [
            (isHTTPOnly ? "#HttpOnly_" : "") + (includesSubdomains ? "." : "") + domain,
            includesSubdomains ? "TRUE" : "FALSE", path, isSecure ? "TRUE" : "FALSE", String(expires ?? 0), name, value,
        ].joined(separator: "\t")
    }

    /// Whether its parts can stand in a line.
    var isSound: Bool {
        !domain.isEmpty && !name.isEmpty && path.hasPrefix("/")
            && [domain, path, name, value].allSatisfy { $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
    }

    /// Whether a request to the host may carry it, by its domain alone.
    func belongs(to host: String) -> Bool {
        HTTPHeaders.same(host, domain) || (includesSubdomains && host.lowercased().hasSuffix("." + domain.lowercased()))
    }

    /// Without the value.
    public var description: String { "\(name) of \(domain)\(path)" }
    public var debugDescription: String { description }
}
