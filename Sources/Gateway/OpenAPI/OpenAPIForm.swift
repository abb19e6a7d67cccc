import PolicyContract

/// A text's form in JSON Schema's words. Most of its formats take more than the contract's do, and validators need not
/// look at them, so a pattern says what they leave open.
struct OpenAPIForm {
    let format: String?
    let pattern: String?
    /// Characters; nil where only the field's own rule bounds them.
    let longest: Int64?

    init(_ rule: Datavault_Policy_V1_FieldRule) {
        guard rule.pattern.isEmpty else {
            (format, pattern, longest) = (nil, "^(?:\(rule.pattern))$", nil)
            return
        }
        switch rule.format {
        case .email: (format, pattern, longest) = ("email", "^\(Self.atom)(?:\\.\(Self.atom))*@\(Self.host)$", 254)
        case .httpURL:
            let authority = "(?:\(Self.host)|\\[[0-9A-Fa-f:.]{2,45}\\])(?::[0-9]{1,5})?"
            let rest = "(?:[/?#](?:[A-Za-z0-9._~!$&'()*+,;=:@/?#-]|%[0-9A-Fa-f]{2})*)?"
            (format, pattern, longest) = ("uri", "^[Hh][Tt][Tt][Pp][Ss]?://\(authority)\(rest)$", 2_048)
        case .uuid: (format, pattern, longest) = ("uuid", nil, 36)
        case .hostName: (format, pattern, longest) = ("hostname", "^\(Self.host)$", 253)
        case .ipAddress:
            (format, pattern, longest) = (nil, "^(?:\(Self.ipv4)|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,43})$", 45)
        case .date: (format, pattern, longest) = ("date", nil, 10)
        case .resourceID: (format, pattern, longest) = (nil, "^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$", 63)
        case .countryCode: (format, pattern, longest) = (nil, "^[A-Z]{2}$", 2)
        case .unspecified, .UNRECOGNIZED: (format, pattern, longest) = (nil, nil, nil)
        }
    }

    /// RFC 5322, 3.2.3.
    private static let atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}"
    /// RFC 1123, 2.1.
    private static let label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    private static let host = "\(label)(?:\\.\(label))*"
    private static let byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    private static let ipv4 = "\(byte)(?:\\.\(byte)){3}"
}
