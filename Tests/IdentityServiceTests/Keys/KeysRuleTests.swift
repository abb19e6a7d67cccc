import Crypto
import Foundation
import IdentityContract
import ServiceKit
import Testing
import Wire

@testable import IdentityService
@testable import Persistence

/// Decisions that need no store.
@Suite struct KeysRuleTests {
    private func secret(_ id: String, at time: Int64, until end: Int64? = nil, used: Int64? = nil) -> ApiKeySecret {
        ApiKeySecret(
            id: id, key: "k", kind: .secret, material: [], createdAt: time, expiresAt: end, lastUsedAt: used)
    }

    @Test func aRotationEndsThePresentSecretAfterItsOverlap() throws {
        let one = try #require(try RotationRules.overlap(of: [secret("a", at: 1)], lasting: 10, now: 100))
        #expect(one == ("a", 110))
        let none = try RotationRules.overlap(of: [], lasting: 10, now: 100)
        #expect(none == nil)
        let endless = try #require(try RotationRules.overlap(of: [secret("a", at: 1)], lasting: .max, now: 100))
        #expect(endless.until == .max)
        // One that has ended counts no more, one that still works forbids a third.
        let after = try #require(
            try RotationRules.overlap(of: [secret("b", at: 2), secret("a", at: 1, until: 100)], lasting: 0, now: 100))
        #expect(after == ("b", 100))
        #expect(throws: IdentityError.rotationUnfinished) {
            try RotationRules.overlap(of: [secret("b", at: 2), secret("a", at: 1, until: 101)], lasting: 0, now: 100)
        }
    }

    @Test(
        arguments: [
            // old used, new used, rotated, whether the traffic has moved after 300
            (nil, nil, 0, false), (nil, 299, 0, false), (nil, 300, 0, true), (100, 399, 0, false), (100, 400, 0, true),
            // What was before the rotation says nothing about it.
            (-500, 299, 0, false), (-500, 300, 0, true),
            // The old one was used last.
            (500, 400, 0, false), (500, nil, 0, false),
        ] as [(Int64?, Int64?, Int64, Bool)])
    func trafficHasMovedOnceOnlyTheNewSecretIsUsed(_ old: Int64?, _ new: Int64?, _ rotated: Int64, _ moved: Bool) {
        #expect(
            RotationRules.hasMoved(oldUsedAt: old, newUsedAt: new, rotatedAt: rotated, quiet: 300) == moved)
    }

    @Test func extremeTimesDoNotOverflow() {
        #expect(!RotationRules.hasMoved(oldUsedAt: .min, newUsedAt: .max, rotatedAt: .min, quiet: 1))
        #expect(RotationRules.hasMoved(oldUsedAt: nil, newUsedAt: .max, rotatedAt: 0, quiet: 1))
    }

    @Test func scopesAreKnownHeldSortedAndOnce() throws {
        let (held, declared): (Set<String>, Set<String>) = (["b", "a"], ["a", "b", "c"])
        let all = try ApiKeyRules.scopes(asked: [], held: held, declared: declared)
        #expect(all == ["a", "b"])
        let some = try ApiKeyRules.scopes(asked: ["b", "b"], held: held, declared: declared)
        #expect(some == ["b"])
        #expect(throws: IdentityError.permissionNotHeld("c")) {
            try ApiKeyRules.scopes(asked: ["a", "c"], held: held, declared: declared)
        }
        // Unknown comes first: who asks for it learns nothing of what is held.
        #expect(throws: IdentityError.permissionUnknown("d")) {
            try ApiKeyRules.scopes(asked: ["c", "d"], held: held, declared: declared)
        }
        let kept = try ApiKeyRules.scopes(changedTo: ["c"], from: ["c"], held: held, declared: declared)
        #expect(kept == ["c"])
        #expect(ApiKeyRules.permissions(scopes: ["a", "c"], owned: ["c"]) == ["c"])
        #expect(ApiKeyRules.permissions(scopes: ["a"], owned: nil) == nil)
    }

    @Test func secretsOpenInTheirPlaceOnly() throws {
        let root = SymmetricKey(size: .bits256)
        let maker = ApiKeyMaker(vault: SecretVault(rootKey: root), environment: IdentityEnvironment())
        let made = try maker.make(.signing, of: "key-1", at: 1)
        let opened = try ApiKeyMaker.signingSecret(made.kept, maker.vault)
        #expect(ApiKeyMaker.text(ofSigning: opened) == made.text)
        var moved = made.kept
        moved = ApiKeySecret(id: moved.id, key: "key-2", kind: .signing, material: moved.material, createdAt: 1)
        #expect(throws: Sealer.Failure.damaged) { try ApiKeyMaker.signingSecret(moved, maker.vault) }
        // After the root key was replaced, what the former one sealed opens if that is given.
        let rotated = SecretVault(try #require(RootKeyRing(root).rotating(SymmetricKey(size: .bits256))))
        let again = try ApiKeyMaker.signingSecret(made.kept, rotated)
        #expect(again == opened)
        let stranger = SecretVault(rootKey: SymmetricKey(size: .bits256))
        #expect(throws: Sealer.Failure.unknownRootKey(maker.vault.rootKeyID)) {
            try ApiKeyMaker.signingSecret(made.kept, stranger)
        }
    }
}

/// The root key and the store belong together.
@Suite(.timeLimit(.minutes(5))) struct KeysVaultTests {
    @Test(arguments: stores) func anotherRootKeyIsRefusedBeforeAnythingIsSealed(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, setting in
            let admin = try await identity.organization()
            _ = try await identity.create(admin)
            var wrong = setting
            wrong.rootKey = SymmetricKey(size: .bits256)
            let other = KeysInstance(wrong)
            await #expect(throws: VaultError.self) { try await other.vault.verify() }
            do { try await other.vault.verify() } catch {
                #expect("\(error)".contains(identity.vault.vault.rootKeyID))
                #expect("\(error)".contains("identity.root-key-file"))
            }
            try await other.run { other in
                await #expect(throws: (any Error).self) { _ = try await other.create(admin) }
                await #expect(throws: (any Error).self) {
                    for try await _ in try await other.trust.watchCredentials(.init()) {}
                }
            }
            let count = try await identity.list(admin).apiKeys.count
            #expect(count == 1)
        }
    }

    @Test(arguments: stores) func twoFirstStartsAgreeOnOneRootKey(_ kind: Store.Kind) async throws {
        try await withIdentityStore(kind) { store in
            let vaults = (0..<8).map { _ in
                VaultStore(store: store, vault: SecretVault(rootKey: SymmetricKey(size: .bits256)), now: { 1 })
            }
            let successes = await withTaskGroup(of: Bool.self) { group in
                for vault in vaults {
                    group.addTask { (try? await vault.verify()) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(successes == 1)
            let rows = try await store.system(.test).read { tx in
                try tx.value(Int.self, "SELECT count(*) FROM vault_root_keys")
            }
            #expect(rows == 1)
        }
    }

    @Test(arguments: stores) func aCanaryThatWasTamperedWithIsRefused(_ kind: Store.Kind) async throws {
        try await withIdentityStore(kind) { store in
            let vault = SecretVault(rootKey: SymmetricKey(size: .bits256))
            try await VaultStore(store: store, vault: vault, now: { 1 }).verify()
            let other = SecretVault(rootKey: SymmetricKey(size: .bits256))
            let canary = try other.canary()
            try await store.system(.test).write { tx in
                try tx.run("UPDATE vault_root_keys SET canary = \(canary)")
            }
            await #expect(throws: VaultError.self) {
                try await VaultStore(store: store, vault: vault, now: { 1 }).verify()
            }
        }
    }
}
