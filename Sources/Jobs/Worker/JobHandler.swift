/// What a worker does with the jobs of one kind.
public struct JobHandler: Sendable {
    public let kind: String
    /// Jobs of this kind that one worker runs at the same time.
    public var concurrency: Int
    /// How long an attempt may take. Then its task is cancelled, and the attempt has failed.
    public var timeout: Duration
    public var backoff: Backoff
    let run: @Sendable (Job, JobContext) async throws -> Void

    /// - Parameter body: does the work. It returns when the job is done, or throws: `PermanentJobFailure` if trying
    ///   again would be in vain, `JobRetry` to say when; any other error leads to another attempt after the backoff,
    ///   until there have been as many as the job may have. It may run more than once for a job, see
    ///   `JobContext.complete`.
    public init<Payload>(
        _ kind: JobKind<Payload>, concurrency: Int = 16, timeout: Duration = .seconds(60),
        backoff: Backoff = Backoff(), _ body: @escaping @Sendable (Payload, JobContext) async throws -> Void
    ) {
        self.kind = kind.name
        self.concurrency = concurrency
        self.timeout = timeout
        self.backoff = backoff
        let decode = kind.decode
        run = { job, context in
            let payload: Payload
            do { payload = try decode(job.payload) } catch {
                throw PermanentJobFailure("payload", "the payload cannot be read: \(error)")
            }
            try await body(payload, context)
        }
    }
}
