import ComplianceContract
import Foundation
import GoogleAPIContract
import Persistence
import Policy
import ServiceKit
import SwiftProtobuf
import Wire

/// Exports.
extension AuditLogsHandler {
    func exportAuditLogs(
        _ request: Datavault_Compliance_V1_ExportAuditLogsRequest,
        responses: ResponseWriter<Google_Api_HttpBody>, context: ServerContext
    ) async throws {
        let access = try LogAccess.current(request.scope)
        if request.withPersonal { try access.requirePersonal() }
        let reader = try feed.begin(access.log)
        defer { feed.end(reader) }
        let (head, key) = try await headAndKey(access.log)
        let range = try await range(request, access.log, size: head.frontier.size)
        let intent = CallScope.current?.audit
        try await store.scoped(try CallOrganization.current()).write { [audit] tx in
            try audit.record(intent, resource: "audit-logs", in: tx)
        }
        let export = LogExport(
            store: store, access: access, keys: subjectKeys, page: feed.configuration.page,
            withPersonal: request.withPersonal)
        let signed = try logKeys.sign(access.log, head.frontier, with: key, now: now())
        try await export.write(range, signed) { bytes in
            try await responses.write(
                .with { ($0.contentType, $0.data) = ("application/x-ndjson", Data(bytes)) })
        }
    }

    /// The entries that are asked for: between the indexes, and taken between the times.
    private func range(
        _ request: Datavault_Compliance_V1_ExportAuditLogsRequest, _ log: LogName, size: Int64
    ) async throws -> Range<Int64> {
        let end = request.endIndex == 0 ? size : request.endIndex
        guard end <= size else { throw ComplianceError.sizeOutOfRange(field: "end_index", size: size) }
        guard request.firstIndex <= end else {
            throw ComplianceError.sizeOutOfRange(field: "first_index", size: size)
        }
        let start = request.hasStartTime ? try Self.time(request.startTime, "start_time") : nil
        let stop = request.hasEndTime ? try Self.time(request.endTime, "end_time") : nil
        guard start != nil || stop != nil else { return request.firstIndex..<end }
        let (first, behind) = try await log.handle(store).read { tx in
            (
                try start.map { try EntryStore.first(takenFrom: $0, log, size: size, in: tx) } ?? 0,
                try stop.map { try EntryStore.first(takenFrom: $0, log, size: size, in: tx) } ?? size
            )
        }
        let lower = max(request.firstIndex, first)
        // None where nothing was taken between the times.
        return lower..<max(lower, min(end, behind))
    }
}

/// The organization that the current call is bound to.
enum CallOrganization {
    static func current() throws -> OrganizationID {
        guard let organization = CallScope.current?.caller.organization else {
            throw RPCError(code: .internal, message: "the call is bound to no organization")
        }
        return OrganizationID(organization)
    }
}
