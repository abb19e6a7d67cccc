/// The text of an API key's secret: `dv_live_`, 32 random bytes in 43 digits of base 62, and 6 digits of a checksum.
///
///     dv_live_3vQB7B6MrGQZaxCuFg4oh1xJ7wHqN2tZk0VbXcYdEfG0Rz9aK
///
/// The prefix lets scanners find keys in places where they should not be. The checksum is the CRC-32 of all before it:
/// by it a typing error, or a text that only looks like a key, is told apart with no look-up. It proves nothing else.
public struct ApiKeyText: Sendable, Hashable {
    /// What each key's text begins with.
    public static let prefix = "dv_live_"
    /// Random bytes of a key.
    public static let randomSize = 32
    /// Bytes of the whole text, all of them ASCII.
    public static let size = prefix.utf8.count + randomDigits + checksumDigits
    /// The least number of digits to base 62 that hold 256 bits.
    static let randomDigits = 43
    /// The least number of digits to base 62 that hold 32 bits.
    static let checksumDigits = 6
    /// Digits that tell keys apart for people: 24 bits of 256 are no help to those who guess.
    private static let shownDigits = 4

    /// The whole text. A secret: what is logged or stored in clear is `shownPrefix`.
    public let text: String

    /// The text's beginning, by which people tell keys apart.
    public var shownPrefix: String { String(text.prefix(Self.prefix.count + Self.shownDigits)) }

    /// Makes the text of a key.
    ///
    /// - Parameter random: 32 bytes of a cryptographic generator; nil is returned for another number of them.
    public init?(random: [UInt8]) {
        guard random.count == Self.randomSize, let digits = Base62.encode(random, digits: Self.randomDigits) else {
            return nil
        }
        let body = Array(Self.prefix.utf8) + digits
        guard let checksum = Base62.encode(CRC32.of(body), digits: Self.checksumDigits) else { return nil }
        text = String(decoding: body + checksum, as: UTF8.self)
    }

    /// Reads a text; nil if it is no key's. Takes a time that depends on nothing but whether it is one.
    public init?(_ text: some StringProtocol) {
        guard Self.isWellFormed(Array(text.utf8.prefix(Self.size + 1))) else { return nil }
        self.text = String(text)
    }

    /// Whether bytes are the text of a key: form and checksum, no more.
    public static func isWellFormed(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == size, bytes.starts(with: prefix.utf8),
            bytes.dropFirst(prefix.utf8.count).allSatisfy(Base62.contains)
        else { return false }
        let body = bytes.dropLast(checksumDigits)
        return Base62.encode(CRC32.of(body), digits: checksumDigits).map { $0.elementsEqual(bytes[body.endIndex...]) }
            ?? false
    }
}
