import Persistence

/// What has become of a user.
enum UserChange: Sendable, Hashable {
    /// May no longer do anything.
    case disabled
    /// May again.
    case enabled
    /// Is gone; the row is about to be deleted, and is still there.
    case deleted
    /// Has other roles, hence other permissions.
    case rolesChanged
    /// Has another password.
    case passwordSet
}

/// Is told of changes inside their transaction, so that what follows from one happens with it or not at all: sessions
/// end, tokens and keys are revoked, gateways are told.
protocol UserChangeObserver: Sendable {
    /// A user has changed; the change is in the transaction already, except a deletion, which follows.
    ///
    /// - Parameter tx: Of the organization's scope, or the system's.
    func userChanged(
        _ user: UserID, of organization: OrganizationID, _ change: UserChange, in tx: borrowing Transaction) throws

    /// An organization was made, or its networks are others now.
    func networksChanged(of organization: OrganizationID, to networks: [String], in tx: borrowing Transaction) throws
}

extension UserChangeObserver {
    func networksChanged(of organization: OrganizationID, to networks: [String], in tx: borrowing Transaction) throws {}
}

/// All who are told, in the order in which they are.
struct UserChangeObservers: UserChangeObserver {
    private let all: [any UserChangeObserver]

    init(_ all: [any UserChangeObserver]) { self.all = all }

    func userChanged(
        _ user: UserID, of organization: OrganizationID, _ change: UserChange, in tx: borrowing Transaction
    ) throws {
        for observer in all { try observer.userChanged(user, of: organization, change, in: tx) }
    }

    func networksChanged(of organization: OrganizationID, to networks: [String], in tx: borrowing Transaction) throws {
        for observer in all { try observer.networksChanged(of: organization, to: networks, in: tx) }
    }
}
