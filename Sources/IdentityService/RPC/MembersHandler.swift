import IdentityContract
import Persistence
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

/// The calls about what people may do.
struct MembersHandler: Datavault_Identity_V1_MembersService.Handler {
    let core: IdentityCore

    func getMember(
        _ request: Datavault_Identity_V1_GetMemberRequest, context: ServerContext
    ) async throws -> MemberMessage {
        let organization = try CallRights.current().organization
        let id = UserID(try ResourceName.members.identifier(in: request.name))
        let member = try await core.store.scoped(organization).read { tx in
            try MemberStore.member(id, of: organization, in: tx)
        }
        guard let member else { throw IdentityError.resourceUnknown(name: request.name) }
        return MemberMessage(member)
    }

    func listMembers(
        _ request: Datavault_Identity_V1_ListMembersRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_ListMembersResponse {
        let organization = try CallRights.current().organization
        let roles = try MemberRoles(request.role == .unspecified ? [] : [request.role], field: "role")
        let binding = ["members", organization.rawValue, "\(roles.rawValue)"]
        let place = try PageToken.read(request.pageToken, for: binding)
        let rows = try await core.store.scoped(organization).read { tx in
            try MemberStore.members(
                roles, of: organization, after: place, count: Page<Member>.rows(request.pageSize), in: tx)
        }
        let page = Page(rows, asked: request.pageSize, for: binding) {
            PageToken(time: $0.createdAt, id: $0.user.rawValue)
        }
        return .with {
            $0.members = page.entries.map(MemberMessage.init)
            $0.nextPageToken = page.nextToken
        }
    }

    func updateMember(
        _ request: Datavault_Identity_V1_UpdateMemberRequest, context: ServerContext
    ) async throws -> MemberMessage {
        let (core, sent, rights) = (core, request.member, try CallRights.current())
        let organization = rights.organization
        let id = UserID(try ResourceName.members.identifier(in: sent.name))
        let mask = try UpdateMask(request.updateMask.paths, changeable: ["roles"]) { _ in !sent.roles.isEmpty }
        let roles = try MemberRoles(sent.roles, field: "member.roles")
        guard !roles.isEmpty || !mask.contains("roles") else {
            throw IdentityError.fieldInvalid(field: "member.roles", problem: "must have at least 1 element")
        }
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let old = try MemberStore.member(id, of: organization, in: tx) else {
                throw IdentityError.resourceUnknown(name: sent.name)
            }
            try Etag.check(sent.etag, old.version)
            var new = old
            if mask.contains("roles") { new.roles = roles }
            if new != old {
                try core.requireHeld(new.roles.subtracting(old.roles), by: rights, in: tx)
                new.version = old.version + 1
                try MemberStore.update(new, of: organization, in: tx)
                if !new.roles.contains(.admin) { try MemberStore.requireActiveAdmin(of: organization, in: tx) }
                try core.observers.userChanged(id, of: organization, .rolesChanged, in: tx)
            }
            let message = MemberMessage(new)
            try core.audit.record(
                intent, before: MaskedText.of(MemberMessage(old)), after: MaskedText.of(message), in: tx)
            return message
        }
    }

    func listRoles(
        _ request: Datavault_Identity_V1_ListRolesRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_ListRolesResponse {
        let (core, organization) = (core, try CallRights.current().organization)
        let isOperator = try await core.store.scoped(organization).read { tx in
            try OrganizationStore.organization(organization, in: tx)?.isOperator ?? false
        }
        return .with {
            $0.roles = MemberRoles.all.map { role in
                .with {
                    $0.role = role.messages.first ?? .unspecified
                    $0.permissions = core.permissions.granted(to: role, isOperator: isOperator).sorted()
                }
            }
        }
    }
}
