import Persistence
import Policy
import ServiceKit

/// What all parts of the role work with.
struct IdentityCore: Sendable {
    let store: Store
    let replay: Replay
    let audit: AuditOutbox
    let permissions: Permissions
    let environment: IdentityEnvironment
    let limits: IdentityLimits
    let passwords: any PasswordSetting
    let observers: UserChangeObservers
    /// Keys what is kept of requests that hold passwords: a plain hash of one could be guessed from.
    var seal: ReplySeal?

    /// What users may do at the moment.
    var effective: EffectivePermissions { EffectivePermissions(permissions: permissions) }

    /// Refuses to give roles of whose permissions the caller lacks one.
    ///
    /// - Throws: `IdentityError.permissionNotHeld`.
    func requireHeld(_ roles: MemberRoles, by rights: CallRights, in tx: borrowing Transaction) throws {
        let organization = try OrganizationStore.organization(rights.organization, in: tx)
        let given = permissions.granted(to: roles, isOperator: organization?.isOperator ?? false)
        try rights.requireHeld(given)
    }

    /// Refuses to give the caller power over somebody who may do more than it: who sets a password can log in with it.
    ///
    /// - Throws: `IdentityError.permissionNotHeld`.
    func requireHeld(of user: UserID, by rights: CallRights, in tx: borrowing Transaction) throws {
        guard let member = try MemberStore.member(user, of: rights.organization, in: tx) else { return }
        try requireHeld(member.roles, by: rights, in: tx)
    }

    /// Records a part of a call's change that is a resource of its own, beside the call's own event.
    ///
    /// - Parameters:
    ///   - action: As the contract would call it, `member.create`.
    ///   - organization: Whose resource it is, which need not be the caller's organization.
    func record(
        _ action: String, within intent: AuditIntent?, of organization: OrganizationID, resource: String,
        before: String? = nil, after: String? = nil, personal: [AuditPersonal] = [], in tx: borrowing Transaction
    ) throws {
        guard let intent else { return }
        try audit.record(
            action, by: AuditParty(organization: organization.rawValue, actor: intent.actor.name), within: intent,
            resource: resource, before: before, after: after, personal: personal, in: tx)
    }

    /// Hashes a new password.
    ///
    /// - Parameters:
    ///   - owner: Whose it is to be.
    ///   - field: What the request calls it, for the error of a weak one.
    func hash(_ password: String, of owner: PasswordOwner, field: String) async throws -> String {
        do { return try await passwords.hash(password, of: owner) } catch IdentityError.passwordWeak(_, let problems) {
            throw IdentityError.passwordWeak(field: field, problems: problems)
        }
    }
}

/// Bounds of what an organization may have.
struct IdentityLimits: Sendable, Hashable {
    /// People in an organization.
    var users = 10_000
}
