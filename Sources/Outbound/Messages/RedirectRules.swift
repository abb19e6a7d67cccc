/// Which redirects are followed.
public struct RedirectRules: Sendable, Hashable {
    /// Redirects followed at most; 0 hands the redirect's own response to the caller.
    public var maximum = 10
    /// Whether a redirect may lead from https to http.
    public var allowsDowngrade = false

    public init() {}

    public static var none: RedirectRules {
        var rules = RedirectRules()
        rules.maximum = 0
        return rules
    }
}

/// A redirect that was followed.
public struct FollowedRedirect: Sendable, Hashable {
    /// The address that answered with the redirect.
    public var url: WebURL
    public var status: Int
}

extension OutboundRequest {
    /// The request that a response asks for instead, or nil if it is no redirect (RFC 9110 section 15.4).
    func redirected(
        status: Int, headers: HTTPHeaders, maximumURLBytes: Int
    ) throws(OutboundError) -> OutboundRequest? {
        guard [301, 302, 303, 307, 308].contains(status), redirects.maximum > 0,
            let location = headers["Location"]
        else { return nil }
        let target: WebURL
        do {
            target = try url.resolve(location, maximumBytes: maximumURLBytes)
        } catch {
            throw OutboundError(.redirectRefused, "a redirect's address: \(error.message)", url: url.masked)
        }
        if url.scheme == .https, target.scheme == .http, !redirects.allowsDowngrade {
            throw OutboundError(.redirectRefused, "a redirect leads from https to http", url: target.masked)
        }
        var next = self
        next.url = target
        // 303 asks for another resource; on 301 and 302 a POST becomes GET, as all clients have it, and nothing else does.
        if (status == 303 && method != .head && method != .get) || ([301, 302].contains(status) && method == .post) {
            next.method = .get
            next.isIdempotent = true
            next.body = .none
            next.headers = next.kept(without: { $0.hasPrefix("content-") })
        }
        guard next.body.canBeSentAgain else {
            throw OutboundError(
                .redirectRefused, "a redirect asks for the body again, which is a stream", url: target.masked)
        }
        if target.origin != url.origin {
            let named = Set(credentialHeaders.map { $0.lowercased() })
            next.headers = next.kept(without: { named.contains($0) || Self.isCredential($0) })
            next.signature = nil
        }
        return next
    }

    private func kept(without isLeftOut: (String) -> Bool) -> HTTPHeaders {
        var kept = HTTPHeaders()
        for field in headers.fields where !isLeftOut(field.name.lowercased()) { kept.add(field.name, field.value) }
        return kept
    }

    /// Whether a header, by its lower-case name, is taken for a secret of its origin.
    static func isCredential(_ name: String) -> Bool {
        ["authorization", "cookie", "www-authenticate"].contains(name)
            || ["token", "secret", "api-key", "apikey", "auth", "session", "signature", "password", "credential"]
                .contains { name.contains($0) }
            || name.hasPrefix("x-amz-")
    }
}
