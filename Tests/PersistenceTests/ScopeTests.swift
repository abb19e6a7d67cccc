import Testing

@testable import Persistence

@Suite struct ScopeTests {
    @Test(arguments: stores) func everyStatementNamesItsOrganization(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            try await store.scoped(acme).write { try $0.add("a") }
            let error = await failure {
                _ = try await store.scoped(globex).read { try $0.values(String.self, "SELECT id FROM notes") }
            }
            #expect(error?.reason == .invalid)
            #expect(error?.message.contains("organization") == true)
            #expect(try await store.scoped(globex).read { try $0.note("a") } == nil)
            #expect(try await store.scoped(acme).read { try $0.note("a")?.id } == "a")
        }
    }

    @Test(arguments: stores) func writesStayAtHome(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            try await store.scoped(acme).write { try $0.add("a") }
            let insert = await failure {
                try await store.scoped(globex).write { tx in
                    try tx.run(
                        """
                        INSERT INTO notes (organization, id, body, stars)
                        SELECT 'acme', 'b', \(.organization), 0
                        """)
                }
            }
            // The server's owner role is a superuser here, whom row-level security does not bind: see the next suite.
            if kind == .sqlite {
                #expect(insert?.reason == .denied)
                let changed = try await store.scoped(globex).write { tx in
                    try tx.run("UPDATE notes SET stars = 9 WHERE organization <> \(.organization)")
                        + tx.run("DELETE FROM notes WHERE organization <> \(.organization)")
                }
                #expect(changed == 0)
                let move = await failure {
                    try await store.scoped(acme).write {
                        try $0.run("UPDATE notes SET organization = 'globex' WHERE organization = \(.organization)")
                    }
                }
                #expect(move?.reason == .denied)
                #expect(try await store.scoped(acme).read { try $0.note("a")?.stars } == 0)
            }
        }
    }

    @Test(arguments: stores) func systemSeesAll(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            try await store.scoped(acme).write { try $0.add("a") }
            try await store.scoped(globex).write { try $0.add("b") }
            #expect(try await store.ids() == ["a", "b"])
            let changed = try await store.system(.test).write { try $0.run("UPDATE notes SET stars = 1") }
            #expect(changed == 2)
        }
    }
}
