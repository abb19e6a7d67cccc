import Jobs
import Logging
import Persistence
import Policy
import ServiceKit
import Wire

/// What all parts of the role work with.
struct PipelineCore: Sendable {
    let store: Store
    let objects: any ObjectStore
    let replay: Replay
    let audit: AuditOutbox
    let queue: JobQueue
    let work: WorkPool
    let scrape: any JobRecords
    var environment = ServiceEnvironment()
    var bounds = PipelineBounds()
    var logger = Logger(label: "datavault.pipeline")

    var now: Int64 { environment.now() }

    /// Refuses one more where the organization has as many as it may.
    func check(_ count: Int, below maximum: Int, of what: String) throws(PipelineFault) {
        guard count < maximum else { throw .limitReached(limit: what, maximum: maximum) }
    }
}

/// What the current call is bound to.
struct CallRights: Sendable {
    let organization: OrganizationID
    /// `users/{user}` or `api-keys/{key}`; whom a role acts for where a role calls.
    let subject: String

    /// Of the current call.
    static func current() throws -> CallRights {
        guard let caller = CallScope.current?.caller, let organization = caller.organization else {
            throw RPCError(code: .internal, message: "the call is bound to no organization")
        }
        return CallRights(organization: OrganizationID(organization), subject: caller.principal?.subject ?? caller.name)
    }
}
