import Persistence

/// A tenant.
struct Organization: Sendable, Hashable {
    let id: OrganizationID
    var displayName: String
    /// Addresses or CIDR blocks that callers may come from; none: from anywhere.
    var allowedNetworks: [String] = []
    /// Whether it is the installation's first one, which manages the others.
    var isOperator = false
    /// Microseconds since 1970.
    let createdAt: Int64
    var updatedAt: Int64
    /// Grows with every change.
    var version: Int64 = 1
}

/// A person.
struct User: Sendable, Hashable {
    enum State: String, Sendable, Hashable {
        case active
        case disabled
    }

    let id: UserID
    var email: EmailAddress
    var displayName: String
    var state = State.active
    /// Microseconds since 1970.
    let createdAt: Int64
    var updatedAt: Int64
    var lastLogInAt: Int64?
    /// Grows with every change but log-ins.
    var version: Int64 = 1
}

/// A person's part in an organization.
struct Member: Sendable, Hashable {
    let user: UserID
    var roles: MemberRoles
    /// Microseconds since 1970.
    let createdAt: Int64
    var version: Int64 = 1
}

/// An etag of a resource's version.
enum Etag {
    static func text(_ version: Int64) -> String { "v\(version)" }

    /// - Throws: `IdentityError.etagMismatch` if the caller sent the etag of another version.
    static func check(_ sent: String, _ version: Int64) throws(IdentityError) {
        guard sent.isEmpty || sent == text(version) else { throw .etagMismatch }
    }
}
