import IdentityContract
import Persistence
import Policy
import PolicyModel
import ServiceKit
import Wire

extension SystemReason {
    static let refreshSession = SystemReason("find the session of a refresh token, and go on with it")
}

extension SessionsHandler {
    private enum Outcome: Sendable {
        case goOn(IssuedSession)
        case repeated(IssuedSession)
        case reused
        case refused
    }

    func refreshSession(
        _ request: Datavault_Identity_V1_RefreshSessionRequest, context: ServerContext
    ) async throws -> TokenResponse {
        guard let token = RefreshToken(request.refreshToken, parts.refreshKeys) else {
            throw IdentityError.refreshTokenInvalid
        }
        let press = try await parts.tokens.press()
        let successor = token.successor(parts.refreshKeys)
        let intent = CallScope.current?.audit
        let outcome = try await core.store.system(.refreshSession).write { [self] tx in
            try refresh(token, successor, intent, in: tx)
        }
        switch outcome {
        case .goOn(let issued): return try issued.response(successor, parts.refreshKeys, press, parts.configuration)
        case .repeated(let issued):
            intent?.fulfill(.replayed)
            return try issued.response(successor, parts.refreshKeys, press, parts.configuration)
        case .reused: throw IdentityError.refreshTokenReused
        case .refused: throw IdentityError.refreshTokenInvalid
        }
    }

    private func refresh(
        _ token: RefreshToken, _ successor: RefreshToken, _ intent: AuditIntent?, in tx: borrowing Transaction
    ) throws -> Outcome {
        guard var session = try SessionStore.session(token.session, in: tx) else { return .refused }
        try UserStore.hold(session.user, of: session.organization, core.store.kind, in: tx)
        let now = core.environment.now()
        let presented = try RefreshTokenStore.presented(token.hash(parts.refreshKeys), of: session, in: tx)
        let decision = RefreshDecision(limits: parts.configuration.sessions)
        let party = AuditParty(organization: session.organization.rawValue, actor: session.user.name)
        switch decision.decide(session.state, presented: presented, now: now) {
        case .rotate(let next):
            guard let permissions = try permissions(of: session, in: tx) else { return .refused }
            let generation = session.state.generation
            session.state = next
            try SessionStore.refresh(session, from: generation, in: tx)
            try RefreshTokenStore.keep(
                successor.hash(parts.refreshKeys), next.generation, of: session.id, session.organization, in: tx)
            try core.audit.record(
                Self.refreshAction, by: party, fulfilling: intent, resource: session.name,
                after: MaskedText.of(SessionMessage(session)), in: tx)
            return .goOn(IssuedSession(session: session, permissions: permissions, now: now))
        case .giveSuccessorAgain:
            guard let permissions = try permissions(of: session, in: tx) else { return .refused }
            return .repeated(IssuedSession(session: session, permissions: permissions, now: now))
        case .endFamily:
            try parts.ender.end(session, .reused, in: tx)
            try core.audit.record(
                Self.refreshAction, by: party, within: intent, resource: session.name,
                before: MaskedText.of(SessionMessage(session)),
                outcome: IdentityError.refreshTokenReused.auditOutcome, in: tx)
            return .reused
        case .refuse: return .refused
        }
    }

    private static let refreshAction =
        Datavault_Identity_V1_SessionsService.Methods.refreshSession.policy?.audit?.action ?? ""

    /// What the session's user may do; nil if the user may not go on.
    private func permissions(of session: SessionRow, in tx: borrowing Transaction) throws -> Set<String>? {
        let user = try UserStore.logInCandidate(session.user, of: session.organization, in: tx)
        guard user?.state == .active else { return nil }
        return try core.effective.of(session.user, of: session.organization, in: tx)
    }
}
