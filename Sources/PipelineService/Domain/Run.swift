/// How far a run is.
enum RunPhase: String, Sendable, Hashable {
    case pending
    case running
    case cancelling
    case succeeded
    case failed
    case cancelled

    var hasEnded: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

/// Why a run failed, as its history keeps it.
struct RunFailure: Sendable, Hashable {
    /// A reason of the contract, as `RULE_THRESHOLD_EXCEEDED`.
    let reason: String
    let message: String
    let field: String
}

/// How far the input is read: what a run that goes on begins behind.
struct InputPosition: Sendable, Hashable {
    /// Of a file: bytes. Of a dataset: its segments. Of a job: the last ordinal.
    var offset: Int64 = 0
    /// Records read: rows and what could not become rows.
    var records: Int64 = 0
}

/// One execution of a pipeline, as it is committed.
struct Run: Sendable, Hashable {
    let id: String
    /// The pipeline as it was at the start.
    let pipeline: Pipeline
    /// What it reads.
    let input: InputSpec
    var state = RunPhase.pending
    var cancelRequested = false
    /// The input's columns, from the moment when the source was opened first.
    var inputSchema: Schema?
    /// The dataset that it appends to; nil until a new one is made.
    var dataset: String?
    /// Of a dataset as input: the snapshot that is read.
    var inputSnapshot: Int64 = 0
    /// How much there is to read, in the unit of `position.offset`; 0: nobody knows.
    var inputSize: Int64 = 0
    var position = InputPosition()
    /// Attempts that have begun since the last commit, and neither ended nor said why: as if the process had died of them.
    var stalls = 0
    /// Batches committed.
    var batches: Int64 = 0
    var rowsWritten: Int64 = 0
    /// Rows set aside, those that could not be read included.
    var rowsQuarantined: Int64 = 0
    /// One entry a step, in order.
    var counts: [StepCounts] = []
    /// Rules whose share of failing rows is above their threshold, of a run that goes on all the same.
    var exceededRules: [String] = []
    var failure: RunFailure?
    let initiator: String
    /// Microseconds since 1970.
    let createdAt: Int64
    var startedAt: Int64?
    var endedAt: Int64?
    var updatedAt: Int64
    /// Grows with every change, for those who watch.
    var version: Int64 = 1

    var name: RunName { RunName(pipeline: pipeline.id, run: id) }

    /// Which part is done; nil where nobody knows.
    var progress: Double? {
        if state == .succeeded { return 1 }
        guard inputSize > 0 else { return nil }
        return min(Double(position.offset) / Double(inputSize), 1)
    }
}

/// A row that was set aside.
struct QuarantinedRow: Sendable, Hashable {
    /// From 1, in the order of the run.
    let number: Int64
    /// Its place in the input, from 1.
    let inputRow: Int64
    /// Nil: it could not be read.
    let step: Int?
    let rule: String
    /// A reason of the contract.
    let reason: String
    let message: String
    /// Its cells by column; of a row that could not be read its text alone.
    let cells: QuarantinedCells
}

/// What is kept of a row that was set aside.
enum QuarantinedCells: Sendable, Hashable {
    case row(names: [String], cells: [CellValue])
    case text(String)
}
