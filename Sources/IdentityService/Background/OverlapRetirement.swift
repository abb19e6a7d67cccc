import Logging
import Persistence
import PolicyModel
import ServiceKit
import ServiceLifecycle

extension SystemReason {
    static let findMovedTraffic = SystemReason("find rotations whose traffic has moved to the new secret")
}

/// Ends old secrets before their overlap does, once every use is of the new one.
struct OverlapRetirement: Service {
    /// A rotation that is not over.
    private struct Overlap: RowDecodable {
        let organization: OrganizationID
        let key: String
        let kind: ApiKeySecret.Kind
        let oldUsedAt: Int64?
        let newUsedAt: Int64?
        let rotatedAt: Int64

        init(row: Row) throws {
            organization = OrganizationID(try row["organization"])
            (key, kind) = (try row["key"], try row["kind"])
            (oldUsedAt, newUsedAt, rotatedAt) = (try row["old_used"], try row["new_used"], try row["rotated_at"])
        }
    }

    let core: IdentityCore
    let keys: ApiKeys
    let logger: Logger

    /// Rotations that one round looks at.
    private static let batch = 1_000

    /// Looks until its task is cancelled or the group shuts down.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { _ = try await round() } catch  where !Task.isCancelled {
                    logger.warning("rotations could not be looked at", metadata: ["error": "\(error)"])
                } catch {}
                try? await Task.sleep(for: keys.configuration.retirementInterval)
            }
        }
    }

    /// Looks once.
    ///
    /// - Returns: How many secrets were retired.
    func round() async throws -> Int {
        let now = core.environment.now()
        let open = try await core.store.system(.findMovedTraffic).read { tx in
            try tx.all(
                Overlap.self,
                """
                SELECT former.organization AS organization, former.key AS key, former.kind AS kind,
                    former.last_used_at AS old_used, later.last_used_at AS new_used, later.created_at AS rotated_at
                FROM api_key_secrets AS former
                JOIN api_key_secrets AS later ON later.key = former.key AND later.kind = former.kind
                    AND later.expires_at IS NULL AND later.last_used_at IS NOT NULL
                WHERE former.expires_at IS NOT NULL AND former.expires_at > \(now)
                ORDER BY former.expires_at LIMIT \(Self.batch)
                """)
        }
        var count = 0
        for overlap in open where hasMoved(overlap.oldUsedAt, overlap.newUsedAt, overlap.rotatedAt) {
            if try await retire(overlap, now: now) { count += 1 }
        }
        return count
    }

    private func hasMoved(_ oldUsedAt: Int64?, _ newUsedAt: Int64?, _ rotatedAt: Int64) -> Bool {
        RotationRules.hasMoved(
            oldUsedAt: oldUsedAt, newUsedAt: newUsedAt, rotatedAt: rotatedAt,
            quiet: keys.configuration.quiet.wholeMicroseconds)
    }

    /// - Returns: Whether the old secret was retired: another instance, or a late report of a use, may have been first.
    private func retire(_ overlap: Overlap, now: Int64) async throws -> Bool {
        let (core, keys, organization) = (core, keys, overlap.organization)
        return try await core.store.scoped(organization).write { tx in
            guard let key = try ApiKeyStore.key(overlap.key, of: organization, in: tx), key.state(at: now) == .active
            else { return false }
            let secrets = try ApiKeySecretStore.working(of: key.id, of: organization, now: now, in: tx)
            let own = secrets.filter { $0.kind == overlap.kind }
            guard own.count == 2, hasMoved(own[1].lastUsedAt, own[0].lastUsedAt, own[0].createdAt) else { return false }
            try ApiKeySecretStore.end(own[1].id, at: now, of: organization, in: tx)
            let changed = try keys.change(key, now: now, in: tx)
            let rest = secrets.filter { $0.id != own[1].id }
            try core.audit.record(
                "api_key.retire_secret", of: organization, resource: key.name,
                .key(before: ApiKeyMessage(key, secrets, at: now), after: ApiKeyMessage(changed, rest, at: now)), in: tx
            )
            return true
        }
    }
}
