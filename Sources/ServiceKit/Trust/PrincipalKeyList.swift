import Crypto
import IdentityContract
import Policy

/// What a process knows of the keys that principals are signed with. A value: it decides, and does nothing.
struct PrincipalKeyList {
    /// A key as Identity lists it.
    struct Entry: Hashable {
        let publicKey: [UInt8]
        /// Empty: of any certificate.
        let fingerprint: String
        /// Milliseconds since 1970.
        let expiresAt: Int64
    }

    private(set) var entries: [String: Entry] = [:]
    /// Whether Identity has told anything yet.
    private(set) var hasHeard = false

    /// Takes what Identity tells, which is always all keys.
    ///
    /// - Returns: Whether that is something new.
    mutating func take(_ told: Datavault_Identity_V1_PrincipalKeys, now: Int64, maximum: Int) -> Bool {
        hasHeard = true
        var taken: [String: Entry] = [:]
        for key in told.keys where taken.count < maximum && !key.id.isEmpty && key.expiresAtMs > now {
            taken[key.id] = Entry(
                publicKey: Array(key.publicKey), fingerprint: key.certificateFingerprint, expiresAt: key.expiresAtMs)
        }
        defer { entries = taken }
        return taken != entries
    }

    /// Drops keys whose listing is over.
    ///
    /// - Returns: Whether there were any.
    mutating func expire(now: Int64) -> Bool {
        let living = entries.filter { $0.value.expiresAt > now }
        defer { entries = living }
        return living.count != entries.count
    }

    /// The keys for a verifier; what is no key of Ed25519 is left out.
    var keys: [String: PrincipalKeys.Key] {
        entries.compactMapValues { entry in
            guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: entry.publicKey) else { return nil }
            return PrincipalKeys.Key(
                publicKey: key, certificateFingerprint: entry.fingerprint.isEmpty ? nil : entry.fingerprint)
        }
    }
}
