package import Crypto
import Foundation

/// A public key that checkpoints are verified with, under the name of who signs (C2SP signed-note):
/// `name+12345678+base64`, where the number is the key's identifier and the base64 is of a byte 1 and the key.
package struct VerifierKey: Sendable, Hashable {
    private static let algorithm: UInt8 = 1

    /// Who signs: no space, no plus, no control character.
    package let name: String
    /// 32 bytes of Ed25519.
    package let publicKey: [UInt8]

    package init(name: String, publicKey: Curve25519.Signing.PublicKey) {
        (self.name, self.publicKey) = (name, Array(publicKey.rawRepresentation))
    }

    /// Reads a key's text; nil if it is none, or its identifier is not its own.
    package init?(_ text: String) {
        // The base64 may hold further pluses.
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            let bytes = StrictBase64.decode(parts[2]), bytes.count == 33, bytes[0] == Self.algorithm,
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes.dropFirst())
        else { return nil }
        self.init(name: parts[0], publicKey: key)
        guard parts[1] == identifier else { return nil }
    }

    /// The first four bytes of a hash over name and key, which a signature names its key by.
    package var identifierBytes: [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("\(name)\n".utf8) + [Self.algorithm] + publicKey)
        return Array(hash.finalize().prefix(4))
    }

    /// The same as eight hexadecimal digits.
    package var identifier: String { Hexadecimal.text(identifierBytes) }

    /// The key's text.
    package var text: String { "\(name)+\(identifier)+\(StrictBase64.encode([Self.algorithm] + publicKey))" }

    func isSignature(_ signature: [UInt8], of text: String) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
        return key.isValidSignature(signature, for: Data(text.utf8))
    }
}

/// Base64 with padding (RFC 4648, 4), of which each text stands for other bytes.
package enum StrictBase64 {
    package static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    package static func decode(_ text: String) -> [UInt8]? {
        guard let data = Data(base64Encoded: text), data.base64EncodedString() == text else { return nil }
        return Array(data)
    }
}

enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
