import Crypto
import FoundationEssentials
import PolicyContract
import PolicyModel
import SwiftProtobuf
import Synchronization

/// Verifies principals offline, and remembers verdicts, as a look-up costs a small part of a signature.
public final class PrincipalVerifier: Sendable {
    /// How many verdicts are remembered; twice as many for a moment, while the older half is still of use.
    public static let defaultCacheSize = 4_096

    /// Why a principal is not believed.
    public enum Refusal: Error, Hashable {
        /// No token, an unknown key, a wrong signature, or nonsense inside.
        case invalid
        /// It is not good yet, or any more.
        case expired
    }

    /// A principal whose signature is right.
    package struct Verdict: Sendable {
        package let principal: VerifiedPrincipal
        /// The certificates that the key belongs to; nil if to any.
        package let certificateFingerprints: Set<String>?
    }

    /// A token as a key. Arrays hash each of their elements, which takes longer than all the rest of a look-up.
    private struct Token: Hashable {
        let bytes: [UInt8]

        func hash(into hasher: inout Hasher) {
            unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        }
    }

    private struct Cache {
        var generation = 0
        var young: [Token: Verdict] = [:]
        var old: [Token: Verdict] = [:]
    }

    /// How far the clocks of two machines may be apart, in milliseconds.
    static let clockSkew: Int64 = 5_000

    private let keys: PrincipalKeys
    private let cacheSize: Int
    private let cache = Mutex(Cache())

    /// - Parameter cacheSize: How many verdicts are remembered.
    public init(keys: PrincipalKeys, cacheSize: Int = PrincipalVerifier.defaultCacheSize) {
        (self.keys, self.cacheSize) = (keys, cacheSize)
    }

    /// Verifies a token.
    ///
    /// - Parameter now: Milliseconds since 1970.
    package func verify(_ token: [UInt8], now: Int64) throws(Refusal) -> Verdict {
        guard token.count <= PrincipalToken.maxSize else { throw .invalid }
        let generation = keys.generation
        let key = Token(bytes: token)
        let verdict: Verdict
        if let known = recall(key, generation) {
            verdict = known
        } else {
            verdict = try check(token)
            remember(verdict, for: key, generation)
        }
        let principal = verdict.principal
        guard principal.issuedAt <= now + Self.clockSkew, now < principal.expiresAt else { throw .expired }
        return verdict
    }

    private func check(_ token: [UInt8]) throws(Refusal) -> Verdict {
        guard
            let signed = try? Datavault_Policy_V1_SignedPrincipal(serializedBytes: token),
            let key = keys.key(signed.keyID),
            key.publicKey.isValidSignature(signed.signature, for: PrincipalToken.signedBytes(signed.principal)),
            let principal = PrincipalToken.decode(signed.principal, keyID: signed.keyID),
            principal.expiresAt > principal.issuedAt,
            // Two far apart could wrap around to a short time.
            principal.expiresAt.subtractingReportingOverflow(principal.issuedAt).overflow == false,
            principal.expiresAt - principal.issuedAt <= PrincipalToken.maxLifetime
        else { throw .invalid }
        return Verdict(principal: principal, certificateFingerprints: key.certificateFingerprints)
    }

    // MARK: Verdicts

    private func recall(_ token: Token, _ generation: Int) -> Verdict? {
        cache.withLock { cache in
            guard cache.generation == generation else { return nil }
            if let verdict = cache.young[token] { return verdict }
            guard let verdict = cache.old[token] else { return nil }
            Self.insert(verdict, for: token, into: &cache, size: cacheSize)
            return verdict
        }
    }

    private func remember(_ verdict: Verdict, for token: Token, _ generation: Int) {
        cache.withLock { cache in
            // A key may have been withdrawn while the signature was verified.
            if generation > cache.generation { cache = Cache(generation: generation) }
            guard generation == cache.generation else { return }
            Self.insert(verdict, for: token, into: &cache, size: cacheSize)
        }
    }

    /// Two halves: when the young one is full, it becomes the old one, and what nobody asked for since is gone.
    private static func insert(_ verdict: Verdict, for token: Token, into cache: inout Cache, size: Int) {
        if cache.young.count >= size { (cache.old, cache.young) = (cache.young, [:]) }
        cache.young[token] = verdict
    }

    var rememberedCount: Int { cache.withLock { $0.young.count + $0.old.count } }
}
