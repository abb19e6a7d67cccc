import Foundation
import IdentityContract
import Persistence
import Policy
import SwiftProtobuf

/// What gateways are to know of access tokens, as the tables have it.
struct StoredTokenTrust: TokenTrust {
    let issuer: String
    let audience: String

    init(trustDomain: String) {
        let parties = AccessTokenVerifier.Configuration(trustDomain: trustDomain)
        (issuer, audience) = (parties.issuer, parties.audience)
    }

    func keys(in tx: borrowing Transaction) throws -> [Datavault_Identity_V1_AccessTokenKey] {
        try TokenKeyStore.all(in: tx).map { key in
            .with {
                $0.id = key.id
                $0.publicKey = Data(key.publicKey)
            }
        }
    }

    func revocations(
        after id: Int64, count: Int, nowMilliseconds: Int64, in tx: borrowing Transaction
    ) throws -> [(id: Int64, revocation: Datavault_Identity_V1_TokenRevocation)] {
        try TokenRevocationStore.inForce(after: id, count: count, at: nowMilliseconds, in: tx)
            .map { ($0.id, Datavault_Identity_V1_TokenRevocation($0)) }
    }

    func revocations(
        _ ids: Set<Int64>, nowMilliseconds: Int64, in tx: borrowing Transaction
    ) throws -> [Datavault_Identity_V1_TokenRevocation] {
        try TokenRevocationStore.inForce(ids, at: nowMilliseconds, in: tx)
            .map(Datavault_Identity_V1_TokenRevocation.init)
    }
}

extension Datavault_Identity_V1_TokenRevocation {
    init(_ row: TokenRevocationRow) {
        self.init()
        if let session = row.session { self.session = session } else { user = row.user.rawValue }
        (issuedBeforeMs, untilMs) = (row.issuedBefore, row.until)
    }
}
