import Persistence
import PolicyModel
import ServiceKit

/// What follows for keys from changes of people and organizations, in the same transaction.
struct KeyChangeObserver: UserChangeObserver {
    let keys: ApiKeys
    let audit: AuditOutbox

    func userChanged(
        _ user: UserID, of organization: OrganizationID, _ change: UserChange, in tx: borrowing Transaction
    ) throws {
        switch change {
        case .disabled, .enabled, .rolesChanged:
            // Keys act for their owner: gateways are told anew what all of them may do.
            try keys.changes.note(.owner(user), of: organization, in: tx)
        case .deleted:
            let now = keys.environment.now()
            for key in try ApiKeyStore.living(of: user, of: organization, in: tx) {
                let revoked = try keys.revoke(key, now: now, in: tx)
                try audit.record(
                    "api_key.revoke", of: organization, resource: key.name,
                    .key(before: ApiKeyMessage(key, [], at: now), after: ApiKeyMessage(revoked, [], at: now)), in: tx)
            }
        case .passwordSet: break
        }
    }

    func networksChanged(of organization: OrganizationID, to networks: [String], in tx: borrowing Transaction) throws {
        try keys.changes.note(.networks(organization), of: organization, in: tx)
    }
}
