import IdentityContract
import Persistence
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

/// The calls about people.
struct UsersHandler: Datavault_Identity_V1_UsersService.Handler {
    let core: IdentityCore
    let passwords: any PasswordCalls

    func createUser(
        _ request: Datavault_Identity_V1_CreateUserRequest, context: ServerContext
    ) async throws -> UserMessage {
        let (core, rights, now) = (core, try CallRights.current(), core.environment.now())
        try TextRules.check(shown: request.user.displayName, field: "user.display_name")
        let named = try MemberRoles(request.roles, field: "roles")
        let roles: MemberRoles = named.isEmpty ? .viewer : named
        let organization = rights.organization
        // Before the hash, which is dear.
        try await core.store.scoped(organization).read { tx in
            try core.requireHeld(roles, by: rights, in: tx)
        }
        var hash: String?
        if !request.password.isEmpty {
            let name = try await core.store.scoped(organization).read { tx in
                try PasswordOwner.name(of: organization, in: tx)
            }
            hash = try await core.hash(
                request.password, of: PasswordOwner(email: request.user.email, organization: name), field: "password")
        }
        let user = User(
            id: UserID(core.environment.identifier()), email: EmailAddress(request.user.email),
            displayName: request.user.displayName, state: User.State(request.user.state) ?? .active,
            createdAt: now, updatedAt: now)
        let message = UserMessage(user)
        let (intent, change) = (CallScope.current?.audit, AuditedChange.user(after: message))
        return try await core.replay.write(request, id: request.requestID, sealing: core.seal) { [hash] tx in
            guard try UserStore.count(of: organization, in: tx) < core.limits.users else {
                throw IdentityError.limitReached(limit: "users", maximum: core.limits.users)
            }
            try UserStore.insert(user, passwordHash: hash, of: organization, in: tx)
            let member = Member(user: user.id, roles: roles, createdAt: now)
            try MemberStore.insert(member, of: organization, in: tx)
            try core.audit.record(intent, resource: message.name, change, in: tx)
            let part = MemberMessage(member)
            try core.record(
                "member.create", within: intent, of: organization, resource: part.name, after: MaskedText.of(part),
                in: tx)
            return message
        }
    }

    func getUser(
        _ request: Datavault_Identity_V1_GetUserRequest, context: ServerContext
    ) async throws -> UserMessage {
        let organization = try CallRights.current().organization
        let id = UserID(try ResourceName.users.identifier(in: request.name))
        let user = try await core.store.scoped(organization).read { tx in
            try UserStore.user(id, of: organization, in: tx)
        }
        guard let user else { throw IdentityError.resourceUnknown(name: request.name) }
        return UserMessage(user)
    }

    func listUsers(
        _ request: Datavault_Identity_V1_ListUsersRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_ListUsersResponse {
        let organization = try CallRights.current().organization
        try TextRules.check(shown: request.query, field: "query")
        let filter = UserFilter(
            state: User.State(request.state),
            roles: try MemberRoles(request.role == .unspecified ? [] : [request.role], field: "role"),
            text: request.query)
        let binding = ["users", organization.rawValue] + filter.parts
        let place = try PageToken.read(request.pageToken, for: binding)
        let rows = try await core.store.scoped(organization).read { tx in
            try UserStore.users(
                filter, of: organization, after: place, count: Page<User>.rows(request.pageSize), in: tx)
        }
        let page = Page(rows, asked: request.pageSize, for: binding) {
            PageToken(time: $0.createdAt, id: $0.id.rawValue)
        }
        return .with {
            $0.users = page.entries.map(UserMessage.init)
            $0.nextPageToken = page.nextToken
        }
    }

    func getUserPermissions(
        _ request: Datavault_Identity_V1_GetUserPermissionsRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_GetUserPermissionsResponse {
        let (core, organization) = (core, try CallRights.current().organization)
        let id = UserID(try ResourceName.users.identifier(in: request.name))
        let (member, permissions) = try await core.store.scoped(organization).read { tx in
            let member = try MemberStore.member(id, of: organization, in: tx)
            return (member, try core.effective.of(id, of: organization, in: tx))
        }
        guard let member else { throw IdentityError.resourceUnknown(name: request.name) }
        return .with {
            $0.roles = member.roles.messages
            $0.permissions = permissions.sorted()
        }
    }

    func setUserPassword(
        _ request: Datavault_Identity_V1_SetUserPasswordRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        try await passwords.setUserPassword(request, context: context)
    }

    func changePassword(
        _ request: Datavault_Identity_V1_ChangePasswordRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        try await passwords.changePassword(request, context: context)
    }

    func getMe(
        _ request: Datavault_Identity_V1_GetMeRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_GetMeResponse {
        let rights = try CallRights.current()
        return .with {
            $0.organization = ResourceName.organizations.name(rights.organization.rawValue)
            $0.subject = rights.subject
            $0.permissions = rights.permissions.sorted()
        }
    }
}
