import Jobs
import Logging
import Persistence
import ServiceLifecycle

/// Drives steps again that the queue has given up: what failed them, a store that was away for long, say, may be over, and
/// a job without its lanes would never end.
struct StepKeeper: Service {
    let queue: JobQueue
    let environment: ScrapeEnvironment
    let logger: Logger
    var interval: Duration = .seconds(30)
    var batch = 100

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await environment.sleep(interval) } catch { return }
                do {
                    let steps = try await queue.redriveDead(
                        kind: JobKind<CrawlStepPayload>.crawlStep.name, reason: "attempts", limit: batch)
                    if !steps.isEmpty {
                        logger.warning("steps of crawls are tried again", metadata: ["count": "\(steps.count)"])
                    }
                } catch {
                    logger.warning("steps of crawls cannot be looked at", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
