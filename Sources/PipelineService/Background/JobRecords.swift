import Persistence

/// Records of scrape jobs, from wherever they are.
protocol JobRecords: Sendable {
    /// Opens a job's records behind an ordinal, on behalf of an organization and of who started the run.
    ///
    /// - Throws: `referenceUnknown` if there is no such job; `RPCError` where the other role does not answer.
    func open(_ job: String, after ordinal: Int64, for organization: OrganizationID, initiator: String) async throws
        -> any JobRecordStream
}

/// A job's records, in the order of their ordinals.
protocol JobRecordStream: AnyObject, Sendable {
    var schema: Schema { get }
    var hasEnded: Bool { get }
    /// How many records the job has.
    var count: Int64 { get }
    /// The next records; nil at the end.
    func next() async throws -> JobRecordBatch?
}

/// Some records of a job as rows.
struct JobRecordBatch: Sendable {
    let batch: ColumnBatch
    /// Those that can be no row, by their place among these records, from 1.
    let rejected: [RejectedRecord]
    /// Of the last of them.
    let lastOrdinal: Int64
}

/// A scrape job as input.
final class JobSource: InputSource {
    var schema: Schema { stream.schema }
    var size: Int64 { stream.count }
    private let stream: any JobRecordStream
    private let place: Exclusive<InputPosition>

    /// - Throws: `jobNotEnded` while the job goes on: its end decides what there is to read.
    init(_ stream: any JobRecordStream, job: String, at position: InputPosition) throws(PipelineFault) {
        guard stream.hasEnded else { throw .jobNotEnded(name: ResourceName.scrapeJobs.name(job)) }
        (self.stream, place) = (stream, Exclusive(position))
    }

    func next() async throws -> SourceBatch? {
        guard let records = try await stream.next() else { return nil }
        let before = Int(place.value.records)
        place.value.offset = records.lastOrdinal
        place.value.records += Int64(records.batch.rowCount + records.rejected.count)
        return SourceBatch(
            batch: records.batch, rejected: records.rejected.map { $0.moved(behind: before) }, end: place.value)
    }
}
