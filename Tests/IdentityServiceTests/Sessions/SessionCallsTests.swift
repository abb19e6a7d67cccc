import ComplianceContract
import Foundation
import IdentityContract
import Logging
import Policy
import PolicyModel
import SwiftProtobuf
import Testing
import Wire

@testable import IdentityService
@testable import Persistence

private typealias Sessions = Datavault_Identity_V1_SessionsService.Methods
private typealias Users = Datavault_Identity_V1_UsersService.Methods

/// Seeing and ending sessions, changing passwords, and what follows from changes of users.
@Suite(.timeLimit(.minutes(10))) struct SessionCallsTests {
    @Test(arguments: stores) func peopleSeeTheirOwnSessions(_ kind: Store.Kind) async throws {
        try await withSessions(kind) { identity in
            let ada = try await identity.user()
            let bob = try await identity.user("bob@example.com", in: ada.organization)
            var names: [String] = []
            for _ in 0..<3 {
                names.insert(try await identity.logIn().session, at: 0)
                identity.clock.advance(.seconds(1))
            }
            let first = try await identity.sessions.listSessions(
                .with { $0.pageSize = 2 },
                options: identity.by(ada.id.name, of: ada.organization, Sessions.listSessions))
            #expect(first.sessions.map(\.name) == Array(names.prefix(2)))
            #expect(first.sessions.allSatisfy { $0.user == ada.id.name })
            let second = try await identity.sessions.listSessions(
                .with {
                    $0.pageSize = 2
                    $0.pageToken = first.nextPageToken
                }, options: identity.by(ada.id.name, of: ada.organization, Sessions.listSessions))
            #expect(second.sessions.map(\.name) == [names[2]])
            #expect(second.nextPageToken.isEmpty)
            // Others' only with the permission, and never another organization's.
            let request = Datavault_Identity_V1_ListSessionsRequest.with { $0.user = ada.id.name }
            let refused = try await refusal {
                try await identity.sessions.listSessions(
                    request, options: identity.by(bob.id.name, of: ada.organization, Sessions.listSessions))
            }
            #expect(refused.reason == "PERMISSION_MISSING")
            let seen = try await identity.sessions.listSessions(
                request,
                options: identity.by(
                    bob.id.name, of: ada.organization, permissions: ["users.read"], Sessions.listSessions))
            #expect(seen.sessions.count == 3)
            let foreign = try await identity.sessions.listSessions(
                request,
                options: identity.by(
                    bob.id.name, of: OrganizationID("globex"), permissions: ["users.read"], Sessions.listSessions))
            #expect(foreign.sessions.isEmpty)
            let key = try await refusal {
                try await identity.sessions.listSessions(
                    .init(),
                    options: identity.by("api-keys/1", of: ada.organization, kind: .apiKey, Sessions.listSessions))
            }
            #expect(key.reason == "USER_REQUIRED")
        }
    }

    @Test(arguments: stores) func aSessionThatIsDeletedIsOver(_ kind: Store.Kind) async throws {
        try await withSessions(kind) { identity in
            let ada = try await identity.user()
            let bob = try await identity.user("bob@example.com", in: ada.organization)
            let (first, second) = (try await identity.logIn(), try await identity.logIn())
            func delete(_ name: String, _ options: CallOptions) async throws {
                _ = try await identity.sessions.deleteSession(.with { $0.name = name }, options: options)
            }
            for (caller, organization) in [(bob, ada.organization), (ada, OrganizationID("globex"))] {
                let refused = try await refusal {
                    try await delete(
                        first.session, identity.by(caller.id.name, of: organization, Sessions.deleteSession))
                }
                #expect(refused.reason == "RESOURCE_UNKNOWN")
            }
            try await delete(first.session, identity.by(ada.id.name, of: ada.organization, Sessions.deleteSession))
            try await delete(
                second.session,
                identity.by(bob.id.name, of: ada.organization, permissions: ["users.write"], Sessions.deleteSession))
            for token in [first, second] {
                let refused = try await refusal { try await identity.refresh(token.refreshToken) }
                #expect(refused.reason == "REFRESH_TOKEN_INVALID")
            }
            let again = try await refusal {
                try await delete(first.session, identity.by(ada.id.name, of: ada.organization, Sessions.deleteSession))
            }
            #expect(again.reason == "RESOURCE_UNKNOWN")
            let revoked = try await identity.revocations().compactMap(\.session).map { "sessions/\($0)" }
            #expect(revoked == [first.session, second.session])
            let events = try await identity.events().filter { $0.action == "session.delete" }
            #expect(events.map(\.actor).suffix(2) == [ada.id.name, bob.id.name])
        }
    }

    @Test(arguments: stores) func whoChangesThePasswordStaysAndOthersGo(_ kind: Store.Kind) async throws {
        try await withSessions(kind) { identity in
            let ada = try await identity.user()
            let (own, other) = (try await identity.logIn(), try await identity.logIn())
            let session = String(own.session.dropFirst("sessions/".count))
            let request = Datavault_Identity_V1_ChangePasswordRequest.with {
                $0.oldPassword = SessionHarness.password
                $0.newPassword = "forty-two geese in a row"
                $0.requestID = UUID().uuidString
            }
            func change(_ request: Datavault_Identity_V1_ChangePasswordRequest) async throws {
                _ = try await identity.users.changePassword(
                    request,
                    options: identity.by(ada.id.name, of: ada.organization, session: session, Users.changePassword))
            }
            let wrong = with(request) { $0.oldPassword = "not the present one" }
            let refused = try await refusal { try await change(wrong) }
            #expect(refused.code == .permissionDenied)
            #expect(refused.reason == "PASSWORD_WRONG")
            let weak = with(request) { $0.newPassword = "acme ltd forever" }
            let weakness = try await refusal { try await change(weak) }
            #expect(weakness.reason == "PASSWORD_WEAK")
            #expect(weakness.fields == ["new_password"])
            try await change(request)
            // The answer was lost, and the client repeats itself.
            try await change(request)
            _ = try await identity.refresh(own.refreshToken)
            let gone = try await refusal { try await identity.refresh(other.refreshToken) }
            #expect(gone.reason == "REFRESH_TOKEN_INVALID")
            let old = try await refusal { try await identity.logIn() }
            #expect(old.reason == "LOGIN_FAILED")
            _ = try await identity.logIn("ada@example.com", "forty-two geese in a row")
            let revoked = try await identity.revocations().compactMap(\.session).map { "sessions/\($0)" }
            #expect(revoked == [other.session])
            // Nothing that was kept can be guessed from: the request's hash is keyed.
            let events = try await identity.events().filter { $0.action == "user.change_password" }
            #expect(events.map(\.denial.reason) == ["PASSWORD_WRONG", ""])
            #expect(events.allSatisfy { $0.actor == ada.id.name && $0.organization == ada.organization.rawValue })
            let done = try #require(events.last)
            #expect(done.resource == ada.id.name)
            // That something changed shows in the etag, and nothing else does.
            #expect(done.before.contains("etag") && done.after.contains("etag") && done.before != done.after)
            #expect(events.allSatisfy { !$0.after.contains("geese") && !$0.before.contains("geese") })
        }
    }

    @Test(arguments: stores) func anAdminSetsAPassword(_ kind: Store.Kind) async throws {
        try await withSessions(kind) { identity in
            let ada = try await identity.user()
            let boss = try await identity.user("boss@example.com", in: ada.organization, roles: .admin)
            let held = try await identity.logIn()
            let all = identity.core.permissions.granted(to: .admin, isOperator: false)
            func set(_ user: UserID, _ permissions: Set<String>) async throws {
                _ = try await identity.users.setUserPassword(
                    .with {
                        $0.name = user.name
                        $0.password = "forty-two geese in a row"
                    },
                    options: identity.by(
                        boss.id.name, of: ada.organization, permissions: permissions, Users.setUserPassword))
            }
            // Who sets a password can log in with it, so nobody sets that of one who may do more.
            let refused = try await refusal { try await set(boss.id, ["users.write"]) }
            #expect(refused.reason == "PERMISSION_NOT_HELD")
            try await set(ada.id, all)
            let events = try await identity.events().filter { $0.action == "user.set_password" }
            #expect(events.map(\.denial.reason) == ["PERMISSION_NOT_HELD", ""])
            #expect(events.map(\.resource) == [boss.id.name, ada.id.name])
            #expect(events.last.map { !$0.before.isEmpty && !$0.after.isEmpty && $0.before != $0.after } == true)
            let gone = try await refusal { try await identity.refresh(held.refreshToken) }
            #expect(gone.reason == "REFRESH_TOKEN_INVALID")
            _ = try await identity.logIn("ada@example.com", "forty-two geese in a row")
            let unknown = try await refusal { try await set(UserID(UUID().uuidString.lowercased()), all) }
            #expect(unknown.reason == "RESOURCE_UNKNOWN")
        }
    }

    @Test(arguments: stores) func changesOfAUserReachSessionsAndTokens(_ kind: Store.Kind) async throws {
        try await withSessions(kind) { identity in
            for change in [UserChange.disabled, .deleted, .passwordSet] {
                let user = try await identity.user("\(change)@example.com")
                let held = try await identity.logIn("\(change)@example.com")
                let token = try await identity.verified(held.accessToken)
                try await identity.change(user, change)
                let refused = try await refusal { try await identity.refresh(held.refreshToken) }
                #expect(refused.reason == "REFRESH_TOKEN_INVALID")
                let revocation = try #require(try await identity.revocations().last)
                #expect(revocation.user == user.id)
                #expect(revocation.session == nil)
                #expect(revocation.organization == user.organization)
                #expect(token.issuedAt < revocation.issuedBefore)
                #expect(token.expiresAt < revocation.until)
            }
        }
    }

    @Test(arguments: stores) func newRolesRevokeTokensAndKeepSessions(_ kind: Store.Kind) async throws {
        try await withSessions(kind) { identity in
            let ada = try await identity.user(roles: .admin)
            let held = try await identity.logIn()
            let old = try await identity.verified(held.accessToken)
            #expect(old.permissions.contains("users.write"))
            try await identity.core.store.scoped(ada.organization).write { tx in
                try tx.run(
                    "UPDATE members SET roles = 4 WHERE organization = \(.organization) AND user_id = \(ada.id.rawValue)"
                )
            }
            try await identity.change(ada, .rolesChanged)
            identity.clock.advance(.milliseconds(2))
            let new = try await identity.verified(try await identity.refresh(held.refreshToken).accessToken)
            #expect(!new.permissions.contains("users.write"))
            let revocation = try #require(try await identity.revocations().last)
            #expect(old.issuedAt < revocation.issuedBefore)
            #expect(new.issuedAt >= revocation.issuedBefore)
        }
    }

    @Test(arguments: stores) func revocationsAreForgottenWhenTheirTokensAreOver(_ kind: Store.Kind) async throws {
        try await withSessions(kind) { identity in
            let ada = try await identity.user()
            try await identity.change(ada, .rolesChanged)
            let cleaner = SessionCleaner(
                store: identity.core.store, now: { identity.clock.now }, logger: .init(label: "test"))
            identity.clock.advance(.seconds(300))
            _ = try await cleaner.clean()
            let kept = try await identity.revocations()
            #expect(kept.count == 1)
            identity.clock.advance(.seconds(61))
            _ = try await cleaner.clean()
            let rest = try await identity.revocations()
            #expect(rest.isEmpty)
        }
    }
}

/// A value with changes.
private func with<Value>(_ value: Value, _ change: (inout Value) throws -> Void) rethrows -> Value {
    var value = value
    try change(&value)
    return value
}
