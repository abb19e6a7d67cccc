import IdentityContract
import Persistence
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

/// The calls about organizations.
struct OrganizationsHandler: Datavault_Identity_V1_OrganizationsService.Handler {
    let core: IdentityCore

    /// What `organizations/` may be followed by instead of the caller's identifier.
    private static let own = "me"

    func createOrganization(
        _ request: Datavault_Identity_V1_CreateOrganizationRequest, context: ServerContext
    ) async throws -> OrganizationMessage {
        let core = core
        let now = core.environment.now()
        try TextRules.check(shown: request.organization.displayName, field: "organization.display_name")
        try TextRules.check(shown: request.admin.displayName, field: "admin.display_name")
        let organization = Organization(
            id: OrganizationID(core.environment.identifier()), displayName: request.organization.displayName,
            allowedNetworks: try AllowedNetworks.canonical(
                request.organization.allowedNetworks, field: "organization.allowed_networks"),
            createdAt: now, updatedAt: now)
        let admin = User(
            id: UserID(core.environment.identifier()), email: EmailAddress(request.admin.email),
            displayName: request.admin.displayName, createdAt: now, updatedAt: now)
        let hash = try await core.hash(
            request.adminPassword,
            of: PasswordOwner(email: request.admin.email, organization: organization.displayName),
            field: "admin_password")
        let message = OrganizationMessage(organization)
        let (intent, after) = (CallScope.current?.audit, MaskedText.of(message))
        return try await core.replay.write(
            request, id: request.requestID, across: .makeOrganization, sealing: core.seal
        ) { tx in
            try OrganizationStore.insert(organization, in: tx)
            try UserStore.insert(admin, passwordHash: hash, of: organization.id, in: tx)
            let member = Member(user: admin.id, roles: .admin, createdAt: now)
            try MemberStore.insert(member, of: organization.id, in: tx)
            try core.observers.networksChanged(of: organization.id, to: organization.allowedNetworks, in: tx)
            try core.audit.record(intent, resource: message.name, after: after, in: tx)
            // These two are the new organization's own.
            let (user, part) = (AuditedChange.user(after: UserMessage(admin)), MemberMessage(member))
            try core.record(
                "user.create", within: intent, of: organization.id, resource: admin.id.name, after: user.after,
                personal: user.personal, in: tx)
            try core.record(
                "member.create", within: intent, of: organization.id, resource: part.name, after: MaskedText.of(part),
                in: tx)
            return message
        }
    }

    func getOrganization(
        _ request: Datavault_Identity_V1_GetOrganizationRequest, context: ServerContext
    ) async throws -> OrganizationMessage {
        let id = try Self.own(request.name)
        let found = try await core.store.scoped(id).read { tx in try OrganizationStore.organization(id, in: tx) }
        guard let found else { throw IdentityError.resourceUnknown(name: request.name) }
        return OrganizationMessage(found)
    }

    func listOrganizations(
        _ request: Datavault_Identity_V1_ListOrganizationsRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_ListOrganizationsResponse {
        let binding = ["organizations"]
        let place = try PageToken.read(request.pageToken, for: binding)
        let rows = try await core.store.system(.listOrganizations).read { tx in
            try OrganizationStore.organizations(after: place, count: Page<Organization>.rows(request.pageSize), in: tx)
        }
        let page = Page(rows, asked: request.pageSize, for: binding) {
            PageToken(time: $0.createdAt, id: $0.id.rawValue)
        }
        return .with {
            $0.organizations = page.entries.map(OrganizationMessage.init)
            $0.nextPageToken = page.nextToken
        }
    }

    func updateOrganization(
        _ request: Datavault_Identity_V1_UpdateOrganizationRequest, context: ServerContext
    ) async throws -> OrganizationMessage {
        let (core, sent) = (core, request.organization)
        let id = try Self.own(sent.name)
        let mask = try UpdateMask(request.updateMask.paths, changeable: ["display_name", "allowed_networks"]) {
            $0 == "display_name" ? !sent.displayName.isEmpty : !sent.allowedNetworks.isEmpty
        }
        try TextRules.check(shown: sent.displayName, field: "organization.display_name")
        let networks = try AllowedNetworks.canonical(sent.allowedNetworks, field: "organization.allowed_networks")
        let (intent, now) = (CallScope.current?.audit, core.environment.now())
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let old = try OrganizationStore.organization(id, in: tx) else {
                throw IdentityError.resourceUnknown(name: sent.name)
            }
            try Etag.check(sent.etag, old.version)
            var new = old
            if mask.contains("display_name") { new.displayName = sent.displayName }
            if mask.contains("allowed_networks") { new.allowedNetworks = networks }
            if new != old {
                (new.updatedAt, new.version) = (now, old.version + 1)
                try OrganizationStore.update(new, in: tx)
            }
            if new.allowedNetworks != old.allowedNetworks {
                try core.observers.networksChanged(of: id, to: new.allowedNetworks, in: tx)
            }
            let message = OrganizationMessage(new)
            try core.audit.record(
                intent, resource: message.name, before: MaskedText.of(OrganizationMessage(old)),
                after: MaskedText.of(message), in: tx)
            return message
        }
    }

    /// The caller's organization, if that is what the name means.
    private static func own(_ name: String) throws -> OrganizationID {
        let own = try CallRights.current().organization
        let asked = try ResourceName.organizations.identifier(in: name)
        guard asked == own.rawValue || asked == Self.own else { throw IdentityError.resourceUnknown(name: name) }
        return own
    }
}
