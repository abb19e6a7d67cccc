import ComplianceContract
import Foundation
import IdentityContract
import SwiftProtobuf
import Testing
import Wire

@testable import IdentityService
@testable import Persistence

private typealias Methods = Datavault_Identity_V1_MembersService.Methods
private typealias UserMethods = Datavault_Identity_V1_UsersService.Methods

@Suite(.timeLimit(.minutes(5))) struct MembersTests {
    private func update(
        _ identity: Harness, _ caller: TestCaller, _ user: UserID, _ roles: [RoleMessage], etag: String = "",
        mask: [String] = []
    ) async throws -> MemberMessage {
        try await identity.members.updateMember(
            .with {
                $0.member.name = "members/\(user)"
                $0.member.roles = roles
                $0.member.etag = etag
                if !mask.isEmpty { $0.updateMask = Google_Protobuf_FieldMask(protoPaths: mask) }
            }, options: identity.by(caller, Methods.updateMember))
    }

    private func disable(_ identity: Harness, _ caller: TestCaller, _ user: UserID) async throws -> UserMessage {
        try await identity.users.updateUser(
            .with {
                $0.user.name = user.name
                $0.user.state = .disabled
            }, options: identity.by(caller, UserMethods.updateUser))
    }

    private func delete(_ identity: Harness, _ caller: TestCaller, _ user: UserID) async throws {
        _ = try await identity.users.deleteUser(
            .with { $0.name = user.name }, options: identity.by(caller, UserMethods.deleteUser))
    }

    @Test(arguments: stores) func rolesChange(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let ada = try await identity.person("ada@example.com", .viewer, of: acme.id)
            let before = try await identity.members.getMember(
                .with { $0.name = "members/\(ada.id)" }, options: identity.by(acme.caller, Methods.getMember))
            #expect(before.roles == [.viewer])
            let changed = try await update(
                identity, acme.caller, ada.id, [.editor, .viewer, .editor], etag: before.etag)
            #expect(changed.roles == [.editor, .viewer])
            #expect(identity.observer.all == ["rolesChanged \(ada.id) true"])
            let stale = try await refusal {
                try await update(identity, acme.caller, ada.id, [.admin], etag: before.etag)
            }
            #expect(stale.reason == "ETAG_MISMATCH")
            let event = try #require(try await identity.events().last)
            #expect(event.action == "member.update")
            #expect(event.resource == "members/\(ada.id)")
            #expect(event.before.contains("roles: [viewer]"))
            #expect(event.after.contains("roles: [editor, viewer]"))
        }
    }

    @Test(arguments: stores) func whatIsWrongIsRefused(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let globex = try await identity.organization()
            let ada = try await identity.person("ada@example.com", .viewer, of: acme.id)
            let none = try await refusal { try await update(identity, acme.caller, ada.id, [], mask: ["roles"]) }
            #expect(none.fields == ["member.roles"])
            let unspecified = try await refusal {
                try await update(identity, acme.caller, ada.id, [.viewer, .unspecified])
            }
            #expect(unspecified.fields == ["member.roles[1]"])
            let field = try await refusal { try await update(identity, acme.caller, ada.id, [.viewer], mask: ["user"]) }
            #expect(field.reason == "FIELD_IMMUTABLE")
            for other in [globex.admin, UserID("0f8fad5b-d9cb-469f-a165-70867728950e")] {
                let unknown = try await refusal { try await update(identity, acme.caller, other, [.viewer]) }
                #expect(unknown.reason == "RESOURCE_UNKNOWN")
                #expect(unknown.metadata == ["name": "members/\(other)"])
                let unread = try await refusal {
                    try await identity.members.getMember(
                        .with { $0.name = "members/\(other)" }, options: identity.by(acme.caller, Methods.getMember))
                }
                #expect(unread.reason == "RESOURCE_UNKNOWN")
            }
        }
    }

    @Test(arguments: stores) func onlyNewRolesHaveToBeHeld(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let ada = try await identity.person("ada@example.com", .viewer, of: acme.id)
            var caller = acme.caller
            caller.permissions = ["users.read", "users.write", "organizations.read", "notes.read"]
            let weak = caller
            let refused = try await refusal { try await update(identity, weak, ada.id, [.admin]) }
            #expect(refused.reason == "PERMISSION_NOT_HELD")
            let event = try #require(try await identity.events().last)
            #expect(event.action == "member.update")
            #expect(event.denial.code == "PERMISSION_DENIED")
            #expect(event.denial.reason == "PERMISSION_NOT_HELD")
            #expect(event.resource == "members/\(ada.id)")
            #expect(event.before.isEmpty && event.after.isEmpty)
            // Another admin is left, so an admin may be made less by who holds less.
            let bob = try await identity.person("bob@example.com", [.admin, .viewer], of: acme.id)
            let less = try await update(identity, weak, bob.id, [.viewer])
            #expect(less.roles == [.viewer])
        }
    }

    @Test(arguments: stores) func theLastActiveAdminStays(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let other = try await identity.person("bob@example.com", .admin, of: acme.id)
            _ = try await disable(identity, acme.caller, other.id)
            // The other one does not count, as it may not act.
            let refusals = [
                try await refusal { try await update(identity, acme.caller, acme.admin, [.editor]) },
                try await refusal { try await disable(identity, acme.caller, acme.admin) },
                try await refusal { try await delete(identity, acme.caller, acme.admin) },
            ]
            for refused in refusals {
                #expect(refused.code == .failedPrecondition)
                #expect(refused.reason == "LAST_ADMIN")
            }
            // Nothing of what was refused was told or kept.
            #expect(identity.observer.all == ["disabled \(other.id) true"])
            let events = try await identity.events()
            #expect(events.filter { !$0.hasDenial }.count == 1)
            let denials = events.filter(\.hasDenial)
            #expect(denials.map(\.action) == ["member.update", "user.update", "user.delete"])
            #expect(denials.allSatisfy { $0.denial.reason == "LAST_ADMIN" && $0.denial.code == "FAILED_PRECONDITION" })
            #expect(denials.allSatisfy { $0.organization == acme.id.rawValue && $0.actor == acme.admin.name })
            #expect(denials.map(\.resource) == ["members/\(acme.admin)", acme.admin.name, acme.admin.name])
            // One who is disabled can go.
            try await delete(identity, acme.caller, other.id)
        }
    }

    /// A mistake is no denial: it would only fill the log.
    @Test(arguments: stores) func mistakesLeaveNoDenial(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let ada = try await identity.person("ada@example.com", .viewer, of: acme.id)
            let unknown = UserID("0f8fad5b-d9cb-469f-a165-70867728950e")
            let reasons = [
                try await refusal { try await update(identity, acme.caller, unknown, [.viewer]) }.reason,
                try await refusal { try await update(identity, acme.caller, ada.id, [.admin], etag: "7") }.reason,
                try await refusal { try await update(identity, acme.caller, ada.id, [.admin], mask: ["user"]) }.reason,
            ]
            #expect(reasons == ["RESOURCE_UNKNOWN", "ETAG_MISMATCH", "FIELD_IMMUTABLE"])
            let events = try await identity.events()
            #expect(events.isEmpty)
        }
    }

    /// Of the last two admins, who take each other's part at the same time, one stays: however they do it.
    @Test(arguments: stores) func twoAdminsCannotRemoveEachOther(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            for round in 0..<12 {
                let acme = try await identity.organization()
                let other = try await identity.person("bob@example.com", .admin, of: acme.id)
                let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
                    for (index, victim) in [acme.admin, other.id].enumerated() {
                        group.addTask {
                            do {
                                switch (round + index) % 3 {
                                case 0: _ = try await update(identity, acme.caller, victim, [.viewer])
                                case 1: _ = try await disable(identity, acme.caller, victim)
                                default: try await delete(identity, acme.caller, victim)
                                }
                                return "done"
                            } catch { return try await refusal { throw error }.reason }
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(outcomes.sorted() == ["LAST_ADMIN", "done"], "round \(round)")
            }
        }
    }

    @Test(arguments: stores) func membersAreListedByRole(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let globex = try await identity.organization()
            _ = try await identity.person("other@example.com", .editor, of: globex.id)
            var editors: [String] = []
            for index in 0..<5 {
                editors.append(
                    "members/\(try await identity.person("e\(index)@example.com", [.editor, .viewer], of: acme.id).id)")
                try await identity.person("v\(index)@example.com", .viewer, of: acme.id)
            }
            var (found, token): ([String], String) = ([], "")
            repeat {
                let asked = token
                let page = try await identity.members.listMembers(
                    .with {
                        $0.pageSize = 2
                        $0.pageToken = asked
                        $0.role = .editor
                    }, options: identity.by(acme.caller, Methods.listMembers))
                #expect(page.members.count <= 2)
                found += page.members.map(\.name)
                token = page.nextPageToken
            } while !token.isEmpty
            #expect(found == editors)
            let all = try await identity.members.listMembers(
                .init(), options: identity.by(acme.caller, Methods.listMembers))
            #expect(all.members.count == 11)
            #expect(all.nextPageToken.isEmpty)
        }
    }

    @Test(arguments: stores) func rolesSayWhatTheyGive(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let first = try await identity.organization(isOperator: true)
            let acme = try await identity.organization()
            for (caller, isOperator) in [(first.caller, true), (acme.caller, false)] {
                let roles = try await identity.members.listRoles(
                    .init(), options: identity.by(caller, Methods.listRoles)
                ).roles
                #expect(roles.map(\.role) == [.admin, .editor, .viewer])
                #expect(roles[0].permissions.contains("tenants.manage") == isOperator)
                #expect(roles[2].permissions == ["notes.read", "organizations.read", "users.read"])
            }
        }
    }
}
