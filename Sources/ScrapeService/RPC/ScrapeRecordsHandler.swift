import Persistence
import ScrapeContract
import SwiftProtobuf
import Wire

/// The calls about what jobs have collected.
struct ScrapeRecordsHandler: Datavault_Scrape_V1_ScrapeRecordsService.Handler {
    let core: ScrapeCore
    let evidence: EvidenceReader
    let downloads: Admission

    private static let batch = 500
    /// Bytes of the records of a message of a stream.
    private static let batchBytes = 1 << 20

    func listRecords(
        _ request: Datavault_Scrape_V1_ListRecordsRequest, context: ServerContext
    ) async throws -> Datavault_Scrape_V1_ListRecordsResponse {
        let (organization, job) = try names(request.parent)
        let binding = ["records", organization.rawValue, job]
        let after = try PageToken.number(request.pageToken, for: binding)
        let count = PageSize.entries(request.pageSize)
        let rows = try await read(job, request.parent, organization) { tx in
            try RecordStore.records(of: job, after: after, count: count + 1, in: tx)
        }
        let records = try rows.prefix(count).map { try Self.record($0, of: request.parent) }
        return .with {
            $0.records = records
            if rows.count > count { $0.nextPageToken = PageToken.text(rows[count - 1].number, for: binding) }
        }
    }

    func listQuarantinedRecords(
        _ request: Datavault_Scrape_V1_ListQuarantinedRecordsRequest, context: ServerContext
    ) async throws -> Datavault_Scrape_V1_ListQuarantinedRecordsResponse {
        let (organization, job) = try names(request.parent)
        let binding = ["quarantine", organization.rawValue, job]
        let after = try PageToken.number(request.pageToken, for: binding)
        let count = PageSize.entries(request.pageSize)
        let rows = try await read(job, request.parent, organization) { tx in
            try RecordStore.quarantined(of: job, after: after, count: count + 1, in: tx)
        }
        let records = try rows.prefix(count).map { row in
            var record = try Datavault_Scrape_V1_QuarantinedRecord(serializedBytes: row.payload)
            record.name = "\(request.parent)/quarantined-records/\(row.number)"
            record.record.page = PageName.text(row.page, of: request.parent)
            return record
        }
        return .with {
            $0.quarantinedRecords = records
            if rows.count > count { $0.nextPageToken = PageToken.text(rows[count - 1].number, for: binding) }
        }
    }

    func listPages(
        _ request: Datavault_Scrape_V1_ListPagesRequest, context: ServerContext
    ) async throws -> Datavault_Scrape_V1_ListPagesResponse {
        let (organization, job) = try names(request.parent)
        let binding = [
            "pages", organization.rawValue, job, "\(request.state.rawValue)", "\(request.problem.rawValue)",
        ]
        let after = try PageToken.number(request.pageToken, for: binding)
        let count = PageSize.entries(request.pageSize)
        let (wanted, problem) = (request.state, Problem(rawValue: request.problem.rawValue))
        let found = try await core.store.scoped(organization).read { tx -> (JobRow, [PageRow], Set<Int64>)? in
            guard let row = try JobStore.job(job, of: organization.rawValue, in: tx) else { return nil }
            let hands =
                row.state == .running
                ? try FrontierStore.lanes(organization: row.organization, job: job, in: tx) : [:]
            let inHand = Set(hands.values.joined())
            let filter = PageFilter(state: wanted, problem: problem, hasEnded: row.state.hasEnded, inHand: inHand)
            return (row, try PageStore.pages(of: job, filter, after: after, count: count + 1, in: tx), inHand)
        }
        guard let (row, pages, inHand) = found else { throw ScrapeError.resourceUnknown(name: request.parent) }
        return .with {
            $0.pages = pages.prefix(count).map {
                $0.message(of: request.parent, hasEnded: row.state.hasEnded, isInHand: inHand.contains($0.number))
            }
            if pages.count > count { $0.nextPageToken = PageToken.text(pages[count - 1].number, for: binding) }
        }
    }

    func readRecords(
        _ request: Datavault_Scrape_V1_ReadRecordsRequest,
        responses: ResponseWriter<Datavault_Scrape_V1_ReadRecordsResponse>, context: ServerContext
    ) async throws {
        let (organization, id) = try names(request.name)
        let row = try await core.store.scoped(organization).read { tx in
            try JobStore.job(id, of: organization.rawValue, in: tx)
        }
        guard let row else { throw ScrapeError.resourceUnknown(name: request.name) }
        let job = try row.message(fetching: 0)
        var message = Datavault_Scrape_V1_ReadRecordsResponse.with {
            $0.job = job
            $0.fields = job.plan.extraction.fields.map { field in
                .with {
                    $0.name = field.name
                    $0.type = field.type == .unspecified ? .text : field.type
                    $0.list = field.list
                    $0.required = field.required
                }
            }
        }
        try await responses.write(message)
        // Those that there are: what a job adds meanwhile is for the next reader.
        let last = row.records
        var after = request.afterOrdinal
        let count = request.batchSize == 0 ? Self.batch : Int(request.batchSize)
        while after < last {
            let place = after
            let rows = try await core.store.scoped(organization).read { tx in
                try RecordStore.records(of: id, after: place, count: min(count, 1_000), in: tx)
            }
            // A job that is deleted meanwhile: better no records than some of them.
            guard let end = rows.last else { throw ScrapeError.resourceUnknown(name: request.name) }
            message = .init()
            var bytes = 0
            for row in rows where row.number <= last {
                message.records.append(try Self.record(row, of: request.name))
                bytes += row.payload.count
                if message.records.count >= count || bytes >= Self.batchBytes {
                    try await responses.write(message)
                    (message.records, bytes) = ([], 0)
                }
            }
            if !message.records.isEmpty { try await responses.write(message) }
            after = end.number
        }
    }

    private static func record(_ row: NumberedPayload, of job: String) throws -> Datavault_Scrape_V1_Record {
        var record = try Datavault_Scrape_V1_Record(serializedBytes: row.payload)
        record.name = "\(job)/records/\(row.number)"
        record.ordinal = row.number
        record.page = PageName.text(row.page, of: job)
        return record
    }

    private func names(_ parent: String) throws -> (organization: OrganizationID, job: String) {
        (try CallRights.current().organization, try ResourceName.jobs.identifier(in: parent))
    }

    /// Reads of a job that is there.
    private func read<Result: Sendable>(
        _ job: String, _ name: String, _ organization: OrganizationID,
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Result
    ) async throws -> Result {
        let result = try await core.store.scoped(organization).read { tx -> Result? in
            guard try JobStore.job(job, of: organization.rawValue, in: tx) != nil else { return nil }
            return try body(tx)
        }
        guard let result else { throw ScrapeError.resourceUnknown(name: name) }
        return result
    }
}
