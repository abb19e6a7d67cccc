/// Names whose values are shown to nobody: neither in a log nor in a trace.
enum SecretNames {
    /// What stands in the place of a hidden value.
    static let hidden = "[masked]"

    /// Parts of such names, in lower case and with underscores.
    private static let parts = [
        "authorization", "password", "passwd", "passphrase", "secret", "token", "cookie", "credential", "signature",
        "api_key", "apikey", "private_key",
    ].map { Array($0.utf8) }

    /// The letters that parts begin with, a bit each.
    private static let beginnings = parts.reduce(UInt32(0)) { $0 | bit($1[0]) }

    /// Whether a value under this name is hidden. Asked for every attribute of every span, so it looks at bytes.
    static func contains(_ name: String) -> Bool {
        let bytes = name.utf8Span.span
        for start in bytes.indices where beginnings & bit(folded(bytes[start])) != 0 {
            for part in parts where stands(part, in: bytes, at: start) { return true }
        }
        return false
    }

    private static func stands(_ part: [UInt8], in bytes: Span<UInt8>, at start: Int) -> Bool {
        guard bytes.count - start >= part.count else { return false }
        for index in part.indices where folded(bytes[start + index]) != part[index] { return false }
        return true
    }

    /// In lower case, and with an underscore for a hyphen.
    private static func folded(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        case UInt8(ascii: "-"): UInt8(ascii: "_")
        default: byte
        }
    }

    private static func bit(_ letter: UInt8) -> UInt32 {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter) ? 1 << UInt32(letter - UInt8(ascii: "a")) : 0
    }
}
