/// Why a session is over.
enum SessionEnd: String, Sendable, Hashable {
    /// A refresh token was used twice.
    case reused
    /// The user or an admin ended it.
    case deleted
    /// The user has begun more sessions since than a user may have.
    case displaced
    case passwordChanged = "password_changed"
    case userDisabled = "user_disabled"
    case userDeleted = "user_deleted"
}

/// A session as far as it decides what becomes of a refresh. Times are microseconds since 1970.
struct SessionState: Sendable, Hashable {
    /// The number of the newest refresh token; the first one's is 1.
    var generation: Int64
    /// When the newest refresh token was made.
    var refreshedAt: Int64
    /// When the session ends if it is not refreshed.
    var idleExpiresAt: Int64
    /// When it ends in any case.
    var expiresAt: Int64
    /// Why it is over; nil while it goes on.
    var end: SessionEnd?

    func isLive(at now: Int64) -> Bool { end == nil && now < idleExpiresAt && now < expiresAt }
}

/// Which of a session's tokens somebody presents.
enum PresentedToken: Sendable, Hashable {
    /// The one that was given out last.
    case newest
    /// The one before.
    case predecessor
    /// One before that, all of which were used up when their successors were.
    case older
}

/// What is to happen with a refresh.
enum RefreshAction: Sendable, Hashable {
    /// The newest token is used up, and its successor given: the session is to be this.
    case rotate(SessionState)
    /// A repeated request: the newest token is given once more, and nothing changes.
    case giveSuccessorAgain
    /// A token was used twice: one of two holders is a thief, so neither goes on. The session is to be this.
    case endFamily(SessionState)
    /// There is nothing to go on with.
    case refuse
}

/// How long sessions last.
struct SessionLimits: Sendable, Hashable {
    /// How long a session lasts that is not refreshed.
    var idleTimeout: Duration = .seconds(7 * 86_400)
    /// How long a session lasts at most.
    var lifetime: Duration = .seconds(30 * 86_400)
    /// How long a client that did not hear the answer may repeat a refresh.
    var grace: Duration = .seconds(10)

    /// A session that begins now.
    func begin(now: Int64) -> SessionState {
        SessionState(
            generation: 1, refreshedAt: now, idleExpiresAt: now + min(idleTimeout, lifetime).microseconds,
            expiresAt: now + lifetime.microseconds)
    }
}

/// What becomes of a refresh: all that the store does follows from this.
///
/// The session's row is read, this is asked, and its answer is written in one serializable transaction; a change that
/// another transaction overtakes is decided anew.
struct RefreshDecision: Sendable {
    var limits: SessionLimits

    func decide(_ state: SessionState, presented: PresentedToken, now: Int64) -> RefreshAction {
        guard state.isLive(at: now) else { return .refuse }
        switch presented {
        case .newest:
            var next = state
            next.generation += 1
            next.refreshedAt = now
            next.idleExpiresAt = min(now + limits.idleTimeout.microseconds, state.expiresAt)
            return .rotate(next)
        case .predecessor where now - state.refreshedAt < limits.grace.microseconds:
            return .giveSuccessorAgain
        // That the successor was used shows that it was heard of: who asks again is somebody else.
        case .predecessor, .older:
            var ended = state
            ended.end = .reused
            return .endFamily(ended)
        }
    }
}
