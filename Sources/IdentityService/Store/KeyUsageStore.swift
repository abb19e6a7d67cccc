import Persistence

/// The use of a secret, as a gateway reports it.
struct KeyUsage: Sendable, Hashable {
    let key: String
    let secret: String
    let usedAtMilliseconds: Int64
}

/// Keeps when keys and their secrets were last used.
struct KeyUsageStore: Sendable {
    let store: Store
    let environment: IdentityEnvironment
    /// Secrets that one statement writes.
    let batch: Int

    /// Keeps uses that are later than what is known. What is unknown by now is left out, and what would be in the future is
    /// now: a gateway's clock is not believed further than that.
    func keep(_ usages: [KeyUsage]) async throws {
        let now = environment.now()
        var (bySecret, byKey): ([String: (key: String, time: Int64)], [String: Int64]) = ([:], [:])
        for usage in usages where usage.usedAtMilliseconds > 0 {
            let (product, overflows) = usage.usedAtMilliseconds.multipliedReportingOverflow(by: 1_000)
            let time = overflows ? now : min(product, now)
            bySecret[usage.secret] = (usage.key, max(bySecret[usage.secret]?.time ?? 0, time))
        }
        for use in bySecret.values { byKey[use.key] = max(byKey[use.key] ?? 0, use.time) }
        // In order, so that reports that come together wait for each other rather than block each other.
        let secrets = bySecret.map { (id: $0.key, key: $0.value.key, time: $0.value.time) }.sorted { $0.id < $1.id }
        for start in stride(from: 0, to: secrets.count, by: batch) {
            let rows = SQL.joined(
                secrets[start..<min(start + batch, secrets.count)].map { "(\($0.id), \($0.key), \($0.time))" as SQL },
                separator: ", ")
            try await store.system(.keepUsage).write(.readCommitted) { tx in
                try tx.run(
                    """
                    WITH used (secret, key, used_at) AS (VALUES \(rows))
                    UPDATE api_key_secrets SET last_used_at = used.used_at FROM used
                    WHERE api_key_secrets.id = used.secret AND api_key_secrets.key = used.key
                        AND (api_key_secrets.last_used_at IS NULL OR api_key_secrets.last_used_at < used.used_at)
                    """)
            }
        }
        let keys = byKey.sorted { $0.key < $1.key }
        for start in stride(from: 0, to: keys.count, by: batch) {
            let rows = SQL.joined(
                keys[start..<min(start + batch, keys.count)].map { "(\($0.key), \($0.value))" as SQL }, separator: ", ")
            try await store.system(.keepUsage).write(.readCommitted) { tx in
                try tx.run(
                    """
                    WITH used (key, used_at) AS (VALUES \(rows))
                    UPDATE api_keys SET last_used_at = used.used_at FROM used
                    WHERE api_keys.id = used.key
                        AND (api_keys.last_used_at IS NULL OR api_keys.last_used_at < used.used_at)
                    """)
            }
        }
    }
}
