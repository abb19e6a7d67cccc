import Foundation
import IdentityContract
import Testing
import Wire

@testable import IdentityService
@testable import Persistence

private typealias Methods = Datavault_Identity_V1_UsersService.Methods

@Suite(.timeLimit(.minutes(5))) struct ListUsersTests {
    private func list(
        _ identity: Harness, _ caller: TestCaller,
        _ change: (inout Datavault_Identity_V1_ListUsersRequest) -> Void = { _ in }
    ) async throws -> Datavault_Identity_V1_ListUsersResponse {
        var request = Datavault_Identity_V1_ListUsersRequest()
        change(&request)
        return try await identity.users.listUsers(request, options: identity.by(caller, Methods.listUsers))
    }

    @Test(arguments: stores) func allAreListedOnceAndInOrder(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let globex = try await identity.organization()
            var made = [acme.admin.name]
            for index in 0..<6 {
                made.append(try await identity.person("u\(index)@example.com", .viewer, of: acme.id).id.name)
                try await identity.person("u\(index)@example.com", .viewer, of: globex.id)
            }
            var (found, token): ([String], String) = ([], "")
            repeat {
                let asked = token
                let page = try await list(identity, acme.caller) {
                    $0.pageSize = 3
                    $0.pageToken = asked
                }
                found += page.users.map(\.name)
                token = page.nextPageToken
            } while !token.isEmpty
            #expect(found == made)
        }
    }

    @Test(arguments: stores) func filtersChoose(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let core = identity.core
            for (email, name, state, roles) in [
                ("ada@example.com", "Ada Lovelace", User.State.active, MemberRoles.editor),
                ("bob@example.com", "100% Bob_", .disabled, .viewer),
                ("eve@other.example", "Ève!", .active, [.viewer, .admin]),
            ] {
                let now = core.environment.now()
                let user = User(
                    id: UserID(core.environment.identifier()), email: EmailAddress(email), displayName: name,
                    state: state,
                    createdAt: now, updatedAt: now)
                try await core.store.scoped(acme.id).write { tx in
                    try UserStore.insert(user, passwordHash: nil, of: acme.id, in: tx)
                    try MemberStore.insert(Member(user: user.id, roles: roles, createdAt: now), of: acme.id, in: tx)
                }
            }
            func names(
                _ change: (inout Datavault_Identity_V1_ListUsersRequest) -> Void
            ) async throws -> [String] { try await list(identity, acme.caller, change).users.map(\.displayName) }
            let disabled = try await names { $0.state = .disabled }
            #expect(disabled == ["100% Bob_"])
            let admins = try await names { $0.role = .admin }
            #expect(admins == ["", "Ève!"])
            for (query, expected) in [
                ("LOVE", ["Ada Lovelace"]), ("OTHER.ex", ["Ève!"]), ("0%", ["100% Bob_"]), ("%", ["100% Bob_"]),
                ("b_", ["100% Bob_"]), ("_", ["100% Bob_"]), ("!", ["Ève!"]), ("ÈVE", ["Ève!"]), ("\\", []), ("'", []),
            ] {
                let found = try await names { $0.query = query }
                #expect(found == expected, "\(query)")
            }
            let both = try await names {
                $0.query = "example.com"
                $0.state = .active
                $0.role = .editor
            }
            #expect(both == ["Ada Lovelace"])
        }
    }

    @Test(arguments: stores) func aTokenIsGoodForItsFilterOnly(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            for index in 0..<3 { try await identity.person("u\(index)@example.com", .viewer, of: acme.id) }
            let token = try await list(identity, acme.caller) { $0.pageSize = 1 }.nextPageToken
            #expect(!token.isEmpty)
            // Another size is no other list.
            let rest = try await list(identity, acme.caller) {
                $0.pageToken = token
                $0.pageSize = 1_000
            }
            #expect(rest.users.count == 3)
            let globex = try await identity.organization()
            let refusals = [
                try await refusal {
                    try await list(identity, acme.caller) {
                        $0.pageToken = token
                        $0.state = .active
                    }
                },
                try await refusal { try await list(identity, globex.caller) { $0.pageToken = token } },
                try await refusal { try await list(identity, acme.caller) { $0.pageToken = "x" } },
            ]
            for refused in refusals {
                #expect(
                    refused
                        == Refusal(
                            code: .invalidArgument, reason: "PAGE_TOKEN_INVALID", metadata: [:], fields: ["page_token"])
                )
            }
        }
    }
}
