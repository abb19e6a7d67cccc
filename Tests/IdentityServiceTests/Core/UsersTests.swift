import ComplianceContract
import Foundation
import IdentityContract
import PolicyModel
import SwiftProtobuf
import Testing
import Wire

@testable import IdentityService
@testable import Persistence

private typealias Methods = Datavault_Identity_V1_UsersService.Methods

@Suite(.timeLimit(.minutes(5))) struct UsersTests {
    private func create(
        _ identity: Harness, _ caller: TestCaller, _ email: String, name: String = "", roles: [RoleMessage] = [],
        password: String = "", requestID: String = ""
    ) async throws -> UserMessage {
        try await identity.users.createUser(
            .with {
                $0.user = .with {
                    $0.email = email
                    $0.displayName = name
                }
                $0.roles = roles
                $0.password = password
                $0.requestID = requestID
            }, options: identity.by(caller, Methods.createUser))
    }

    private func get(_ identity: Harness, _ caller: TestCaller, _ name: String) async throws -> UserMessage {
        try await identity.users.getUser(.with { $0.name = name }, options: identity.by(caller, Methods.getUser))
    }

    private func update(
        _ identity: Harness, _ caller: TestCaller, _ user: UserMessage, _ mask: [String] = []
    ) async throws -> UserMessage {
        try await identity.users.updateUser(
            .with {
                $0.user = user
                if !mask.isEmpty { $0.updateMask = Google_Protobuf_FieldMask(protoPaths: mask) }
            }, options: identity.by(caller, Methods.updateUser))
    }

    @Test(arguments: stores) func aPersonIsAddedAndRead(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let made = try await create(
                identity, acme.caller, "Ada@Example.com", name: "Ada", roles: [.editor],
                password: "correct horse battery")
            #expect(made.email == "Ada@Example.com")
            #expect(made.state == .active)
            #expect(!made.hasLastLoginTime)
            #expect(made.createTime.seconds > 0)
            let read = try await get(identity, acme.caller, made.name)
            #expect(read == made)

            let id = UserID(String(made.name.dropFirst("users/".count)))
            let hash = try await identity.core.store.scoped(acme.id).read { tx in
                try UserStore.logInCandidate(id, of: acme.id, in: tx)?.passwordHash
            }
            #expect(hash == "test:correct horse battery")
            let found = try await identity.core.store.system(.test).read { tx in
                try UserStore.usersByEmail("ada@example.com", in: tx).map(\.id)
            }
            #expect(found == [id])

            let events = try await identity.events()
            #expect(events.map(\.action) == ["user.create", "member.create"])
            #expect(events.allSatisfy { $0.organization == acme.id.rawValue && $0.actor == acme.admin.name })
            #expect(events.allSatisfy { $0.before.isEmpty })
            let (event, part) = (try #require(events.first), try #require(events.last))
            #expect(event.resource == made.name)
            #expect(part.resource == "members/\(id)")
            #expect(part.after.contains("roles: ["))
            #expect(event.after.contains("email: [personal]"))
            #expect(!event.after.contains("Example.com"))
        }
    }

    @Test(arguments: stores) func anAddressIsTakenInWhateverCase(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let globex = try await identity.organization()
            let ada = try await create(identity, acme.caller, "ada@example.com")
            let taken = try await refusal { try await create(identity, acme.caller, "ADA@example.COM") }
            #expect(taken.code == .alreadyExists)
            #expect(taken.reason == "EMAIL_TAKEN")
            // Of another organization it is free.
            _ = try await create(identity, globex.caller, "ada@example.com")
            let bob = try await create(identity, acme.caller, "bob@example.com")
            var change = UserMessage()
            (change.name, change.email) = (bob.name, "Ada@example.com")
            let (changed, asked) = (change, ada)
            let onChange = try await refusal { try await update(identity, acme.caller, changed) }
            #expect(onChange.reason == "EMAIL_TAKEN")
            // One's own address in another case is one's own.
            change = UserMessage()
            (change.name, change.email) = (asked.name, "ADA@example.com")
            let own = change
            let mine = try await update(identity, acme.caller, own)
            #expect(mine.email == "ADA@example.com")
        }
    }

    @Test(arguments: stores) func ofTwoAtOnceOneGetsTheAddress(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        do {
                            _ = try await create(identity, acme.caller, "ada@example.com")
                            return "made"
                        } catch { return try await refusal { throw error }.reason }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.sorted() == Array(repeating: "EMAIL_TAKEN", count: 5) + ["made"])
        }
    }

    @Test(arguments: stores) func aRepeatedRequestAddsOnePerson(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let id = UUID().uuidString
            let first = try await create(identity, acme.caller, "ada@example.com", requestID: id)
            let second = try await create(identity, acme.caller, "ada@example.com", requestID: id)
            #expect(first == second)
            let events = try await identity.events()
            #expect(events.map(\.action) == ["user.create", "member.create"])
            let other = try await refusal { try await create(identity, acme.caller, "bob@example.com", requestID: id) }
            #expect(other.reason == "REQUEST_ID_REUSED")
        }
    }

    @Test(arguments: stores) func nobodyGivesWhatTheyDoNotHold(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            var caller = acme.caller
            caller.permissions = ["users.read", "users.write", "organizations.read", "notes.read"]
            let weak = caller
            let asEditor = try await refusal { try await create(identity, weak, "a@example.com", roles: [.editor]) }
            #expect(asEditor.code == .permissionDenied)
            #expect(asEditor.reason == "PERMISSION_NOT_HELD")
            #expect(asEditor.metadata == ["permission": "notes.write"])
            let asAdmin = try await refusal {
                try await create(identity, weak, "a@example.com", roles: [.viewer, .admin])
            }
            #expect(asAdmin.metadata == ["permission": "api_keys.read"])
            // Viewer is what nothing said stands for.
            let viewer = try await create(identity, weak, "a@example.com")
            let permissions = try await identity.users.getUserPermissions(
                .with { $0.name = viewer.name }, options: identity.by(weak, Methods.getUserPermissions))
            #expect(permissions.roles == [.viewer])
            #expect(permissions.permissions == ["notes.read", "organizations.read", "users.read"])
            // The permission of the first organization's admins is given by one who holds it only.
            let first = try await identity.organization(isOperator: true, email: "op@example.com")
            var almost = first.caller
            almost.permissions.remove("tenants.manage")
            let without = almost
            let refused = try await refusal { try await create(identity, without, "b@example.com", roles: [.admin]) }
            #expect(refused.metadata == ["permission": "tenants.manage"])
        }
    }

    @Test(arguments: stores) func whatIsWrongIsNamed(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let weak = try await refusal { try await create(identity, acme.caller, "a@example.com", password: "short") }
            #expect(
                weak == Refusal(code: .invalidArgument, reason: "PASSWORD_WEAK", metadata: [:], fields: ["password"]))
            let role = try await refusal {
                try await create(identity, acme.caller, "a@example.com", roles: [.unspecified])
            }
            #expect(role.reason == "FIELDS_INVALID")
            #expect(role.fields == ["roles[0]"])
            let name = try await refusal { try await create(identity, acme.caller, "a@example.com", name: "a\u{0}") }
            #expect(name.fields == ["user.display_name"])
            let email = try await refusal { try await create(identity, acme.caller, "nobody") }
            #expect(email.fields == ["user.email"])
        }
    }

    @Test(arguments: stores) func anOrganizationHasSoManyPeople(_ kind: Store.Kind) async throws {
        var limits = IdentityLimits()
        limits.users = 2
        try await withIdentity(kind, limits: limits) { identity in
            let acme = try await identity.organization()
            _ = try await create(identity, acme.caller, "a@example.com")
            let full = try await refusal { try await create(identity, acme.caller, "b@example.com") }
            #expect(full.code == .resourceExhausted)
            #expect(full.reason == "LIMIT_REACHED")
            #expect(full.metadata == ["limit": "users", "maximum": "2"])
        }
    }

    /// A name of another organization is answered as one that nobody has, by every call.
    @Test(arguments: stores) func othersPeopleAreUnknown(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let globex = try await identity.organization()
            let absent = UserID(identity.core.environment.identifier())
            for name in [globex.admin.name, absent.name] {
                var message = UserMessage()
                (message.name, message.displayName) = (name, "x")
                let changed = message
                let caller = acme.caller
                let refusals = [
                    try await refusal { try await get(identity, caller, name) },
                    try await refusal { try await update(identity, caller, changed) },
                    try await refusal {
                        try await identity.users.deleteUser(
                            .with { $0.name = name }, options: identity.by(caller, Methods.deleteUser))
                    },
                    try await refusal {
                        try await identity.users.getUserPermissions(
                            .with { $0.name = name }, options: identity.by(caller, Methods.getUserPermissions))
                    },
                ]
                for refusal in refusals {
                    #expect(refusal.code == .notFound)
                    #expect(refusal.reason == "RESOURCE_UNKNOWN")
                    #expect(refusal.metadata == ["name": name])
                }
            }
            let events = try await identity.events()
            #expect(events.isEmpty)
            let still = try await get(identity, globex.caller, globex.admin.name)
            #expect(still.displayName.isEmpty)
        }
    }

    @Test(arguments: stores) func aChangeNeedsTheRightMaskAndEtag(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let ada = try await create(identity, acme.caller, "ada@example.com", name: "Ada")
            var change = UserMessage()
            (change.name, change.displayName, change.etag) = (ada.name, "Countess", ada.etag)
            let first = change
            let changed = try await update(identity, acme.caller, first, ["display_name", "etag"])
            #expect(changed.displayName == "Countess")
            #expect(changed.email == ada.email)
            #expect(changed.etag != ada.etag)
            let stale = try await refusal { try await update(identity, acme.caller, first, ["display_name"]) }
            #expect(stale.code == .aborted)
            #expect(stale.reason == "ETAG_MISMATCH")
            let immutable = try await refusal { try await update(identity, acme.caller, changed, ["create_time"]) }
            #expect(immutable.reason == "FIELD_IMMUTABLE")
            #expect(immutable.metadata == ["field": "create_time"])
            #expect(immutable.fields == ["update_mask"])
            let noState = try await refusal {
                try await update(identity, acme.caller, .with { $0.name = ada.name }, ["state"])
            }
            #expect(noState.fields == ["user.state"])
            // Named and empty: emptied. Not named and empty: kept.
            let emptied = try await update(identity, acme.caller, .with { $0.name = ada.name }, ["display_name"])
            #expect(emptied.displayName.isEmpty)
            #expect(emptied.email == ada.email)
            // Nothing changed: the same etag, and an event all the same.
            let same = try await update(identity, acme.caller, .with { $0.name = ada.name })
            #expect(same == emptied)
            let events = try await identity.events()
            #expect(
                events.map(\.action) == ["user.create", "member.create", "user.update", "user.update", "user.update"])
            #expect(events[2].before.contains(ada.etag))
            #expect(events[2].after.contains(changed.etag))
        }
    }

    @Test(arguments: stores) func disablingAndDeletingAreTold(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let ada = try await create(identity, acme.caller, "ada@example.com")
            let id = String(ada.name.dropFirst("users/".count))
            for state in [Datavault_Identity_V1_UserState.disabled, .active] {
                _ = try await update(
                    identity, acme.caller,
                    .with {
                        $0.name = ada.name
                        $0.state = state
                    })
            }
            let stale = try await refusal {
                try await identity.users.deleteUser(
                    .with {
                        $0.name = ada.name
                        $0.etag = ada.etag
                    }, options: identity.by(acme.caller, Methods.deleteUser))
            }
            #expect(stale.reason == "ETAG_MISMATCH")
            _ = try await identity.users.deleteUser(
                .with { $0.name = ada.name }, options: identity.by(acme.caller, Methods.deleteUser))
            #expect(identity.observer.all == ["disabled \(id) true", "enabled \(id) true", "deleted \(id) true"])
            let gone = try await refusal { try await get(identity, acme.caller, ada.name) }
            #expect(gone.reason == "RESOURCE_UNKNOWN")
            let events = try await identity.events()
            #expect(events.suffix(2).map(\.action) == ["member.delete", "user.delete"])
            #expect(events.suffix(2).first?.before.contains("roles: [viewer]") == true)
            let event = try #require(events.last)
            #expect(event.resource == ada.name)
            #expect(event.after.isEmpty)
        }
    }

    /// What an observer refuses does not happen at all.
    @Test(arguments: stores) func anObserversErrorUndoesTheChange(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let ada = try await create(identity, acme.caller, "ada@example.com")
            identity.observer.fail()
            let failed = try await refusal {
                try await identity.users.deleteUser(
                    .with { $0.name = ada.name }, options: identity.by(acme.caller, Methods.deleteUser))
            }
            #expect(failed.code != .ok)
            let still = try await get(identity, acme.caller, ada.name)
            #expect(still == ada)
            let events = try await identity.events()
            #expect(events.map(\.action) == ["user.create", "member.create"])
        }
    }

    @Test(arguments: stores) func aRefusedCallerLeavesAnEvent(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            var caller = acme.caller
            caller.permissions = ["users.read"]
            let viewer = caller
            let refused = try await refusal { try await create(identity, viewer, "ada@example.com") }
            #expect(refused.reason == "PERMISSION_MISSING")
            let event = try #require(try await identity.events().last)
            #expect(event.action == "user.create")
            #expect(event.organization == acme.id.rawValue)
            #expect(event.actor == acme.admin.name)
            #expect(event.denial.code == "PERMISSION_DENIED")
            #expect(event.denial.reason == "PERMISSION_MISSING")
        }
    }

    @Test(arguments: stores) func aCallerKnowsItself(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let me = try await identity.users.getMe(.init(), options: identity.by(acme.caller, Methods.getMe))
            #expect(me.organization == "organizations/\(acme.id)")
            #expect(me.subject == acme.admin.name)
            #expect(me.permissions == acme.caller.permissions.sorted())
        }
    }

    @Test(arguments: stores) func aDisabledPersonMayNothing(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let ada = try await create(identity, acme.caller, "ada@example.com", roles: [.editor])
            let id = UserID(String(ada.name.dropFirst("users/".count)))
            let core = identity.core
            let before = try await core.store.scoped(acme.id).read { tx in
                try core.effective.ofKey(
                    scopes: ["notes.write", "users.write", "gone.read"], owner: id, of: acme.id, in: tx)
            }
            #expect(before == ["notes.write"])
            _ = try await update(
                identity, acme.caller,
                .with {
                    $0.name = ada.name
                    $0.state = .disabled
                })
            let after = try await core.store.system(.test).read { tx in try core.effective.of(id, of: acme.id, in: tx) }
            #expect(after == [])
        }
    }
}
