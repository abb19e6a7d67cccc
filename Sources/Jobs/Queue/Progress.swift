import Persistence

extension JobQueue {
    /// Writes what handlers reported, for jobs that are still theirs.
    func write(_ reports: [(Job, JobContext.Progress)]) async throws {
        try await store.system(.runJobs).write(.readCommitted) { tx in
            for (job, progress) in reports {
                try tx.run(
                    """
                    UPDATE jobs SET progress = CAST(\(progress.fraction) AS DOUBLE PRECISION), note = \(progress.note)
                    WHERE id = \(job.id) AND fence = \(job.fence) AND state = 'running'
                    """)
            }
        }
    }
}
