/// The credentials that a request carries.
enum PresentedCredentials: Sendable {
    case none
    /// The text of an API key, or what should be one.
    case apiKey(String)
    case accessToken(String)
    /// `Signature-Input` and `Signature`, their lines joined.
    case signature(input: String, signatures: String)
    /// More than one kind, or one twice.
    case ambiguous
    /// `Authorization` with a scheme that is not known.
    case unknownScheme

    /// What API keys begin with, in whichever header they come.
    static let apiKeyPrefix = "dv_live_"

    /// Finds the credentials of a request.
    init(_ request: RequestSummary) {
        var authorization: String?
        var apiKey: String?
        var input: String?
        var signatures: String?
        for (name, value) in request.headers {
            switch name {
            case "authorization":
                guard authorization == nil else { self = .ambiguous; return }
                authorization = value
            case "x-api-key":
                guard apiKey == nil else { self = .ambiguous; return }
                apiKey = value
            case "signature-input": input = input.map { "\($0), \(value)" } ?? value
            case "signature": signatures = signatures.map { "\($0), \(value)" } ?? value
            default: break
            }
        }
        let isSigned = input != nil || signatures != nil
        switch (authorization, apiKey, isSigned) {
        case (nil, nil, false): self = .none
        case (let authorization?, nil, false): self = Self.bearer(authorization)
        case (nil, let key?, false): self = .apiKey(key)
        case (nil, nil, true): self = .signature(input: input ?? "", signatures: signatures ?? "")
        default: self = .ambiguous
        }
    }

    /// Reads `Authorization` (RFC 6750, section 2.1); schemes are compared without case (RFC 9110, 11.1).
    private static func bearer(_ value: String) -> PresentedCredentials {
        let scheme = "bearer ".utf8
        // Letters differ from their capitals in one bit, which the blank has set, too.
        guard value.utf8.count > scheme.count,
            value.utf8.prefix(scheme.count).elementsEqual(scheme, by: { $0 | 0x20 == $1 && ($1 != 0x20 || $0 == 0x20) })
        else { return .unknownScheme }
        let credentials = value.utf8.dropFirst(scheme.count).drop { $0 == UInt8(ascii: " ") }
        let text = String(Substring(credentials))
        return credentials.starts(with: apiKeyPrefix.utf8) ? .apiKey(text) : .accessToken(text)
    }
}
