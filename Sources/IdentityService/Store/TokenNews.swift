import Persistence

/// Tells whoever tells gateways, in the transaction of the change, that there is something new of access tokens.
struct TokenNews: Sendable {
    /// An entry of `token_revocations`, by its identifier.
    var revocation: @Sendable (Int64, OrganizationID, borrowing Transaction) throws -> Void = { _, _, _ in }
    /// Keys were made or forgotten.
    var tokenKeys: @Sendable ([TokenKeyChange], borrowing Transaction) throws -> Void = { _, _ in }
}

/// What became of a key of access tokens.
enum TokenKeyChange: Sendable {
    case made(TokenKey)
    case forgotten(TokenKey)
}
