import Persistence
import Policy
import Wire

/// The organization that the current call is bound to.
enum CallOrganization {
    static func current() throws -> OrganizationID {
        guard let organization = CallScope.current?.caller.organization else {
            throw RPCError(code: .internal, message: "the call is bound to no organization")
        }
        return OrganizationID(organization)
    }
}
