import Policy
import PolicyModel
import Synchronization
import Wire

/// Signs principals, and keeps them: one signature serves all calls of a caller to a method for most of a minute.
final class PrincipalMint: Sendable {
    /// How principals are made.
    struct Configuration: Sendable {
        /// Milliseconds that one is good for; services take no more than a minute.
        var lifetime: Int64 = 60_000
        /// Milliseconds before its end from which one is not handed out any more: calls take time to arrive.
        var margin: Int64 = 15_000
        /// Principals that are kept, and twice as many for a moment.
        var cacheSize = 16_384
    }

    /// Why there is no principal.
    enum Refusal: Error {
        /// No key of this gateway is listed at the moment.
        case noKey
        /// The principal is larger than services take.
        case tooLarge
        case failed(any Error)
    }

    private struct Key: Hashable {
        let caller: UInt64
        let method: String
        let methodHash: Int
        let source: String
        let strength: VerifiedPrincipal.Strength

        static func == (left: Key, right: Key) -> Bool {
            left.caller == right.caller && left.methodHash == right.methodHash && left.strength == right.strength
                && left.source == right.source && left.method == right.method
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(caller)
            hasher.combine(methodHash)
            hasher.combine(source)
        }
    }

    /// A principal in both of its forms.
    final class Signed: Sendable {
        /// As `datavault-principal-bin` holds it.
        let bytes: [UInt8]
        /// The field itself, and the caller's address: what goes along with each call.
        let metadata: PreparedMetadata
        /// In milliseconds since 1970.
        let expiresAt: Int64
        let keyID: String

        fileprivate init(_ bytes: [UInt8], from source: String, expiresAt: Int64, keyID: String) throws(Refusal) {
            (self.bytes, self.expiresAt, self.keyID) = (bytes, expiresAt, keyID)
            var metadata = Metadata()
            metadata.add(PrincipalToken.metadataName, bytes: bytes)
            metadata.add(CallTerms.sourceAddressName, source)
            do { self.metadata = try PreparedMetadata(metadata) } catch { throw .failed(error) }
        }
    }

    private let ring: PrincipalKeyRing
    private let configuration: Configuration
    private let kept: Mutex<BoundedCache<Key, Signed>>

    init(_ ring: PrincipalKeyRing, configuration: Configuration = Configuration()) {
        (self.ring, self.configuration) = (ring, configuration)
        kept = Mutex(BoundedCache(size: configuration.cacheSize))
    }

    /// A principal's signed form, as bytes.
    func principal(
        of caller: KnownCaller, for method: AdmittedMethod, from source: String, strength: VerifiedPrincipal.Strength,
        now: Int64
    ) throws(Refusal) -> [UInt8] {
        try signed(caller, for: method, from: source, strength: strength, now: now).bytes
    }

    /// A principal's signed form.
    ///
    /// - Parameters:
    ///   - source: The address that the caller comes from, as text.
    ///   - now: Milliseconds since 1970.
    func signed(
        _ caller: KnownCaller, for method: AdmittedMethod, from source: String, strength: VerifiedPrincipal.Strength,
        now: Int64
    ) throws(Refusal) -> Signed {
        let key = Key(
            caller: caller.serial, method: method.path, methodHash: method.hash, source: source, strength: strength)
        guard let entry = ring.current, now < entry.listedUntil else { throw .noKey }
        if let known = kept.withLock({ $0.value(key) }), known.keyID == entry.id,
            now + configuration.margin < known.expiresAt || known.expiresAt >= caller.expiresAt, now < known.expiresAt
        {
            return known
        }
        let expiresAt = min(now + min(configuration.lifetime, PrincipalToken.maxLifetime), caller.expiresAt)
        let principal = VerifiedPrincipal(
            organization: caller.organization, subject: caller.subject, kind: caller.kind,
            permissions: caller.permissions, sourceAddress: source, strength: strength, audience: method.role,
            method: method.path, issuedAt: now, expiresAt: expiresAt, keyID: entry.id)
        let bytes: [UInt8]
        do { bytes = try entry.signer.sign(principal) } catch { throw .failed(error) }
        guard bytes.count <= PrincipalToken.maxSize else { throw .tooLarge }
        let signed = try Signed(bytes, from: source, expiresAt: expiresAt, keyID: entry.id)
        kept.withLock { $0.insert(signed, for: key) }
        return signed
    }
}
