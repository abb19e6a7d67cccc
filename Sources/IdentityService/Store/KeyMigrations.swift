import Persistence

/// The tables of keys, their secrets, and of what gateways are told.
enum KeyMigrations {
    static let all =
        VaultStore.migrations + ApiKeyStore.migrations + ApiKeySecretStore.migrations
        + CredentialChangeStore.migrations + PrincipalKeyStore.migrations
}
