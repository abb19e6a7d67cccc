import IdentityContract
import Persistence
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

/// Makes what is kept of passwords.
struct PolicyPasswords: PasswordSetting {
    let policy: PasswordPolicy
    let hasher: PasswordHasher

    func hash(_ password: String, of owner: PasswordOwner) async throws -> String {
        let password = NormalizedPassword(password)
        let weaknesses = policy.weaknesses(of: password, email: owner.email, organization: owner.organization)
        guard weaknesses.isEmpty else {
            throw IdentityError.passwordWeak(field: "password", problems: weaknesses.map(\.description))
        }
        do { return try await hasher.hash(password).text } catch { throw IdentityError.hashing(error) }
    }
}

/// The calls by which people change passwords.
struct UserPasswordCalls: PasswordCalls {
    let core: IdentityCore
    let parts: SessionParts

    func setUserPassword(
        _ request: Datavault_Identity_V1_SetUserPasswordRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        let (core, rights) = (core, try CallRights.current())
        let user = UserID(try ResourceName.users.identifier(in: request.name))
        let owner = try await owner(user, rights.organization) { tx in
            try core.requireHeld(of: user, by: rights, in: tx)
        }
        guard let owner else { throw IdentityError.resourceUnknown(name: request.name) }
        let hash = try await core.hash(request.password, of: owner, field: "password")
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID, sealing: core.seal) { tx in
            // Roles may have come to the user since.
            try core.requireHeld(of: user, by: rights, in: tx)
            guard let before = try UserStore.user(user, of: rights.organization, in: tx) else {
                throw IdentityError.resourceUnknown(name: request.name)
            }
            try UserStore.setPasswordHash(hash, of: user, of: rights.organization, at: core.environment.now(), in: tx)
            try core.observers.userChanged(user, of: rights.organization, .passwordSet, in: tx)
            try core.recordPassword(of: before, in: rights.organization, intent, in: tx)
            return Google_Protobuf_Empty()
        }
    }

    func changePassword(
        _ request: Datavault_Identity_V1_ChangePasswordRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        let (core, parts, rights) = (core, parts, try CallRights.current())
        guard let principal = CallScope.current?.caller.principal, principal.kind == .user else {
            throw IdentityError.userRequired
        }
        let user = UserID(try ResourceName.users.identifier(in: rights.subject))
        guard let owner = try await owner(user, rights.organization) else {
            throw IdentityError.resourceUnknown(name: rights.subject)
        }
        let old = try await check(request.oldPassword, of: user, rights.organization, context)
        // A repeated request finds its own change there, and is answered with the first one's reply.
        guard old != nil || !request.requestID.isEmpty else { throw IdentityError.passwordWrong }
        let hash = old == nil ? nil : try await core.hash(request.newPassword, of: owner, field: "new_password")
        let (intent, session) = (CallScope.current?.audit, principal.session)
        return try await core.replay.write(request, id: request.requestID, sealing: core.seal) { tx in
            let present = try UserStore.logInCandidate(user, of: rights.organization, in: tx)
            guard let old, present?.passwordHash == old,
                let before = try UserStore.user(user, of: rights.organization, in: tx)
            else { throw IdentityError.passwordWrong }
            try UserStore.setPasswordHash(hash, of: user, of: rights.organization, at: core.environment.now(), in: tx)
            if let session {
                try parts.ender.endOthers(than: session, of: user, rights.organization, .passwordChanged, in: tx)
            } else {
                try parts.ender.endAll(of: user, rights.organization, .passwordChanged, in: tx)
            }
            try core.recordPassword(of: before, in: rights.organization, intent, in: tx)
            return Google_Protobuf_Empty()
        }
    }

    /// Checks the present password, at the price and within the budgets of a log-in.
    ///
    /// - Returns: What is kept of it; nil if it is wrong.
    private func check(
        _ password: String, of user: UserID, _ organization: OrganizationID, _ context: ServerContext
    ) async throws -> String? {
        let (source, now) = (SourceAddress.of(context), core.environment.now())
        // A budget of its own: who guesses at the front door does not keep the owner from changing the lock.
        let account = user.name
        if let wait = parts.throttle.admit(account, from: source, now: now) {
            throw IdentityError.loginBusy(retryAfter: wait)
        }
        let candidate = try await core.store.scoped(organization).read { tx in
            try UserStore.logInCandidate(user, of: organization, in: tx)
        }
        let verdict: PasswordHasher.Verdict
        do {
            verdict = try await parts.hasher.check(
                NormalizedPassword(password), against: candidate?.usableHash, source: source ?? "")
        } catch {
            parts.throttle.giveBack(account, from: source, now: now)
            throw IdentityError.hashing(error)
        }
        guard verdict != .wrong, let text = candidate?.passwordHash else { return nil }
        parts.throttle.succeeded(account, from: source, now: now)
        return text
    }

    /// What a new password must not contain; nil if there is no such user.
    private func owner(
        _ user: UserID, _ organization: OrganizationID,
        _ check: @escaping @Sendable (borrowing Transaction) throws -> Void = { _ in }
    ) async throws -> PasswordOwner? {
        try await core.store.scoped(organization).read { tx in
            try check(tx)
            return try PasswordOwner.find(user, of: organization, in: tx)
        }
    }
}

extension IdentityCore {
    /// Records that a person has another password, of which nothing is told: the person's etag and time have changed.
    fileprivate func recordPassword(
        of before: User, in organization: OrganizationID, _ intent: AuditIntent?, in tx: borrowing Transaction
    ) throws {
        let after = try UserStore.user(before.id, of: organization, in: tx).map { UserMessage($0) }
        try audit.record(
            intent, resource: before.id.name, .user(before: UserMessage(before), after: after), in: tx)
    }
}

extension PasswordOwner {
    /// A user's; nil if there is no such user.
    static func find(
        _ user: UserID, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws -> PasswordOwner? {
        guard let user = try UserStore.user(user, of: organization, in: tx) else { return nil }
        return PasswordOwner(email: user.email.text, organization: try name(of: organization, in: tx))
    }

    /// An organization's name, as people know it.
    static func name(of organization: OrganizationID, in tx: borrowing Transaction) throws -> String {
        try OrganizationStore.organization(organization, in: tx)?.displayName ?? ""
    }
}
