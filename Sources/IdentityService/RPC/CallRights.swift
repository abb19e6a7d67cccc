import Persistence
import Policy
import Wire

/// What the current call is bound to, and what it may hand on.
struct CallRights: Sendable {
    let organization: OrganizationID
    /// `users/{user}` or `api-keys/{key}`; a role's name where a role calls for itself.
    let subject: String
    let permissions: Set<String>

    /// Of the current call.
    static func current() throws -> CallRights {
        guard let caller = CallScope.current?.caller, let organization = caller.organization else {
            throw RPCError(code: .internal, message: "the call is bound to no organization")
        }
        // A role holds nothing that it could give to people.
        return CallRights(
            organization: OrganizationID(organization), subject: caller.principal?.subject ?? "",
            permissions: caller.principal?.permissions ?? [])
    }

    /// - Throws: `IdentityError.permissionNotHeld` naming the first permission, in the order of names, that the caller
    ///   lacks.
    func requireHeld(_ given: Set<String>) throws(IdentityError) {
        if let missing = given.subtracting(permissions).min() { throw .permissionNotHeld(missing) }
    }
}
