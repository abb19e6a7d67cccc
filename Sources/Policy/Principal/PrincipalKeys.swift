public import Crypto
import Synchronization

/// The keys that principals may be signed with, as Identity lists them.
public final class PrincipalKeys: Sendable {
    /// A key and who may use it.
    public struct Key: Sendable {
        let publicKey: Curve25519.Signing.PublicKey
        /// SHA-256 of the certificates of the gateway that holds the key, in lower-case hexadecimal; nil: of any. Two
        /// while a certificate is replaced: calls go on over connections that the old one made.
        let certificateFingerprints: Set<String>?

        /// A key, and the certificate that it goes with.
        public init(publicKey: Curve25519.Signing.PublicKey, certificateFingerprint: String?) {
            self.init(publicKey: publicKey, certificateFingerprints: certificateFingerprint.map { [$0] })
        }

        /// A key, and the certificates that it goes with; nil: any.
        public init(publicKey: Curve25519.Signing.PublicKey, certificateFingerprints: Set<String>?) {
            (self.publicKey, self.certificateFingerprints) = (publicKey, certificateFingerprints)
        }
    }

    private let fixed: [String: Key]
    private let keys: Mutex<[String: Key]>
    /// Beside the lock, as each call asks for it.
    private let replacements = Atomic<Int>(0)

    /// Starts with some keys, by their identifiers.
    ///
    /// - Parameter fixed: Keys that stay, whatever replaces the others.
    public init(_ keys: [String: Key] = [:], fixed: [String: Key] = [:]) {
        self.fixed = fixed
        self.keys = Mutex(keys.merging(fixed) { _, fixed in fixed })
    }

    /// Replaces all keys but the fixed ones. What was verified with the old ones is verified anew.
    public func replace(with keys: [String: Key]) {
        self.keys.withLock { all in
            all = keys.merging(fixed) { _, fixed in fixed }
            replacements.add(1, ordering: .releasing)
        }
    }

    /// Whether there are keys that stay.
    public var hasFixed: Bool { !fixed.isEmpty }

    func key(_ id: String) -> Key? { keys.withLock { $0[id] } }

    /// Changes when the keys do.
    var generation: Int { replacements.load(ordering: .acquiring) }
}
