/// What a signature has to cover, and when it is good.
struct SignaturePolicy: Sendable {
    /// Between `created` and `expires` at most, in milliseconds; nothing older is good either.
    var maxLifetime: Int64 = 300_000
    /// How far ahead of this machine's clock a client's may be, in milliseconds.
    var clockSkew: Int64 = 5_000

    /// Always covered.
    private static let always = ["@method", "@authority", "@path", "@query"]
    /// Covered when they are there, as they change what the request means.
    private static let ifPresent = ["content-type", "content-digest", "content-encoding", "idempotency-key"]
    /// Covered, and so there, when there is a body.
    private static let withBody = ["content-digest", "content-type"]

    /// Checks what does not take the key.
    ///
    /// - Parameter now: Milliseconds since 1970.
    func check(
        _ signature: PresentedSignature, of request: RequestSummary, now: Int64
    ) throws(SignatureFault) {
        for component in Self.required(by: request) where !signature.components.contains(component) {
            throw .incomplete(component: component)
        }
        // Both are at most 15 digits, so that nothing overflows.
        let (created, expires) = (signature.created * 1_000, signature.expires * 1_000)
        guard expires > created else {
            throw .malformed(parameter: "expires", "expires does not come after created")
        }
        guard expires - created <= maxLifetime else {
            throw .malformed(
                parameter: "expires", "expires comes more than \(maxLifetime / 1_000) seconds after created")
        }
        guard now < expires else { throw .stale("the signature's time is over") }
        guard created <= now + clockSkew else { throw .stale("the signature was made in the future") }
    }

    /// What a signature of this request has to cover.
    static func required(by request: RequestSummary) -> [String] {
        var required = always
        let mustHave = hasBody(request) ? withBody : []
        for component in ifPresent where mustHave.contains(component) || request.header(component) != nil {
            required.append(component)
        }
        return required
    }

    /// Whether the head announces a body. One that comes unannounced, as HTTP/2 allows, is held to the digest of nothing.
    private static func hasBody(_ request: RequestSummary) -> Bool {
        if request.header("transfer-encoding") != nil { return true }
        guard let length = request.header("content-length") else { return false }
        return length != "0"
    }
}
