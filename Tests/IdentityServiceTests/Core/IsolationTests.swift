import Testing

@testable import IdentityService
@testable import Persistence

/// The tables keep organizations apart, whatever a statement says.
@Suite(.timeLimit(.minutes(5))) struct IsolationTests {
    @Test(arguments: stores) func aScopeChangesItsOwnRowsOnly(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let globex = try await identity.organization()
            let store = identity.core.store
            let changed = try await store.scoped(acme.id).write { tx in
                try tx.run("UPDATE users SET display_name = 'x' WHERE organization <> \(.organization)")
                    + tx.run("UPDATE members SET roles = 4 WHERE organization <> \(.organization)")
                    + tx.run("UPDATE organizations SET display_name = 'x' WHERE id <> \(.organization)")
                    + tx.run("DELETE FROM members WHERE organization <> \(.organization)")
            }
            #expect(changed == 0)
            let left = try await store.scoped(globex.id).read { tx in
                try MemberStore.member(globex.admin, of: globex.id, in: tx)?.roles
            }
            #expect(left == .admin)
        }
    }

    @Test(arguments: stores) func anotherOrganizationsScopeIsRefused(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let globex = try await identity.organization()
            await #expect(throws: StoreError.self) {
                try await identity.core.store.scoped(acme.id).read { tx in
                    try UserStore.user(globex.admin, of: globex.id, in: tx)
                }
            }
        }
    }

    /// Log-in without an organization: two users of one address are as good as many.
    @Test(arguments: stores) func anAddressIsFoundAcrossOrganizations(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            for _ in 0..<3 { _ = try await identity.organization(email: "Ada@Example.com") }
            let (many, none) = try await identity.core.store.system(.test).read { tx in
                (
                    try UserStore.usersByEmail("ada@example.com", in: tx),
                    try UserStore.usersByEmail("bob@example.com", in: tx)
                )
            }
            #expect(many.count == 2)
            #expect(Set(many.map(\.organization)).count == 2)
            #expect(none.isEmpty)
        }
    }

    @Test(arguments: stores) func logInsLeaveTheEtag(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let (before, after, changed) = try await identity.core.store.scoped(acme.id).write { tx in
                let before = try UserStore.user(acme.admin, of: acme.id, in: tx)
                try UserStore.setLastLogin(77, of: acme.admin, of: acme.id, in: tx)
                let after = try UserStore.user(acme.admin, of: acme.id, in: tx)
                try UserStore.setPasswordHash("h", of: acme.admin, of: acme.id, at: 78, in: tx)
                try UserStore.upgradePasswordHash("h2", from: "other", of: acme.admin, of: acme.id, in: tx)
                return (before, after, try UserStore.user(acme.admin, of: acme.id, in: tx))
            }
            #expect(after?.lastLogInAt == 77)
            #expect(after?.version == before?.version)
            #expect(changed?.version == (before?.version ?? 0) + 1)
            let hash = try await identity.core.store.scoped(acme.id).read { tx in
                try UserStore.logInCandidate(acme.admin, of: acme.id, in: tx)?.passwordHash
            }
            #expect(hash == "h")
        }
    }
}
