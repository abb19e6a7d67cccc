import Persistence
import Policy
import ServiceKit
import Wire

/// What the current call is bound to.
struct CallRights: Sendable {
    let organization: OrganizationID
    /// `users/{user}` or `api-keys/{key}`; a role's name where a role calls for itself.
    let subject: String

    static func current() throws -> CallRights {
        guard let caller = CallScope.current?.caller, let organization = caller.organization else {
            throw RPCError(code: .internal, message: "the call is bound to no organization")
        }
        return CallRights(organization: OrganizationID(organization), subject: caller.name)
    }
}

/// Collections of resources, and the names in them (AIP-122).
enum ResourceName: String {
    case scrapers
    case jobs = "scrape-jobs"

    /// - Throws: `ScrapeError.resourceUnknown` if the name is of another form: nothing can have it.
    func identifier(in name: String) throws(ScrapeError) -> String {
        guard name.hasPrefix("\(rawValue)/") else { throw .resourceUnknown(name: name) }
        return String(name.dropFirst(rawValue.count + 1))
    }

    func name(_ identifier: String) -> String { "\(rawValue)/\(identifier)" }
}
