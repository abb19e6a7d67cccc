import Foundation
import IdentityContract
import Persistence

/// Reads what gateways are to know of access tokens: their keys, and those that are not to be believed any more.
protocol TokenTrust: Sendable {
    /// What access tokens have as issuer.
    var issuer: String { get }
    /// What access tokens have as audience.
    var audience: String { get }
    /// The keys that tokens are signed with, those of the past and the next rotation included.
    func keys(in tx: borrowing Transaction) throws -> [Datavault_Identity_V1_AccessTokenKey]
    /// Revocations in force after an identifier, in the order of identifiers.
    func revocations(
        after id: Int64, count: Int, nowMilliseconds: Int64, in tx: borrowing Transaction
    ) throws -> [(id: Int64, revocation: Datavault_Identity_V1_TokenRevocation)]
    /// Revocations by their identifiers, as far as they are in force.
    func revocations(
        _ ids: Set<Int64>, nowMilliseconds: Int64, in tx: borrowing Transaction
    ) throws -> [Datavault_Identity_V1_TokenRevocation]
}
