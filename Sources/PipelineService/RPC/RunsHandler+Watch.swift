import Persistence
import PipelineContract
import ServiceKit
import Wire

/// A run that some watch.
struct WatchedRun: Hashable {
    let organization: OrganizationID
    let name: String
}

/// Following a run.
extension RunsHandler {
    /// Between two looks at a run's row, however many watch it: what is told is what is committed, by whichever process.
    private static let interval = Duration.milliseconds(250)

    static func poll(_ core: PipelineCore) -> SharedPoll<WatchedRun, Run> {
        SharedPoll(
            interval: interval, isLast: { $0.state.hasEnded },
            read: { [store = core.store] watched in
                try await run(watched.name, of: watched.organization, in: store)
            })
    }

    func watchRun(
        _ request: Datavault_Pipeline_V1_WatchRunRequest, responses: ResponseWriter<RunMessage>, context: ServerContext
    ) async throws {
        let organization = try CallRights.current().organization
        if let maximum = places.enter(organization.rawValue) {
            throw PipelineFault.limitReached(limit: "watchers", maximum: maximum)
        }
        defer { places.leave(organization.rawValue) }
        var told: Int64 = 0
        for try await run in watched.values(of: WatchedRun(organization: organization, name: request.name))
        where run.version != told {
            told = run.version
            try await responses.write(RunMessage(run))
        }
        // The stream of one who has gone ends without an error.
        try Task.checkCancellation()
    }
}
