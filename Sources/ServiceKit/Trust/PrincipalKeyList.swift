import Crypto
import IdentityContract
import Policy

/// What a process knows of the keys that principals are signed with. A value: it decides, and does nothing.
struct PrincipalKeyList {
    /// A key as Identity lists it: once for each certificate that it goes with.
    struct Entry: Hashable {
        let id: String
        let publicKey: [UInt8]
        /// Empty: of any certificate.
        let fingerprint: String
        /// Milliseconds since 1970.
        let expiresAt: Int64
    }

    private(set) var entries: Set<Entry> = []
    /// Whether Identity has told anything yet.
    private(set) var hasHeard = false

    /// Takes what Identity tells, which is always all keys.
    ///
    /// - Returns: Whether that is something new.
    mutating func take(_ told: Datavault_Identity_V1_PrincipalKeys, now: Int64, maximum: Int) -> Bool {
        hasHeard = true
        var taken: Set<Entry> = []
        for key in told.keys where taken.count < maximum && !key.id.isEmpty && key.expiresAtMs > now {
            taken.insert(
                Entry(
                    id: key.id, publicKey: Array(key.publicKey), fingerprint: key.certificateFingerprint,
                    expiresAt: key.expiresAtMs))
        }
        defer { entries = taken }
        return taken != entries
    }

    /// Drops keys whose listing is over.
    ///
    /// - Returns: Whether there were any.
    mutating func expire(now: Int64) -> Bool {
        let living = entries.filter { $0.expiresAt > now }
        defer { entries = living }
        return living.count != entries.count
    }

    /// The keys for a verifier; what is no key of Ed25519 is left out.
    var keys: [String: PrincipalKeys.Key] {
        Dictionary(grouping: entries, by: \.id).compactMapValues { listings in
            // One identifier for two keys is somebody's error or attack: neither is believed.
            guard let bytes = listings.first?.publicKey, listings.allSatisfy({ $0.publicKey == bytes }),
                let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)
            else { return nil }
            let fingerprints = Set(listings.map(\.fingerprint))
            return PrincipalKeys.Key(
                publicKey: key, certificateFingerprints: fingerprints.contains("") ? nil : fingerprints)
        }
    }
}
