import Persistence

/// The tables of sessions and of access tokens.
enum SessionMigrations {
    static let all = [
        SessionStore.migration, RefreshTokenStore.migration, TokenKeyStore.migration, TokenRevocationStore.migration,
    ]
}
