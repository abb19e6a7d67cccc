import Jobs
import Logging
import Persistence
import PipelineContract
import PolicyModel
import ServiceLifecycle

extension SystemReason {
    static let keepRuns = SystemReason("end runs whose jobs are dead")
}

/// Ends runs whose job ended without them: killed as often as a job may be tried.
struct RunKeeper: Service {
    let core: PipelineCore
    var interval: Duration = .seconds(30)

    /// Runs that one round looks at.
    private static let batch = 500

    /// Looks until its task is cancelled or the group shuts down.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await keep() } catch  where !Task.isCancelled {
                    core.logger.warning("runs could not be looked after", metadata: ["error": "\(error)"])
                } catch {}
                try? await Task.sleep(for: interval)
            }
        }
    }

    func keep() async throws {
        let runs = try await core.store.system(.keepRuns).read { tx in
            try RunStore.underWay(count: Self.batch, in: tx)
        }
        for run in runs {
            guard let job = run.job else { continue }
            guard try await hasEnded(job) else { continue }
            let (core, organization) = (core, OrganizationID(run.organization))
            try await core.store.scoped(organization).write { tx in
                guard var kept = try RunStore.run(run.id, in: tx)?.run, !kept.state.hasEnded else { return }
                if kept.cancelRequested {
                    kept.state = .cancelled
                } else {
                    let fault = PipelineFault.runAbandoned(message: "the run did not get further in all its attempts")
                    kept.state = .failed
                    kept.failure = RunFailure(reason: fault.reason.reason, message: fault.message, field: "")
                }
                try RunEnding.write(&kept, core, organization, in: tx)
            }
        }
    }
    /// Whether nobody will work on a job any more, as it ended or is forgotten.
    private func hasEnded(_ job: JobID) async throws -> Bool {
        do { return [.dead, .cancelled, .succeeded].contains(try await core.queue.info(job).state) } catch let error
            as JobError where error.reason == .notFound
        { return true }
    }
}
