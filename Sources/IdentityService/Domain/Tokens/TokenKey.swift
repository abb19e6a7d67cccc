import Crypto
import Foundation

/// A key that access tokens are signed with, and its times, in microseconds since 1970.
struct TokenKey: Sendable, Equatable {
    /// The key's thumbprint (RFC 7638): what tokens name it by, `kid`.
    let id: String
    /// Grows by one from key to key: what keeps two instances from making the same next key.
    let number: Int64
    /// Ed25519, 32 bytes.
    let publicKey: [UInt8]
    /// The private key under AEAD.
    let sealedPrivateKey: [UInt8]
    let createdAt: Int64
    /// From when it signs. Until then it is published only, so that all who verify know it in time.
    let activeAt: Int64
    /// When its successor signs in its place.
    let retiredAt: Int64
    /// When the last token that it signed is over, so that it need not be published any more.
    let expiresAt: Int64

    /// The thumbprint of a public key of Ed25519 (RFC 7638, 3; RFC 8037, 2).
    static func thumbprint(_ publicKey: [UInt8]) -> String {
        let text = #"{"crv":"Ed25519","kty":"OKP","x":"\#(base64URL(publicKey))"}"#
        return base64URL(Array(SHA256.hash(data: Data(text.utf8))))
    }

    static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

/// When keys are made, sign and are forgotten.
struct TokenKeySchedule: Sendable {
    /// How long a key signs.
    var rotation: Duration = .seconds(30 * 86_400)
    /// How long before it signs a key is published.
    var publication: Duration = .seconds(86_400)
    /// How long a key is published after it signed last: a token's life, and what clocks may be apart.
    var tail: Duration = .seconds(600)

    /// A step that is due.
    enum Step: Sendable, Equatable {
        /// A key is to be made that signs in this time.
        case make(number: Int64, activeAt: Int64, retiredAt: Int64, expiresAt: Int64)
        /// A key's last token is over.
        case forget(id: String)
    }

    /// What is due.
    ///
    /// - Parameter keys: All that there are.
    /// - Parameter now: Microseconds since 1970.
    func steps(_ keys: [TokenKey], now: Int64) -> [Step] {
        var steps = keys.filter { $0.expiresAt <= now }.map { Step.forget(id: $0.id) }
        let last = keys.max { $0.number < $1.number }
        // After a time in which nobody looked, the next key is needed at once; it is known from its first token on.
        let due = last.map { $0.retiredAt - publication.microseconds } ?? now
        if due <= now {
            let activeAt = max(last?.retiredAt ?? now, now)
            let retiredAt = activeAt + rotation.microseconds
            steps.append(
                .make(
                    number: (last?.number ?? 0) + 1, activeAt: activeAt, retiredAt: retiredAt,
                    expiresAt: retiredAt + tail.microseconds))
        }
        return steps
    }

    /// The key that signs now: the newest one whose time has come.
    static func signing(_ keys: [TokenKey], now: Int64) -> TokenKey? {
        keys.filter { $0.activeAt <= now && now < $0.retiredAt }.max { $0.number < $1.number }
    }
}

extension Duration {
    /// Whole microseconds, as times in tables.
    var microseconds: Int64 { Int64(self / .microseconds(1)) }
    /// Whole milliseconds, as times in tokens.
    var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
