import Jobs
import Persistence

/// A run's row, apart from what only the service itself knows.
struct KeptRun: RowDecodable, Sendable {
    let run: Run
    /// The job that does the work.
    let job: JobID?

    static let columns: SQL =
        """
        id, pipeline, definition, pipeline_version, input, state, cancel_requested, input_columns, dataset,
        input_snapshot, input_size, position_offset, position_records, batches, rows_written, rows_quarantined, counts,
        exceeded, failure_reason, failure_message, failure_field, initiator, job, created_at, started_at, ended_at,
        updated_at, version, stalls
        """

    init(row: Row) throws {
        let created: Int64 = try row["created_at"]
        let pipeline = try Pipeline(
            kept: try row["definition"], id: try row["pipeline"], displayName: "", createdAt: created,
            updatedAt: created, version: try row["pipeline_version"])
        let state: String = try row["state"]
        var run = Run(
            id: try row["id"], pipeline: pipeline, input: try InputSpec(kept: try row["input"]),
            state: RunPhase(rawValue: state) ?? .failed, initiator: try row["initiator"], createdAt: created,
            updatedAt: try row["updated_at"])
        run.cancelRequested = try row["cancel_requested"]
        let columns: String? = try row["input_columns"]
        run.inputSchema = try columns.map { try ColumnsText.schema($0) }
        run.dataset = try row["dataset"]
        run.inputSnapshot = try row["input_snapshot"]
        run.inputSize = try row["input_size"]
        run.position = InputPosition(offset: try row["position_offset"], records: try row["position_records"])
        run.batches = try row["batches"]
        run.rowsWritten = try row["rows_written"]
        run.rowsQuarantined = try row["rows_quarantined"]
        run.counts = try KeptCounts.counts(try row["counts"])
        run.exceededRules = try JSONText.decode([String].self, try row["exceeded"])
        let reason: String? = try row["failure_reason"]
        let (message, field): (String?, String?) = (try row["failure_message"], try row["failure_field"])
        run.failure = reason.map { RunFailure(reason: $0, message: message ?? "", field: field ?? "") }
        run.startedAt = try row["started_at"]
        run.endedAt = try row["ended_at"]
        run.version = try row["version"]
        run.stalls = try row["stalls"]
        let job: Int64? = try row["job"]
        self.run = run
        self.job = job.map { JobID(rawValue: $0) }
    }
}

/// Counts of steps as a column keeps them.
enum KeptCounts {
    static func text(_ counts: [StepCounts]) -> String {
        JSONText.encode(counts.map { [$0.input, $0.output, $0.quarantined, $0.dropped, $0.failed] })
    }

    static func counts(_ text: String) throws -> [StepCounts] {
        try JSONText.decode([[Int]].self, text).map { numbers in
            guard numbers.count == 5 else { throw PipelineFault.dataUnreadable(message: "kept counts cannot be read") }
            return StepCounts(
                input: numbers[0], output: numbers[1], quarantined: numbers[2], dropped: numbers[3],
                failed: numbers[4])
        }
    }
}

/// The table of runs, and what belongs to them.
enum RunStore {
    static func insert(_ new: Run, job: JobID?, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            INSERT INTO runs (
                organization, id, pipeline, definition, pipeline_version, input, state, cancel_requested, input_snapshot,
                input_size, position_offset, position_records, batches, rows_written, rows_quarantined, counts, exceeded,
                initiator, job, created_at, updated_at, version
            ) VALUES (
                \(.organization), \(new.id), \(new.pipeline.id), \(try new.pipeline.kept()), \(new.pipeline.version),
                \(try new.input.kept()), \(new.state.rawValue), \(new.cancelRequested), \(new.inputSnapshot),
                \(new.inputSize), \(new.position.offset), \(new.position.records), \(new.batches), \(new.rowsWritten),
                \(new.rowsQuarantined), \(KeptCounts.text(new.counts)), \(JSONText.encode(new.exceededRules)),
                \(new.initiator), \(job?.rawValue), \(new.createdAt), \(new.updatedAt), \(new.version)
            )
            """)
    }

    static func run(_ id: String, in tx: borrowing Transaction) throws -> KeptRun? {
        try tx.optional(
            KeptRun.self, "SELECT \(KeptRun.columns) FROM runs WHERE organization = \(.organization) AND id = \(id)")
    }

    /// The runs after a place, the newest first.
    ///
    /// - Parameters:
    ///   - pipeline: Only this one's; nil: all.
    ///   - state: Only those in this state.
    static func runs(
        of pipeline: String?, state: RunPhase?, after place: TimePlace, count: Int, in tx: borrowing Transaction
    ) throws -> [Run] {
        let owner: SQL = pipeline.map { "AND pipeline = \($0)" } ?? ""
        let kind: SQL = state.map { "AND state = \($0.rawValue)" } ?? ""
        return try tx.all(
            KeptRun.self,
            """
            SELECT \(KeptRun.columns) FROM runs
            WHERE organization = \(.organization) \(owner) \(kind)
                AND (created_at < \(place.time) OR (created_at = \(place.time) AND id < \(place.id)))
            ORDER BY created_at DESC, id DESC LIMIT \(count)
            """
        ).map(\.run)
    }

    /// Whether a run of a pipeline goes on.
    static func isRunning(_ pipeline: String, in tx: borrowing Transaction) throws -> Bool {
        let count = try tx.value(
            Int.self,
            """
            SELECT COUNT(*) FROM runs
            WHERE organization = \(.organization) AND pipeline = \(pipeline) AND ended_at IS NULL
            """)
        return (count ?? 0) > 0
    }

    /// Writes all that changes in the life of a run, and counts its version up.
    static func update(_ run: Run, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            UPDATE runs SET state = \(run.state.rawValue), cancel_requested = \(run.cancelRequested),
                input_columns = \(run.inputSchema.map(ColumnsText.text)), dataset = \(run.dataset),
                input_snapshot = \(run.inputSnapshot), input_size = \(run.inputSize),
                position_offset = \(run.position.offset), position_records = \(run.position.records),
                batches = \(run.batches), rows_written = \(run.rowsWritten), rows_quarantined = \(run.rowsQuarantined),
                counts = \(KeptCounts.text(run.counts)), exceeded = \(JSONText.encode(run.exceededRules)),
                failure_reason = \(run.failure?.reason), failure_message = \(run.failure?.message),
                failure_field = \(run.failure?.field), started_at = \(run.startedAt), ended_at = \(run.endedAt),
                updated_at = \(run.updatedAt), stalls = \(run.stalls), version = version + 1
            WHERE organization = \(.organization) AND id = \(run.id)
            """)
    }

    // MARK: What steps remember

    static func append(state: [UInt8], of run: String, sequence: Int64, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            INSERT INTO run_states (organization, run, sequence, state)
            VALUES (\(.organization), \(run), \(sequence), \(state))
            """)
    }

    /// The states after a sequence, in their order.
    static func states(
        of run: String, after sequence: Int64, count: Int, in tx: borrowing Transaction
    ) throws -> [(sequence: Int64, state: [UInt8])] {
        try tx.all(
            KeptState.self,
            """
            SELECT sequence, state FROM run_states
            WHERE organization = \(.organization) AND run = \(run) AND sequence > \(sequence)
            ORDER BY sequence LIMIT \(count)
            """
        ).map { ($0.sequence, $0.state) }
    }

    private struct KeptState: RowDecodable {
        let sequence: Int64
        let state: [UInt8]

        init(row: Row) throws { (sequence, state) = (try row["sequence"], try row["state"]) }
    }

    static func forgetStates(of run: String, in tx: borrowing Transaction) throws {
        try tx.run("DELETE FROM run_states WHERE organization = \(.organization) AND run = \(run)")
    }
}

/// A run that has not ended, and its job.
struct RunUnderWay: RowDecodable, Sendable {
    let organization: String
    let id: String
    let job: JobID?

    init(row: Row) throws {
        let number: Int64? = try row["job"]
        (organization, id, job) = (try row["organization"], try row["id"], number.map { JobID(rawValue: $0) })
    }
}

extension RunStore {
    /// Runs that have not ended, the oldest first. In a system transaction.
    static func underWay(count: Int, in tx: borrowing Transaction) throws -> [RunUnderWay] {
        try tx.all(
            RunUnderWay.self,
            "SELECT organization, id, job FROM runs WHERE ended_at IS NULL ORDER BY created_at LIMIT \(count)")
    }
}
