import Crypto
import Foundation
import ServiceKit

/// A refresh token: opaque to its holder, `dv_rt_` and 94 letters and digits, of which the last 6 are a checksum of the
/// others.
///
/// It holds its session's identifier, a secret, and a tag that shows that it was made here, so that nonsense costs no
/// question to the store, and a token that was used up long ago is known as such without being kept. The secret of the
/// first one is random; each further one follows from the one before under a key of the installation, so that a repeated
/// refresh, at whatever instance and in whatever order, gives the same successor.
struct RefreshToken: Sendable, Hashable {
    static let prefix = "dv_rt_"
    /// Bytes of a secret.
    static let secretSize = 32
    private static let tagSize = 16
    private static let bodySize = 16 + secretSize + tagSize
    /// Characters of a token.
    static let length = prefix.utf8.count + bodySize / Base62.groupSize * Base62.groupLength + Base62.checksumLength

    /// The session's identifier, without `sessions/`.
    let session: String
    private let secret: [UInt8]

    private init(session: String, secret: [UInt8]) { (self.session, self.secret) = (session, secret) }

    /// What the installation makes tokens with.
    struct Keys: Sendable {
        fileprivate let hash, tag, successor: SymmetricKey

        init(_ ring: RootKeyRing) {
            hash = ring.hashKey("datavault hashes of refresh tokens, v1")
            tag = ring.hashKey("datavault tags of refresh tokens, v1")
            successor = ring.hashKey("datavault successors of refresh tokens, v1")
        }

        /// Of a root key that was never rotated.
        init(rootKey: SymmetricKey) { self.init(RootKeyRing(rootKey)) }
    }

    /// A session's first token.
    ///
    /// - Parameter random: At least 32 bytes that nobody can guess.
    static func first(session: String, random: [UInt8]) -> RefreshToken {
        precondition(random.count >= secretSize, "a secret has \(secretSize) bytes")
        return RefreshToken(session: session, secret: Array(random.prefix(secretSize)))
    }

    /// The one token that may follow this one.
    func successor(_ keys: Keys) -> RefreshToken {
        let code = HMAC<SHA256>.authenticationCode(for: sessionBytes + secret, using: keys.successor)
        return RefreshToken(session: session, secret: Array(code))
    }

    /// What is stored of it.
    func hash(_ keys: Keys) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: sessionBytes + secret, using: keys.hash))
    }

    /// The token's text.
    func text(_ keys: Keys) -> String {
        let body = sessionBytes + secret
        let text = Self.prefix + Base62.encode(body + tag(body, keys.tag))
        return text + Base62.checksum(text)
    }

    /// Reads what someone presents; nil if it was not made here.
    init?(_ text: String, _ keys: Keys) {
        guard text.utf8.count == Self.length, text.hasPrefix(Self.prefix) else { return nil }
        let signed = text.utf8.dropLast(Base62.checksumLength)
        guard let unsigned = String(signed), Base62.checksum(unsigned) == text.suffix(Base62.checksumLength),
            let bytes = Base62.decode(signed.dropFirst(Self.prefix.utf8.count)), bytes.count == Self.bodySize
        else { return nil }
        let body = Array(bytes.dropLast(Self.tagSize))
        guard
            HMAC<SHA256>.isValidAuthenticationCode(
                Self.padded(bytes.suffix(Self.tagSize), body, keys.tag), authenticating: body, using: keys.tag)
        else { return nil }
        session = unsafe body.prefix(16).withUnsafeBytes { unsafe UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
            .uuidString.lowercased()
        secret = Array(body.dropFirst(16))
    }

    private var sessionBytes: [UInt8] {
        guard let uuid = UUID(uuidString: session)?.uuid else { preconditionFailure("sessions are named by UUIDs") }
        return unsafe withUnsafeBytes(of: uuid) { unsafe Array($0) }
    }

    private func tag(_ body: [UInt8], _ key: SymmetricKey) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: body, using: key).prefix(Self.tagSize))
    }

    /// The tag, completed with the half of the right code that tokens do not carry, so that the library's comparison,
    /// which takes the same time for all, decides.
    private static func padded(_ tag: ArraySlice<UInt8>, _ body: [UInt8], _ key: SymmetricKey) -> [UInt8] {
        Array(tag) + HMAC<SHA256>.authenticationCode(for: body, using: key).dropFirst(tagSize)
    }
}
