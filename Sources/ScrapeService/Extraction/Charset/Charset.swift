/// An encoding of the Encoding Standard (encoding.spec.whatwg.org).
enum Charset: Sendable, Hashable {
    case utf8
    case utf16(isBigEndian: Bool)
    case windows1252
    case userDefined
    /// Encodings that are dangerous to read, and that give one U+FFFD instead.
    case replacement
    /// Any other, which iconv reads.
    case iconv(name: String, iconvName: String)

    /// The standard's name in lower case.
    var name: String {
        switch self {
        case .utf8: "utf-8"
        case .utf16(let isBigEndian): isBigEndian ? "utf-16be" : "utf-16le"
        case .windows1252: "windows-1252"
        case .userDefined: "x-user-defined"
        case .replacement: "replacement"
        case .iconv(let name, _): name
        }
    }

    /// The encoding of a label, white space and case aside.
    init?(label: some Sequence<UInt8>) {
        let trimmed = String(decoding: label.map(\.asciiLowercased), as: UTF8.self).split(
            whereSeparator: \.isWhitespace)
        guard trimmed.count == 1, let label = trimmed.first, let charset = CharsetLabels.byLabel[String(label)] else {
            return nil
        }
        self = charset
    }

    /// The encoding that a page's own declaration of a label means: what declares UTF-16 in bytes of ASCII is none.
    var asDeclaredInPage: Charset {
        switch self {
        case .utf16: .utf8
        case .userDefined: .windows1252
        default: self
        }
    }
}
