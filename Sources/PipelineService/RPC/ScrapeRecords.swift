import NIOCore
import Persistence
import Policy
import PolicyModel
import ScrapeContract
import ServiceKit
import SwiftProtobuf
import Wire
import WireProtos

/// Records of scrape jobs, read from the role that keeps them.
struct ScrapeRecords: JobRecords {
    private typealias Records = Datavault_Scrape_V1_ScrapeRecordsService

    let channel: @Sendable () throws -> ClientChannel
    let role: Role

    /// Records of one message.
    private static let batchSize: Int32 = 2_000
    /// How long one read may take.
    private static let timeout = TimeAmount.seconds(3_600)

    func open(
        _ job: String, after ordinal: Int64, for organization: OrganizationID, initiator: String
    ) async throws -> any JobRecordStream {
        var options = CallOptions()
        options.timeout = Self.timeout
        try options.act(
            onBehalf: Caller.OnBehalf(organization: organization.rawValue, initiator: initiator),
            calling: Records.Methods.readRecords, as: role)
        let name = ResourceName.scrapeJobs.name(job)
        do {
            let responses = try await Records.Client(try channel()).readRecords(
                .with {
                    $0.name = name
                    $0.afterOrdinal = ordinal
                    $0.batchSize = Self.batchSize
                }, options: options)
            let stream = ScrapeRecordStream(responses)
            try await stream.begin()
            return stream
        } catch let error as RPCError where error.code == .notFound {
            throw PipelineFault.referenceUnknown(field: "pipeline.input.scrape_job", name: name)
        }
    }
}

/// One stream of `ReadRecords`.
private final class ScrapeRecordStream: JobRecordStream {
    private struct Head {
        var columns: RecordColumns
        var hasEnded: Bool
        var count: Int64
    }

    private let responses: ResponseStream<Datavault_Scrape_V1_ReadRecordsResponse>
    private let iterator: Exclusive<ResponseStream<Datavault_Scrape_V1_ReadRecordsResponse>.AsyncIterator>
    private let head = Exclusive<Head?>(nil)
    private let waiting = Exclusive<[Datavault_Scrape_V1_Record]>([])

    init(_ responses: ResponseStream<Datavault_Scrape_V1_ReadRecordsResponse>) {
        self.responses = responses
        iterator = Exclusive(responses.makeAsyncIterator())
    }

    // A run that ends before the stream does leaves no call behind.
    deinit { responses.cancel() }

    /// Reads the first message, which says what the records are.
    func begin() async throws {
        guard let first = try await iterator.value.next() else {
            throw RPCError(code: .internal, message: "the scrape role sent nothing of the job")
        }
        head.value = Head(
            columns: try RecordColumns(first.fields),
            hasEnded: [.succeeded, .failed, .cancelled].contains(first.job.state), count: first.job.progress.records)
        waiting.value = first.records
    }

    var schema: Schema { columns.schema }
    var hasEnded: Bool { head.value?.hasEnded ?? false }
    var count: Int64 { head.value?.count ?? 0 }
    private var columns: RecordColumns {
        guard let columns = head.value?.columns else { preconditionFailure("a stream begins before it is read") }
        return columns
    }

    func next() async throws -> JobRecordBatch? {
        while true {
            let records = waiting.value
            if !records.isEmpty {
                waiting.value = []
                return try columns.batch(records)
            }
            guard let message = try await iterator.value.next() else { return nil }
            waiting.value = message.records
        }
    }
}
