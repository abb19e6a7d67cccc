import FoundationEssentials

/// The compact form of a signed token (RFC 7515, 7.1), taken apart: three texts of base64url with dots between.
struct CompactJWS {
    /// The header's JSON.
    let header: Data
    /// The claims' JSON.
    let payload: Data
    /// The signature's bytes.
    let signature: Data
    /// What is signed: the first two texts as they came, with their dot.
    let signed: Data

    /// Takes a token apart; nil unless it has exactly three parts, none of them empty, each in the one right spelling.
    init?(_ token: [UInt8]) {
        let parts = token.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { return nil }
        (self.header, self.payload, self.signature) = (header, payload, signature)
        signed = Data(token[..<parts[1].endIndex])
    }
}

/// Base64 for URLs without padding (RFC 4648, 5; RFC 7515, 2).
enum Base64URL {
    /// The bytes of a text; nil if it is empty, has another character or padding, or leaves bits over, as one token must
    /// not have two spellings.
    static func decode(_ text: ArraySlice<UInt8>) -> Data? {
        guard !text.isEmpty, text.count % 4 != 1 else { return nil }
        var bytes = Data(capacity: text.count * 3 / 4)
        var (bits, count): (UInt32, Int) = (0, 0)
        for character in text {
            guard let value = value(of: character) else { return nil }
            bits = bits << 6 | value
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        guard bits & (1 << UInt32(count) - 1) == 0 else { return nil }
        return bytes
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
