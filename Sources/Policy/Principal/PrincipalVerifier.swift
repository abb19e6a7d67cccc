import Crypto
import FoundationEssentials
import PolicyContract
import PolicyModel
import SwiftProtobuf
import Synchronization
import Wire

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

    /// A principal whose signature is right. A class, as a call takes it from those that are remembered.
    package final class Verdict: Sendable {
        package let principal: VerifiedPrincipal
        /// The certificates that the key belongs to; nil if to any.
        package let certificateFingerprints: Set<String>?
        /// The token itself, decoded.
        package let token: [UInt8]

        init(_ principal: VerifiedPrincipal, certificateFingerprints: Set<String>?, token: [UInt8]) {
            (self.principal, self.certificateFingerprints, self.token) = (principal, certificateFingerprints, token)
        }
    }

    /// A verdict with what was presented for it. Found by a hash of that and compared with it; of two with one hash, which
    /// a seed keeps from being made on purpose, the later is remembered.
    private struct Remembered {
        let presented: [UInt8]
        let verdict: Verdict

        func isFor(_ bytes: UnsafeRawBufferPointer) -> Bool {
            presented.count == bytes.count
                && (unsafe presented.withUnsafeBytes {
                    unsafe wireEqual($0.baseAddress, bytes.baseAddress, bytes.count)
                })
        }
    }

    private struct Cache {
        var generation = 0
        var young: [UInt64: Remembered] = [:]
        var old: [UInt64: Remembered] = [:]
    }

    /// How far the clocks of two machines may be apart, in milliseconds.
    static let clockSkew: Int64 = 5_000

    private let keys: PrincipalKeys
    private let cacheSize: Int
    private let cache = Mutex(Cache())
    private let seed = PresentedHash.Seed()

    /// - Parameter cacheSize: How many verdicts are remembered.
    public init(keys: PrincipalKeys, cacheSize: Int = PrincipalVerifier.defaultCacheSize) {
        (self.keys, self.cacheSize) = (keys, cacheSize)
    }

    /// Verifies a token.
    ///
    /// - Parameter now: Milliseconds since 1970.
    package func verify(_ token: [UInt8], now: Int64) throws(Refusal) -> Verdict {
        // Two closures would leave `throws(Refusal)` to inference, which gives it up.
        let result: Result<Verdict, Refusal> = unsafe token.withUnsafeBytes { bytes in
            unsafe verify(presented: bytes, now: now) { token }
        }
        return try result.get()
    }

    /// Verifies a token as it was presented: encoded. What is remembered is found by that, so that most are never decoded.
    ///
    /// A token and another's encoded form are never the same bytes: tokens begin with what no base64 has.
    ///
    /// - Parameters:
    ///   - now: Milliseconds since 1970.
    ///   - decoded: The token; nil for what is none.
    package func verify(
        presented bytes: UnsafeRawBufferPointer, now: Int64, decoded: () -> [UInt8]?
    ) -> Result<Verdict, Refusal> {
        // Base64 takes four bytes for three.
        guard bytes.count <= PrincipalToken.maxSize / 3 * 4 + 4 else { return .failure(.invalid) }
        let generation = keys.generation
        let hash = unsafe PresentedHash.of(bytes, seed)
        let verdict: Verdict
        if let known = unsafe recall(bytes, hash, generation) {
            verdict = known
        } else {
            guard let token = decoded(), let checked = check(token) else { return .failure(.invalid) }
            verdict = checked
            remember(Remembered(presented: unsafe Array(bytes), verdict: verdict), hash, generation)
        }
        let principal = verdict.principal
        guard principal.issuedAt <= now + Self.clockSkew, now < principal.expiresAt else { return .failure(.expired) }
        return .success(verdict)
    }

    private func check(_ token: [UInt8]) -> Verdict? {
        guard token.count <= PrincipalToken.maxSize,
            let signed = try? Datavault_Policy_V1_SignedPrincipal(serializedBytes: token),
            let key = keys.key(signed.keyID),
            key.publicKey.isValidSignature(signed.signature, for: PrincipalToken.signedBytes(signed.principal)),
            let principal = PrincipalToken.decode(signed.principal, keyID: signed.keyID),
            principal.expiresAt > principal.issuedAt,
            // Two far apart could wrap around to a short time.
            principal.expiresAt.subtractingReportingOverflow(principal.issuedAt).overflow == false,
            principal.expiresAt - principal.issuedAt <= PrincipalToken.maxLifetime
        else { return nil }
        return Verdict(principal, certificateFingerprints: key.certificateFingerprints, token: token)
    }

    // MARK: Verdicts

    private func recall(_ bytes: UnsafeRawBufferPointer, _ hash: UInt64, _ generation: Int) -> Verdict? {
        cache.withLock { cache in
            guard cache.generation == generation else { return nil }
            if let found = cache.young[hash], unsafe found.isFor(bytes) { return found.verdict }
            guard let found = cache.old[hash], unsafe found.isFor(bytes) else { return nil }
            Self.insert(found, hash, into: &cache, size: cacheSize)
            return found.verdict
        }
    }

    private func remember(_ found: Remembered, _ hash: UInt64, _ generation: Int) {
        cache.withLock { cache in
            // A key may have been withdrawn while the signature was verified.
            if generation > cache.generation { cache = Cache(generation: generation) }
            guard generation == cache.generation else { return }
            Self.insert(found, hash, into: &cache, size: cacheSize)
        }
    }

    /// Two halves: when the young one is full, it becomes the old one, and what nobody asked for since is gone.
    private static func insert(_ found: Remembered, _ hash: UInt64, into cache: inout Cache, size: Int) {
        if cache.young.count >= size { (cache.old, cache.young) = (cache.young, [:]) }
        cache.young[hash] = found
    }

    var rememberedCount: Int { cache.withLock { $0.young.count + $0.old.count } }
}
