import IdentityContract
import Persistence
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

extension SystemReason {
    static let logIn = SystemReason("find who logs in, and begin the session")
}

extension SessionsHandler {
    func logIn(
        _ request: Datavault_Identity_V1_LogInRequest, context: ServerContext
    ) async throws -> TokenResponse {
        let source = SourceAddress.of(context)
        let account = EmailAddress.fold(request.email)
        let now = core.environment.now()
        if let wait = parts.throttle.admit(account, from: source, now: now) {
            throw IdentityError.loginBusy(retryAfter: wait)
        }
        let candidate = try await candidate(request, account)
        let password = NormalizedPassword(request.password)
        let verdict: PasswordHasher.Verdict
        let stored = candidate?.usableHash
        do {
            // Whoever it is: one hash. Which hash is compared with, only this process knows.
            verdict = try await parts.hasher.check(password, against: stored, source: source ?? "")
        } catch {
            parts.throttle.giveBack(account, from: source, now: now)
            throw IdentityError.hashing(error)
        }
        guard verdict != .wrong, let candidate, let stored else {
            if let candidate { parts.failures.note(candidate.id, of: candidate.organization, from: source) }
            throw IdentityError.loginFailed
        }
        parts.throttle.succeeded(account, from: source, now: now)
        // Rarely needed, and never worth a refusal.
        let renewed =
            verdict == .rightButOutdated
            ? try? await parts.hasher.hash(password, source: source ?? "").text : nil
        return try await begin(candidate, stored.text, renewed)
    }

    /// The one person who is meant; nil where there is none, or more than one.
    private func candidate(
        _ request: Datavault_Identity_V1_LogInRequest, _ account: String
    ) async throws -> LogInCandidate? {
        // Nobody's address has one, and no database takes it for text.
        guard !account.utf8.contains(0) else { return nil }
        let organization =
            request.organization.isEmpty
            ? nil : OrganizationID(try ResourceName.organizations.identifier(in: request.organization))
        let found = try await core.store.system(.logIn).read { tx in
            guard let organization else { return try UserStore.usersByEmail(account, in: tx) }
            return try [UserStore.userByEmail(account, of: organization, in: tx)].compactMap { $0 }
        }
        return found.count == 1 ? found[0] : nil
    }

    /// Begins the session of somebody whose password was right.
    private func begin(
        _ candidate: LogInCandidate, _ hash: String, _ renewed: String?
    ) async throws -> TokenResponse {
        let (core, parts) = (core, parts)
        let press = try await parts.tokens.press()
        let id = core.environment.identifier()
        let token = RefreshToken.first(session: id, random: core.environment.randomBytes(RefreshToken.secretSize))
        let intent = CallScope.current?.audit
        let begun = try await core.store.system(.logIn).write { tx -> IssuedSession? in
            let organization = candidate.organization
            try UserStore.hold(candidate.id, of: organization, core.store.kind, in: tx)
            // While the password was hashed, the user may have become another.
            guard let present = try UserStore.logInCandidate(candidate.id, of: organization, in: tx),
                present.state == .active, present.passwordHash == hash
            else { return nil }
            let now = core.environment.now()
            let session = SessionRow(
                id: id, organization: organization, user: candidate.id, createdAt: now,
                state: parts.configuration.sessions.begin(now: now))
            let surplus = try SessionStore.surplus(
                of: candidate.id, of: organization, now: now, beyond: parts.configuration.maximumSessions - 1, in: tx)
            try parts.ender.end(surplus, of: candidate.id, organization, .displaced, in: tx)
            try SessionStore.insert(session, in: tx)
            try RefreshTokenStore.keep(
                token.hash(parts.refreshKeys), session.state.generation, of: id, organization, in: tx)
            if let renewed {
                try UserStore.upgradePasswordHash(renewed, from: hash, of: candidate.id, of: organization, in: tx)
            }
            try UserStore.setLastLogin(now, of: candidate.id, of: organization, in: tx)
            try core.audit.record(
                Self.logInAction, by: AuditParty(organization: organization.rawValue, actor: candidate.id.name),
                fulfilling: intent, resource: session.name, after: MaskedText.of(SessionMessage(session)), in: tx)
            return IssuedSession(
                session: session, permissions: try core.effective.of(candidate.id, of: organization, in: tx), now: now)
        }
        guard let begun else { throw IdentityError.loginFailed }
        return try begun.response(token, parts.refreshKeys, press, parts.configuration)
    }
}

extension LogInCandidate {
    /// What the password has to match; nil where the person may not log in, or has no password.
    var usableHash: PasswordHash? { state == .active ? passwordHash.flatMap { PasswordHash($0) } : nil }
}

/// A session that tokens are given for.
struct IssuedSession: Sendable {
    let session: SessionRow
    let permissions: Set<String>
    /// When the permissions were looked at, in microseconds since 1970.
    let now: Int64

    func response(
        _ token: RefreshToken, _ keys: RefreshToken.Keys, _ press: AccessTokenIssuer.Press,
        _ configuration: SessionConfiguration
    ) throws -> TokenResponse {
        let accessToken = try press.token(
            of: session.user, in: session.organization.rawValue, session: session.id, permissions: permissions,
            now: now)
        return .with {
            $0.accessToken = accessToken
            $0.tokenType = "Bearer"
            $0.expiresIn = Int32(clamping: configuration.tokenLifetime.components.seconds)
            $0.refreshToken = token.text(keys)
            $0.session = session.name
        }
    }
}
