import PipelineContract
import Wire

/// Following a run.
extension RunsHandler {
    /// Between two looks at a run's row: what is told is what is committed, by whichever process.
    private static let interval = Duration.milliseconds(250)

    func watchRun(
        _ request: Datavault_Pipeline_V1_WatchRunRequest, responses: ResponseWriter<RunMessage>, context: ServerContext
    ) async throws {
        let organization = try CallRights.current().organization
        try watchers.enter(atMost: core.bounds.watchers)
        defer { watchers.leave() }
        var told: Int64 = 0
        while true {
            let run = try await run(request.name, of: organization)
            if run.version != told {
                told = run.version
                try await responses.write(RunMessage(run))
            }
            if run.state.hasEnded { return }
            try await Task.sleep(for: Self.interval)
        }
    }
}
