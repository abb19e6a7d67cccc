/// Rules of keys that the contract cannot state.
enum ApiKeyRules {
    /// The scopes of a key that is made.
    ///
    /// - Parameters:
    ///   - asked: None: all that the maker may do.
    ///   - held: What the maker may do at the moment.
    /// - Returns: Sorted, each once.
    static func scopes(
        asked: [String], held: Set<String>, declared: Set<String>
    ) throws(IdentityError) -> [String] {
        try asked.isEmpty ? held.sorted() : scopes(changedTo: asked, from: [], held: held, declared: declared)
    }

    /// The scopes of a key that is changed: who changes it need not hold those that it had before.
    static func scopes(
        changedTo asked: [String], from former: [String], held: Set<String>, declared: Set<String>
    ) throws(IdentityError) -> [String] {
        for scope in asked where !declared.contains(scope) { throw .permissionUnknown(scope) }
        let former = Set(former)
        for scope in asked where !former.contains(scope) && !held.contains(scope) { throw .permissionNotHeld(scope) }
        return Set(asked).sorted()
    }

    /// What a key may do: its scopes, as far as its owner may do it now.
    ///
    /// - Parameter owned: What the owner may do; nil if the owner is disabled or gone: the key does not work.
    static func permissions(scopes: [String], owned: Set<String>?) -> [String]? {
        owned.map { owned in scopes.filter(owned.contains) }
    }

    static func check(expiry: Int64?, now: Int64) throws(IdentityError) {
        if let expiry, expiry <= now {
            throw .fieldInvalid(field: "api_key.expire_time", problem: "must be in the future")
        }
    }
}

/// Rules of rotation: a key has the newest secret of each kind, and for an overlap the one before it.
enum RotationRules {
    /// What becomes of the present secrets of a kind when a new one is made.
    ///
    /// - Returns: The newest one's identifier and when it ends; nil if there is none that works.
    /// - Throws: `IdentityError.rotationUnfinished` if an earlier one still works: a third would leave nobody sure which
    ///   one is to be replaced.
    static func overlap(
        of secrets: [ApiKeySecret], lasting overlap: Int64, now: Int64
    ) throws(IdentityError) -> (id: String, until: Int64)? {
        let working = secrets.filter { $0.works(at: now) }
        guard working.count <= 1 else { throw .rotationUnfinished }
        guard let newest = working.first else { return nil }
        let (sum, overflows) = now.addingReportingOverflow(overlap)
        let end = overflows ? Int64.max : sum
        return (newest.id, min(newest.expiresAt ?? .max, end))
    }

    /// Whether the traffic has moved from an old secret to the new one, so that the old one can end before its overlap.
    ///
    /// It has if the new one was used when the old one had been out of use for `quiet`. Only uses are compared, not the
    /// time of day: reports that come late, or not at all, delay the end and never bring it forward.
    ///
    /// - Parameters:
    ///   - rotatedAt: When the new one was made; nothing before that counts for quiet.
    ///   - quiet: Microseconds.
    static func hasMoved(oldUsedAt: Int64?, newUsedAt: Int64?, rotatedAt: Int64, quiet: Int64) -> Bool {
        guard let newUsedAt else { return false }
        let last = max(oldUsedAt ?? rotatedAt, rotatedAt)
        let (elapsed, overflows) = newUsedAt.subtractingReportingOverflow(last)
        return !overflows && elapsed >= quiet
    }
}
