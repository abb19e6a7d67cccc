import Foundation
import GoogleAPIContract
import Policy
import PolicyModel
import ScrapeContract
import SwiftProtobuf
import Synchronization
import Wire

/// A scrape role whose records are the test's.
final class TestScrape: Datavault_Scrape_V1_ScrapeRecordsService.Handler {
    typealias Record = Datavault_Scrape_V1_Record

    struct Job: Sendable {
        var organization: String
        var state = Datavault_Scrape_V1_ScrapeJobState.succeeded
        var fields: [Datavault_Scrape_V1_RecordField] = []
        var records: [Record] = []
        /// Messages after which a stream breaks off.
        var breaksAfter: Int?
    }

    private let jobs = Mutex<[String: Job]>([:])
    private let behalf = Mutex<[String]>([])

    private let away = Mutex(false)

    /// Refuses all calls from now on, as a role that is not there.
    func goAway() { away.withLock { $0 = true } }

    /// For whom it was called.
    var callers: [String] { behalf.withLock { $0 } }

    func put(_ job: Job, named name: String) { jobs.withLock { $0[name] = job } }

    func readRecords(
        _ request: Datavault_Scrape_V1_ReadRecordsRequest,
        responses: ResponseWriter<Datavault_Scrape_V1_ReadRecordsResponse>, context: ServerContext
    ) async throws {
        guard !away.withLock({ $0 }) else { throw RPCError(code: .unavailable, message: "away") }
        guard case .role(let role, let onBehalf?) = CallScope.current?.caller else {
            throw RPCError(code: .internal, message: "nobody is named")
        }
        behalf.withLock { $0.append("\(role.rawValue) \(onBehalf.organization) \(onBehalf.initiator)") }
        guard let job = jobs.withLock({ $0[request.name] }), job.organization == onBehalf.organization else {
            throw RPCError(.notFound, Datavault_Scrape_V1_Reason.resourceUnknown, "there is no such job")
        }
        var first = Datavault_Scrape_V1_ReadRecordsResponse()
        first.job.name = request.name
        first.job.state = job.state
        first.job.progress.records = Int64(job.records.count)
        first.fields = job.fields
        try await responses.write(first)
        let wanted = job.records.filter { $0.ordinal > request.afterOrdinal }
        var sent = 0
        for start in stride(from: 0, to: wanted.count, by: Int(request.batchSize)) {
            if sent == job.breaksAfter {
                jobs.withLock { $0[request.name]?.breaksAfter = nil }
                throw RPCError(code: .unavailable, message: "gone")
            }
            try await responses.write(
                .with { $0.records = Array(wanted[start..<min(start + Int(request.batchSize), wanted.count)]) })
            sent += 1
        }
    }

    func listRecords(
        _ request: Datavault_Scrape_V1_ListRecordsRequest, context: ServerContext
    ) async throws -> Datavault_Scrape_V1_ListRecordsResponse { throw Self.absent }

    func listQuarantinedRecords(
        _ request: Datavault_Scrape_V1_ListQuarantinedRecordsRequest, context: ServerContext
    ) async throws -> Datavault_Scrape_V1_ListQuarantinedRecordsResponse { throw Self.absent }

    func listPages(
        _ request: Datavault_Scrape_V1_ListPagesRequest, context: ServerContext
    ) async throws -> Datavault_Scrape_V1_ListPagesResponse { throw Self.absent }

    func getPage(
        _ request: Datavault_Scrape_V1_GetPageRequest, context: ServerContext
    ) async throws -> Datavault_Scrape_V1_Page { throw Self.absent }

    func downloadPage(
        _ request: Datavault_Scrape_V1_DownloadPageRequest, responses: ResponseWriter<Google_Api_HttpBody>,
        context: ServerContext
    ) async throws { throw Self.absent }

    private static let absent = RPCError(code: .unimplemented, message: "not here")
}
