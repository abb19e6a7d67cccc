import Foundation
import IdentityContract
import Policy
import SwiftProtobuf
import Testing
import Wire

@testable import IdentityService
@testable import Persistence

/// Keys are made, read and listed.
@Suite(.timeLimit(.minutes(5))) struct KeysCallTests {
    @Test(arguments: stores) func aKeyIsMadeWithAllThatItsMakerMay(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, _ in
            let admin = try await identity.organization()
            let made = try await identity.create(admin) { $0.allowedNetworks = ["192.0.2.0/24", "2001:DB8::/32"] }
            let key = made.apiKey
            #expect(key.name.hasPrefix("api-keys/"))
            #expect(key.scopes == admin.permissions.sorted())
            #expect(key.owner == admin.subject)
            #expect(key.state == .active)
            #expect(key.allowedNetworks == ["192.0.2.0/24", "2001:db8::/32"])
            #expect(!key.hasExpireTime)
            #expect(!key.hasLastUsedTime)
            let text = try #require(ApiKeyText(made.secret))
            #expect(key.prefix == text.shownPrefix)
            #expect(made.signingSecret.count == 43)
            let read = try await identity.get(admin, key.name)
            #expect(read == key)
        }
    }

    @Test(arguments: stores) func nothingInTheStoreIsASecret(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, _ in
            let admin = try await identity.organization()
            let made = try await identity.create(admin, requestID: UUID().uuidString.lowercased())
            let (secret, signing) = (Array(made.secret.utf8), try Self.bytes(made.signingSecret))
            let stored = try await identity.core.store.system(.test).read { tx in
                try tx.values([UInt8].self, "SELECT material FROM api_key_secrets")
                    + tx.values([UInt8].self, "SELECT reply FROM replies")
                    + tx.values([UInt8].self, "SELECT payload FROM outbox_messages")
            }
            #expect(stored.count == 4)
            for blob in stored {
                for hidden in [secret, signing, Array(made.signingSecret.utf8)] {
                    #expect(!blob.contains(hidden))
                }
            }
        }
    }

    @Test(arguments: stores) func theSameRequestGetsTheSameSecrets(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, _ in
            let admin = try await identity.organization()
            let id = UUID().uuidString.lowercased()
            let first = try await identity.create(admin, requestID: id)
            let second = try await identity.create(admin, requestID: id)
            #expect(first == second)
            #expect(!first.secret.isEmpty)
            let other = try await refusal { try await identity.create(admin, requestID: id) { $0.displayName = "x" } }
            #expect(other.reason == "REQUEST_ID_REUSED")
            let count = try await identity.list(admin).apiKeys.count
            #expect(count == 1)
            let rotationID = UUID().uuidString.lowercased()
            let rotated = try await identity.rotate(admin, first.apiKey.name, requestID: rotationID)
            let again = try await identity.rotate(admin, first.apiKey.name, requestID: rotationID)
            #expect(rotated == again)
        }
    }

    @Test(arguments: stores) func aKeyIsConfinedToWhatItsMakerHolds(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, _ in
            let admin = try await identity.organization()
            let few = try await identity.create(admin) { $0.scopes = ["notes.read", "api_keys.write", "notes.read"] }
            #expect(few.apiKey.scopes == ["api_keys.write", "notes.read"])
            let unknown = try await refusal { try await identity.create(admin) { $0.scopes = ["no.such"] } }
            #expect(
                unknown
                    == Refusal(
                        code: .invalidArgument, reason: "PERMISSION_UNKNOWN", metadata: ["permission": "no.such"],
                        fields: []))
            let tenants = try await refusal { try await identity.create(admin) { $0.scopes = ["tenants.manage"] } }
            #expect(tenants.reason == "PERMISSION_NOT_HELD")
            #expect(tenants.metadata == ["permission": "tenants.manage"])
            // A key that somebody else is to have does not come out as the maker's.
            let others = try await refusal {
                try await identity.create(admin) { $0.owner = "users/\(few.apiKey.prefix)" }
            }
            #expect((others.reason, others.fields) == ("FIELDS_INVALID", ["api_key.owner"]))
            let own = try await identity.create(admin) { $0.owner = admin.subject }
            #expect(own.apiKey.owner == admin.subject)
            // A key makes keys within its own permissions only, and for its own owner.
            var caller = admin
            caller.subject = few.apiKey.name
            caller.permissions = ["notes.read", "api_keys.write"]
            let child = try await identity.create(caller)
            #expect(child.apiKey.scopes == ["api_keys.write", "notes.read"])
            #expect(child.apiKey.owner == admin.subject)
            let widened = try await refusal { try await identity.create(caller) { $0.scopes = ["notes.write"] } }
            #expect(widened.reason == "PERMISSION_NOT_HELD")
            // A revoked key's principal may live for a minute: it makes no keys.
            _ = try await identity.revoke(admin, few.apiKey.name)
            let late = try await refusal { try await identity.create(caller) }
            #expect(late.reason == "KEY_INACTIVE")
        }
    }

    @Test(arguments: stores) func rightsThatWereTakenAreNotHandedOn(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, _ in
            let admin = try await identity.organization()
            // The principal says admin still, the members' table viewer.
            var demoted = try await identity.person(.viewer, of: admin.organization)
            demoted.permissions = admin.permissions
            let subject = demoted
            let refused = try await refusal { try await identity.create(subject) { $0.scopes = ["users.write"] } }
            #expect(refused.reason == "PERMISSION_NOT_HELD")
            let made = try await identity.create(subject)
            #expect(!made.apiKey.scopes.contains("users.write"))
        }
    }

    @Test(arguments: stores) func onlyUsersAndTheirKeysMakeKeys(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, _ in
            var caller = try await identity.organization()
            caller.subject = "service-accounts/x"
            let subject = caller
            let refused = try await refusal { try await identity.create(subject) }
            #expect(refused.reason == "USER_REQUIRED")
            #expect(refused.code == .failedPrecondition)
        }
    }

    @Test(arguments: stores) func whatAKeyCannotBe(_ kind: Store.Kind) async throws {
        try await withKeys(kind, { $0.configuration.maximumKeys = 2 }) { identity, setting in
            let admin = try await identity.organization()
            let network = try await refusal {
                try await identity.create(admin) { $0.allowedNetworks = ["192.0.2.1", "192.0.2.0/33"] }
            }
            #expect(network.reason == "NETWORK_INVALID")
            #expect(network.metadata == ["field": "api_key.allowed_networks[1]"])
            let past = try await refusal { try await identity.create(admin) { $0.expireTime.seconds = 1 } }
            #expect(past.reason == "FIELDS_INVALID")
            #expect(past.fields == ["api_key.expire_time"])
            let never = try await refusal { try await identity.create(admin) { $0.expireTime.seconds = .max } }
            #expect(never.fields == ["api_key.expire_time"])
            let control = try await refusal { try await identity.create(admin) { $0.displayName = "a\u{1B}[2J" } }
            #expect(control.fields == ["api_key.display_name"])

            let first = try await identity.create(admin)
            let soon = Int64(setting.clock.now / 1_000_000) + 3_600
            _ = try await identity.create(admin) { $0.expireTime.seconds = soon }
            let more = try await refusal { try await identity.create(admin) }
            #expect(more.code == .resourceExhausted)
            #expect(more.reason == "LIMIT_REACHED")
            #expect(more.metadata == ["limit": "api_keys", "maximum": "2"])
            // Keys that have ended do not count.
            setting.clock.advance(.seconds(4_000))
            _ = try await identity.create(admin)
            _ = try await identity.revoke(admin, first.apiKey.name)
            _ = try await identity.create(admin)
        }
    }

    @Test(arguments: stores) func listsHaveFiltersAndPages(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, setting in
            let admin = try await identity.organization()
            let other = try await identity.person(.admin, of: admin.organization)
            var names: [String] = []
            let soon = Int64(setting.clock.now / 1_000_000) + 3_600
            for index in 0..<7 {
                let made = try await identity.create(index < 5 ? admin : other) {
                    if index == 4 { $0.expireTime.seconds = soon }
                }
                names.insert(made.apiKey.name, at: 0)
            }
            _ = try await identity.revoke(admin, names[6])
            setting.clock.advance(.seconds(4_000))
            var (found, token): ([String], String) = ([], "")
            repeat {
                let last = token
                let page = try await identity.list(admin) {
                    $0.pageSize = 3
                    $0.pageToken = last
                }
                found += page.apiKeys.map(\.name)
                token = page.nextPageToken
            } while !token.isEmpty
            #expect(found == names)
            let active = try await identity.list(admin) { $0.state = .active }.apiKeys.map(\.name)
            #expect(active == [names[0], names[1], names[3], names[4], names[5]])
            let expired = try await identity.list(admin) { $0.state = .expired }.apiKeys
            #expect(expired.map(\.name) == [names[2]])
            #expect(expired.first?.state == .expired)
            let revoked = try await identity.list(admin) { $0.state = .revoked }.apiKeys
            #expect(revoked.map(\.name) == [names[6]])
            let owned = try await identity.list(admin) { $0.owner = other.subject }.apiKeys.map(\.name)
            #expect(owned == [names[0], names[1]])
            let page = try await identity.list(admin) { $0.pageSize = 1 }
            let foreign = try await refusal {
                try await identity.list(admin) {
                    $0.state = .active
                    $0.pageToken = page.nextPageToken
                }
            }
            #expect(foreign.reason == "PAGE_TOKEN_INVALID")
        }
    }

    @Test(arguments: stores) func organizationsNeverSeeEachOther(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, _ in
            let acme = try await identity.organization()
            let globex = try await identity.organization()
            let name = try await identity.create(acme).apiKey.name
            let calls: [() async throws -> Any] = [
                { try await identity.get(globex, name) },
                { try await identity.update(globex, name) { $0.displayName = "mine" } },
                { try await identity.rotate(globex, name) },
                { try await identity.rotateSigning(globex, name) },
                { try await identity.revoke(globex, name) },
            ]
            for call in calls {
                let refused = try await refusal { try await call() }
                #expect(
                    refused
                        == Refusal(
                            code: .notFound, reason: "RESOURCE_UNKNOWN", metadata: ["name": name], fields: []))
            }
            let list = try await identity.list(globex).apiKeys
            #expect(list.isEmpty)
            let kept = try await identity.get(acme, name)
            #expect(kept.state == .active)
            #expect(kept.displayName == "key")
        }
    }

    static func bytes(_ text: String) throws -> [UInt8] {
        let standard = text.replacing("-", with: "+").replacing("_", with: "/") + "="
        return Array(try #require(Data(base64Encoded: standard)))
    }
}
