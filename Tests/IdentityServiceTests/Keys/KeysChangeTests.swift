import ComplianceContract
import Foundation
import IdentityContract
import Policy
import SwiftProtobuf
import Testing
import Wire

@testable import IdentityService
@testable import Persistence

/// Keys change, rotate and end.
@Suite(.timeLimit(.minutes(5))) struct KeysChangeTests {
    @Test(arguments: stores) func fieldsOfTheMaskChange(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, setting in
            let admin = try await identity.organization()
            let name = try await identity.create(admin).apiKey.name
            let renamed = try await identity.update(admin, name) { $0.displayName = "new name" }
            #expect(renamed.displayName == "new name")
            #expect(renamed.scopes == admin.permissions.sorted())
            let narrowed = try await identity.update(admin, name, mask: ["scopes", "allowed_networks"]) {
                $0.displayName = "ignored"
                $0.scopes = ["notes.read"]
                $0.allowedNetworks = ["192.0.2.1"]
                $0.etag = renamed.etag
            }
            #expect(narrowed.displayName == "new name")
            #expect(narrowed.scopes == ["notes.read"])
            #expect(narrowed.allowedNetworks == ["192.0.2.1"])
            let stale = try await refusal {
                try await identity.update(admin, name) {
                    $0.displayName = "x"
                    $0.etag = renamed.etag
                }
            }
            #expect(stale.code == .aborted)
            #expect(stale.reason == "ETAG_MISMATCH")
            let immutable = try await refusal { try await identity.update(admin, name, mask: ["owner"]) { _ in } }
            #expect(immutable.reason == "FIELD_IMMUTABLE")
            #expect(immutable.metadata == ["field": "owner"])
            let network = try await refusal { try await identity.update(admin, name) { $0.allowedNetworks = ["x.y"] } }
            #expect(network.metadata == ["field": "api_key.allowed_networks[0]"])
            let soon = Int64(setting.clock.now / 1_000_000) + 3_600
            let ending = try await identity.update(admin, name) { $0.expireTime.seconds = soon }
            #expect(ending.expireTime.seconds == soon)
            let cleared = try await identity.update(admin, name, mask: ["expire_time"]) { _ in }
            #expect(!cleared.hasExpireTime)
            let past = try await refusal {
                try await identity.update(admin, name, mask: ["expire_time"]) { $0.expireTime.seconds = 1 }
            }
            #expect(past.fields == ["api_key.expire_time"])
        }
    }

    @Test(arguments: stores) func newScopesAreHeldByWhoeverGivesThem(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, _ in
            let admin = try await identity.organization()
            let name = try await identity.create(admin).apiKey.name
            var limited = admin
            limited.permissions = ["api_keys.write", "notes.read"]
            let caller = limited
            // Those that it had may stay; others are given by who holds them.
            let kept = try await identity.update(caller, name, mask: ["scopes"]) { $0.scopes = ["users.write"] }
            #expect(kept.scopes == ["users.write"])
            let refused = try await refusal {
                try await identity.update(caller, name, mask: ["scopes"]) { $0.scopes = ["users.write", "users.read"] }
            }
            #expect(refused.code == .permissionDenied)
            #expect(refused.metadata == ["permission": "users.read"])
            let held = try await identity.update(caller, name, mask: ["scopes"]) { $0.scopes = ["notes.read"] }
            #expect(held.scopes == ["notes.read"])
            let unknown = try await refusal {
                try await identity.update(caller, name, mask: ["scopes"]) { $0.scopes = ["no.such"] }
            }
            #expect(unknown.reason == "PERMISSION_UNKNOWN")
        }
    }

    @Test(arguments: stores) func bothSecretsWorkForTheOverlap(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, setting in
            let admin = try await identity.organization()
            let made = try await identity.create(admin)
            let rotated = try await identity.rotate(admin, made.apiKey.name, overlap: 600)
            #expect(ApiKeyText(rotated.secret) != nil)
            #expect(rotated.secret != made.secret)
            #expect(rotated.signingSecret.isEmpty)
            #expect(rotated.apiKey.prefix == ApiKeyText(rotated.secret)?.shownPrefix)
            #expect(rotated.apiKey.hasOldSecretExpireTime)
            #expect(!rotated.apiKey.hasOldSigningSecretExpireTime)
            #expect(rotated.apiKey.etag != made.apiKey.etag)
            let again = try await refusal { try await identity.rotate(admin, made.apiKey.name) }
            #expect(again.code == .failedPrecondition)
            #expect(again.reason == "ROTATION_UNFINISHED")
            // The other kind has a rotation of its own.
            let signing = try await identity.rotateSigning(admin, made.apiKey.name, overlap: 600)
            #expect(signing.signingSecret.count == 43)
            #expect(signing.secret.isEmpty)
            #expect(signing.apiKey.hasOldSigningSecretExpireTime)
            let unfinished = try await refusal { try await identity.rotateSigning(admin, made.apiKey.name) }
            #expect(unfinished.reason == "ROTATION_UNFINISHED")
            setting.clock.advance(.seconds(601))
            let after = try await identity.get(admin, made.apiKey.name)
            #expect(!after.hasOldSecretExpireTime)
            // At once, and by the service's choice.
            let atOnce = try await identity.rotate(admin, made.apiKey.name, overlap: 0)
            #expect(!atOnce.apiKey.hasOldSecretExpireTime)
            let daily = try await identity.rotate(admin, made.apiKey.name)
            let end = Int64(setting.clock.now / 1_000_000) + 86_400
            #expect((end - 60...end + 60).contains(daily.apiKey.oldSecretExpireTime.seconds))
        }
    }

    @Test(arguments: stores) func ofManyRotationsAtOnceOneHappens(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, _ in
            let admin = try await identity.organization()
            let name = try await identity.create(admin).apiKey.name
            let outcomes = await withTaskGroup(of: String.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        do { return try await identity.rotate(admin, name).secret } catch let error as RPCError {
                            return (try? await refusal { throw error } as Refusal)?.reason ?? ""
                        } catch { return "\(error)" }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count(where: { $0.hasPrefix(ApiKeyText.prefix) }) == 1)
            #expect(outcomes.count(where: { $0 == "ROTATION_UNFINISHED" }) == 7)
            let secrets = try await identity.core.store.system(.test).read { tx in
                try tx.value(Int.self, "SELECT count(*) FROM api_key_secrets WHERE kind = 'secret'")
            }
            #expect(secrets == 2)
        }
    }

    @Test(arguments: stores) func aRevokedKeyNeverWorksAgain(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, _ in
            let admin = try await identity.organization()
            let name = try await identity.create(admin).apiKey.name
            let revoked = try await identity.revoke(admin, name)
            #expect(revoked.state == .revoked)
            let again = try await identity.revoke(admin, name)
            #expect(again == revoked)
            let calls: [() async throws -> Any] = [
                { try await identity.update(admin, name) { $0.displayName = "x" } },
                { try await identity.rotate(admin, name) }, { try await identity.rotateSigning(admin, name) },
            ]
            for call in calls {
                let refused = try await refusal { try await call() }
                #expect(refused.reason == "KEY_INACTIVE")
            }
        }
    }

    @Test(arguments: stores) func whoeverHoldsASecretCanRevokeItsKey(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, setting in
            let admin = try await identity.organization()
            let made = try await identity.create(admin)
            let before = try await identity.events().count
            let malformed = try await refusal { try await identity.revokeLeaked(String(made.secret.dropLast()) + "-") }
            #expect(malformed.code == .invalidArgument)
            #expect(malformed.reason == "KEY_MALFORMED")
            // One that nobody has is answered as one that is revoked, and changes nothing.
            let unknown = try #require(ApiKeyText(random: [UInt8](repeating: 7, count: 32)))
            try await identity.revokeLeaked(unknown.text)
            let quiet = try await identity.events().count
            #expect(quiet == before)
            try await identity.revokeLeaked(" \(made.secret)\r\n")
            let key = try await identity.get(admin, made.apiKey.name)
            #expect(key.state == .revoked)
            try await identity.revokeLeaked(made.secret)
            let events = try await identity.events()
            #expect(events.count == before + 1)
            let event = try #require(events.last)
            #expect(event.action == "api_key.revoke_leaked")
            #expect(event.organization == admin.organization.rawValue)
            #expect(event.resource == made.apiKey.name)
            #expect(event.before.contains("state: active"))
            #expect(event.after.contains("state: revoked"))
            // A secret whose overlap is over is no power over the key any more.
            let other = try await identity.create(admin)
            _ = try await identity.rotate(admin, other.apiKey.name, overlap: 0)
            setting.clock.advance(.seconds(1))
            try await identity.revokeLeaked(other.secret)
            let kept = try await identity.get(admin, other.apiKey.name)
            #expect(kept.state == .active)
        }
    }

    @Test(arguments: stores) func eachChangeLeavesItsEvent(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, _ in
            let admin = try await identity.organization()
            let made = try await identity.create(admin)
            let name = made.apiKey.name
            _ = try await identity.update(admin, name) { $0.displayName = "second" }
            let rotated = try await identity.rotate(admin, name)
            let signing = try await identity.rotateSigning(admin, name)
            _ = try await identity.revoke(admin, name)
            let events = try await identity.events()
            #expect(
                events.map(\.action) == [
                    "api_key.create", "api_key.update", "api_key.rotate", "api_key.rotate_signing_secret",
                    "api_key.revoke",
                ])
            for event in events {
                #expect(event.organization == admin.organization.rawValue)
                #expect(event.actor == admin.subject)
                #expect(event.resource == name)
                for secret in [made.secret, made.signingSecret, rotated.secret, signing.signingSecret] {
                    #expect(!(event.before + event.after).contains(secret))
                }
            }
            #expect(events[0].before.isEmpty)
            // What a key is called its owner may have erased.
            let names = events[1].personal.filter { $0.subject == admin.subject && $0.name.hasSuffix(".display_name") }
            #expect(names.map { "\($0.name) \($0.value)" } == ["before.display_name key", "after.display_name second"])
            #expect(!events[1].before.contains("\"key\"") && !events[1].after.contains("\"second\""))
            #expect(events[2].after.contains("old_secret_expire_time"))
            #expect(!events[2].before.contains("old_secret_expire_time"))
        }
    }

    @Test(arguments: stores) func aSecretRetiresEarlyOnceTheTrafficHasMoved(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, setting in
            let admin = try await identity.organization()
            let made = try await identity.create(admin)
            let key = made.apiKey.name.identifier
            _ = try await identity.rotate(admin, made.apiKey.name)
            let secrets = try await identity.core.store.system(.test).read { tx in
                try tx.values(
                    String.self,
                    "SELECT id FROM api_key_secrets WHERE key = \(key) AND kind = 'secret' ORDER BY created_at")
            }
            let (old, new) = (secrets[0], secrets[1])
            setting.clock.advance(.seconds(200))
            try await identity.report(key, old, at: setting.clock.now)
            try await identity.report(key, new, at: setting.clock.now)
            var retired = try await identity.retirement.round()
            #expect(retired == 0)
            // A report that tells of the future is believed up to now.
            setting.clock.advance(.seconds(200))
            try await identity.report(key, new, at: setting.clock.now + 3_600_000_000)
            retired = try await identity.retirement.round()
            #expect(retired == 0)
            // What comes late changes nothing.
            try await identity.report(key, new, at: setting.clock.now - 300_000_000)
            setting.clock.advance(.seconds(101))
            try await identity.report(key, new, at: setting.clock.now)
            retired = try await identity.retirement.round()
            #expect(retired == 1)
            retired = try await identity.retirement.round()
            #expect(retired == 0)
            let after = try await identity.get(admin, made.apiKey.name)
            #expect(!after.hasOldSecretExpireTime)
            #expect(after.hasLastUsedTime)
            let event = try #require(try await identity.events().last)
            #expect(event.action == "api_key.retire_secret")
            #expect(event.actor == "role:identity")
            #expect(event.before.contains("old_secret_expire_time"))
            #expect(!event.after.contains("old_secret_expire_time"))
            // And the next rotation is free.
            _ = try await identity.rotate(admin, made.apiKey.name)
        }
    }

    @Test(arguments: stores) func reportsAreBoundedAndUnknownOnesHarmless(_ kind: Store.Kind) async throws {
        try await withKeys(kind, { $0.configuration.usageBatch = 7 }) { identity, setting in
            let admin = try await identity.organization()
            let made = try await identity.create(admin)
            let key = made.apiKey.name.identifier
            let now = setting.clock.now / 1_000
            let ids = try await identity.core.store.system(.test).read { tx in
                try tx.values(String.self, "SELECT id FROM api_key_secrets ORDER BY id")
            }
            _ = try await identity.trust.reportKeyUsage(
                .with { request in
                    request.usages = (0..<998).map { index in
                        .with {
                            ($0.key, $0.secret, $0.lastUsedMs) = ("none", "none-\(index)", now)
                        }
                    }
                    for id in ids {
                        request.usages.append(.with { ($0.key, $0.secret, $0.lastUsedMs) = (key, id, now) })
                    }
                })
            let used = try await identity.core.store.system(.test).read { tx in
                try tx.value(Int.self, "SELECT count(*) FROM api_key_secrets WHERE last_used_at IS NOT NULL")
            }
            #expect(used == 2)
            let tooMany = try await refusal {
                try await identity.trust.reportKeyUsage(
                    .with { $0.usages = (0..<1_001).map { _ in .with { ($0.key, $0.secret) = ("a", "b") } } })
            }
            #expect(tooMany.reason == "FIELDS_INVALID")
        }
    }

    @Test(arguments: stores) func whatHasEndedIsForgotten(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, setting in
            let admin = try await identity.organization()
            let made = try await identity.create(admin)
            _ = try await identity.rotate(admin, made.apiKey.name, overlap: 10)
            _ = try await identity.trust.registerPrincipalKey(
                .with { $0.publicKey = Data(repeating: 1, count: 32) })
            setting.clock.advance(.seconds(2 * 86_400))
            try await identity.cleaner.clean()
            let counts = try await identity.core.store.system(.test).read { tx in
                [
                    try tx.value(Int.self, "SELECT count(*) FROM api_key_secrets"),
                    try tx.value(Int.self, "SELECT count(*) FROM credential_changes"),
                    try tx.value(Int.self, "SELECT count(*) FROM principal_keys"),
                ]
            }
            #expect(counts == [2, 0, 0])
        }
    }
}
