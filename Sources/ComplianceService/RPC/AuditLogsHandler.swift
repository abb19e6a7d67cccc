import ComplianceContract
import Foundation
import GoogleAPIContract
import Persistence
import Policy
import ServiceKit
import SwiftProtobuf
import Wire

/// Shows the logs and proves them.
struct AuditLogsHandler: Datavault_Compliance_V1_AuditLogsService.Handler, DrainAware {
    static let pageSize = 50

    let store: Store
    let replay: Replay
    let audit: AuditOutbox
    let subjectKeys: SubjectKeys
    let logKeys: LogKeyStore
    let feed: LogFeed
    /// In microseconds since 1970.
    let now: @Sendable () -> Int64

    func serverWillDrain() { feed.drain() }

    func listAuditLogs(
        _ request: Datavault_Compliance_V1_ListAuditLogsRequest, context: ServerContext
    ) async throws -> Datavault_Compliance_V1_ListAuditLogsResponse {
        let access = try LogAccess.current(request.scope)
        let filter = try Self.filter(request)
        let binding = [access.log.organization] + filter.parts
        let place = try PageToken.read(request.pageToken, for: binding)
        let count = request.pageSize == 0 ? Self.pageSize : Int(request.pageSize)
        let writer = EntryMessages(access: access, keys: subjectKeys)
        let (entries, hasMore) = try await access.log.handle(store).read { tx in
            // One more than asked tells whether there is a next page.
            let rows = try EntryStore.list(
                filter, before: place?.index ?? .max, count: count + 1, access.log, in: tx)
            let page = Array(Array(rows.prefix(count)).fitting())
            return (try writer.messages(page, in: tx), rows.count > page.count)
        }
        return .with {
            $0.auditLogs = entries
            guard hasMore, let last = entries.last, let index = try? EntryMessages.index(last.name) else { return }
            $0.nextPageToken = PageToken(index: index).text(for: binding)
        }
    }

    private static func filter(_ request: Datavault_Compliance_V1_ListAuditLogsRequest) throws -> EntryFilter {
        var filter = EntryFilter()
        if request.hasStartTime { filter.start = try time(request.startTime, "start_time") }
        if request.hasEndTime { filter.end = try time(request.endTime, "end_time") }
        filter.actor = request.actor.isEmpty ? nil : request.actor
        filter.action = request.action.isEmpty ? nil : request.action
        filter.resource = request.resource.isEmpty ? nil : request.resource
        switch request.outcome {
        case .unspecified: break
        case .done: filter.isDenied = false
        case .denied: filter.isDenied = true
        case .UNRECOGNIZED:
            throw ComplianceError.fieldInvalid(field: "outcome", problem: "must be an outcome that there is")
        }
        for (text, field) in [(request.actor, "actor"), (request.action, "action"), (request.resource, "resource")]
        where text.utf8.contains(0) {
            throw ComplianceError.fieldInvalid(field: field, problem: "must not have U+0000")
        }
        return filter
    }

    /// Microseconds since 1970.
    static func time(_ time: Google_Protobuf_Timestamp, _ field: String) throws -> Int64 {
        guard let time = time.microseconds else {
            throw ComplianceError.fieldInvalid(field: field, problem: "must lie in the years 1 to 9999")
        }
        return time
    }

    func getAuditLog(
        _ request: Datavault_Compliance_V1_GetAuditLogRequest, context: ServerContext
    ) async throws -> Datavault_Compliance_V1_AuditLog {
        let access = try LogAccess.current(request.scope)
        let index = try EntryMessages.index(request.name)
        let writer = EntryMessages(access: access, keys: subjectKeys)
        let entry = try await access.log.handle(store).read { tx in
            let rows = try EntryStore.entries(from: index, count: 1, access.log, in: tx).filter { $0.index == index }
            return try writer.messages(rows, in: tx).first
        }
        guard let entry else { throw ComplianceError.entryUnknown(name: request.name) }
        return entry
    }

    func tailAuditLogs(
        _ request: Datavault_Compliance_V1_TailAuditLogsRequest,
        responses: ResponseWriter<Datavault_Compliance_V1_TailAuditLogsResponse>, context: ServerContext
    ) async throws {
        let access = try LogAccess.current(request.scope)
        let tail = LogTail(
            store: store, messages: EntryMessages(access: access, keys: subjectKeys),
            configuration: feed.configuration)
        let reader = try feed.begin(access.log)
        defer { feed.end(reader) }
        var next = try await tail.start(request.hasFirstIndex ? request.firstIndex : nil)
        try await responses.write(.with { $0.nextIndex = next })
        var lastMessage = ContinuousClock.now
        while !feed.isDraining {
            try Task.checkCancellation()
            let entries = try await tail.entries(from: next)
            next += Int64(entries.count)
            if !entries.isEmpty || ContinuousClock.now - lastMessage >= feed.configuration.heartbeat {
                try await responses.write(
                    .with { ($0.auditLogs, $0.nextIndex) = (entries, next) })
                lastMessage = .now
            }
            guard entries.isEmpty else { continue }
            await reader.wait(atMost: min(feed.configuration.poll, feed.configuration.heartbeat))
        }
        throw RPCError(code: .unavailable, message: "the server is draining")
    }
}

/// Reads a log as it grows.
struct LogTail: Sendable {
    let store: Store
    let messages: EntryMessages
    let configuration: LogFeed.Configuration

    private var log: LogName { messages.access.log }

    /// Where to begin.
    ///
    /// - Parameter first: Where the caller wants to; nil: behind what there is.
    /// - Throws: `ComplianceError.sizeOutOfRange` behind the log's end.
    func start(_ first: Int64?) async throws -> Int64 {
        let log = log
        let size = try await log.handle(store).read { tx in try LogHead.read(log, in: tx).frontier.size }
        guard let first else { return size }
        guard first <= size else { throw ComplianceError.sizeOutOfRange(field: "first_index", size: size) }
        return first
    }

    /// The next entries, a page of them at most.
    func entries(from first: Int64) async throws -> [EntryMessages.Message] {
        let (log, messages, count) = (log, messages, configuration.page)
        return try await log.handle(store).read { tx in
            let rows = try EntryStore.entries(from: first, count: count, log, in: tx)
            return try messages.messages(Array(rows.fitting()), in: tx)
        }
    }
}
