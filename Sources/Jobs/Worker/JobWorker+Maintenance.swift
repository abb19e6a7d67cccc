import Logging
import Persistence

extension JobWorker {
    /// Housekeeping that any worker can do for all: it is bounded, and of several that do it at once each does a part.
    func maintain() async {
        do {
            while try await queue.rescue().hasMore, !Task.isCancelled {}
            try await queue.removeExpired()
            for depth in try await queue.counts() { queue.metrics.depth(depth.kind, depth.state.rawValue, depth.count) }
        } catch {
            logger.warning("housekeeping of the job store failed", metadata: ["error": "\(error)"])
        }
    }
}
