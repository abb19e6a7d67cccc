import Persistence

/// Ends sessions and revokes access tokens, in the transaction of what is the reason for it.
struct SessionEnder: UserChangeObserver {
    /// How long an access token is good, and what clocks may be apart on top.
    let tokenLifetime: Duration
    let news: TokenNews
    let now: @Sendable () -> Int64

    private static let clockSkew: Duration = .seconds(60)

    func userChanged(
        _ user: UserID, of organization: OrganizationID, _ change: UserChange, in tx: borrowing Transaction
    ) throws {
        switch change {
        case .disabled: try endAll(of: user, organization, .userDisabled, in: tx)
        case .deleted: try endAll(of: user, organization, .userDeleted, in: tx)
        case .passwordSet: try endAll(of: user, organization, .passwordChanged, in: tx)
        // Tokens carry the permissions of their making; a refresh gives one with those of now.
        case .rolesChanged: try revoke(session: nil, of: user, organization, issuedBefore: justNow, in: tx)
        case .enabled: break
        }
    }

    /// Ends one session.
    ///
    /// - Returns: Whether it went on until now.
    @discardableResult
    func end(_ session: SessionRow, _ end: SessionEnd, in tx: borrowing Transaction) throws -> Bool {
        guard try SessionStore.end(session.id, of: session.organization, end, now: now(), in: tx) else { return false }
        try revoke(session: session.id, of: session.user, session.organization, issuedBefore: latest, in: tx)
        return true
    }

    /// Ends all sessions of a user, and revokes all access tokens.
    func endAll(
        of user: UserID, _ organization: OrganizationID, _ end: SessionEnd, in tx: borrowing Transaction
    ) throws {
        _ = try SessionStore.endAll(of: user, of: organization, end, now: now(), in: tx)
        try revoke(session: nil, of: user, organization, issuedBefore: justNow, in: tx)
    }

    /// Ends all sessions of a user but one.
    func endOthers(
        than kept: String, of user: UserID, _ organization: OrganizationID, _ end: SessionEnd,
        in tx: borrowing Transaction
    ) throws {
        let ended = try SessionStore.endAll(of: user, of: organization, except: kept, end, now: now(), in: tx)
        for id in ended { try revoke(session: id, of: user, organization, issuedBefore: latest, in: tx) }
    }

    /// Ends sessions of a user by their identifiers.
    func end(
        _ sessions: [String], of user: UserID, _ organization: OrganizationID, _ end: SessionEnd,
        in tx: borrowing Transaction
    ) throws {
        for id in sessions where try SessionStore.end(id, of: organization, end, now: now(), in: tx) {
            try revoke(session: id, of: user, organization, issuedBefore: latest, in: tx)
        }
    }

    /// After all tokens that were made until now, of which some may bear this very millisecond.
    private var justNow: Int64 { now() + 1_000 }
    /// A session that has ended gets no further tokens, so all of its are meant, whatever another instance's clock says.
    private var latest: Int64 { until }
    private var until: Int64 { now() + (tokenLifetime + Self.clockSkew).microseconds }

    /// - Parameter issuedBefore: Microseconds since 1970.
    private func revoke(
        session: String?, of user: UserID, _ organization: OrganizationID, issuedBefore: Int64,
        in tx: borrowing Transaction
    ) throws {
        let id = try TokenRevocationStore.add(
            session: session, user: user, of: organization, issuedBefore: issuedBefore / 1_000, until: until / 1_000,
            now: now(), in: tx)
        try news.revocation(id, organization, tx)
    }
}
