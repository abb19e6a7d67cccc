import Persistence
import PipelineContract
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

/// Rows: appending and browsing.
extension DatasetsHandler {
    func appendRows(
        _ request: Datavault_Pipeline_V1_AppendRowsRequest, context: ServerContext
    ) async throws -> Datavault_Pipeline_V1_AppendRowsResponse {
        let (core, organization, now) = (core, try CallRights.current().organization, core.now)
        let intent = CallScope.current?.audit
        let dataset = try await dataset(request.name, of: organization)
        let rows = request.rows
        let batch = try await core.work.run(for: organization) {
            let cells = try rows.enumerated().map { try RowCells.cells($1, as: dataset.schema, row: $0) }
            return try ColumnBatch(schema: dataset.schema, rows: cells)
        }
        let prefix = PipelineCore.prefix(organization, dataset: dataset.id, appender: core.environment.identifier())
        let due = now + core.bounds.uploadTime.wholeMicroseconds
        try await core.store.scoped(organization).write(.readCommitted) { tx in
            try SweepStore.put(prefix, due: due, in: tx)
        }
        let written = try await core.write(batch, under: prefix, of: organization)
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard try SweepStore.take(prefix, in: tx) else { throw PipelineFault.storageUnavailable }
            guard let before = try DatasetStore.dataset(dataset.id, in: tx),
                try DatasetStore.append(written, to: dataset.id, now: now, in: tx) != nil,
                let after = try DatasetStore.dataset(dataset.id, in: tx)
            else { throw PipelineFault.resourceUnknown(name: request.name) }
            let message = DatasetMessage(after)
            try core.audit.record(
                intent, resource: message.name, before: MaskedText.of(DatasetMessage(before)),
                after: MaskedText.of(message), in: tx)
            return .with {
                $0.dataset = message
                $0.appendedRowCount = written.rowCount
            }
        }
    }

    /// Rows of a page where the request does not say.
    private static let defaultPage = 100

    func listRows(
        _ request: Datavault_Pipeline_V1_ListRowsRequest, context: ServerContext
    ) async throws -> Datavault_Pipeline_V1_ListRowsResponse {
        let organization = try CallRights.current().organization
        let dataset = try await dataset(request.parent, of: organization)
        let view = try RowView(request.columns, filter: request.filter, of: dataset, limits: core.bounds.plan)
        let binding = ["rows", organization.rawValue, dataset.id, request.filter] + request.columns
        let token = try PageToken.read(request.pageToken, for: binding, numbers: 3)?.numbers
        let snapshot = token?[0] ?? dataset.snapshot
        let (segment, row) = (token?[1] ?? 0, token?[2] ?? 0)
        // Anybody can write a token: its numbers are a request's like any other.
        guard 0...dataset.snapshot ~= snapshot, segment >= 0, segment - 1 <= snapshot, 0...Int64(Int32.max) ~= row
        else {
            throw PipelineFault.pageTokenInvalid
        }
        var browse = Browse(
            size: request.pageSize == 0 ? Self.defaultPage : Int(request.pageSize), bounds: core.bounds,
            segment: segment, row: Int(row))
        let reader = SegmentReader(core: core, organization: organization, dataset: dataset)
        try await browse.run(reader, view, upTo: snapshot)
        let names = view.schema.fields.map(\.name)
        return .with {
            $0.rows = browse.rows.map { RowCells.object($0, names: names) }
            $0.version = snapshot
            $0.scannedRowCount = Int64(browse.scanned)
            if let (segment, row) = browse.next {
                $0.nextPageToken = PageToken(snapshot, segment, Int64(row)).token(for: binding)
            }
        }
    }
}

/// Which columns and which rows of a dataset somebody wants to see.
struct RowView: Sendable {
    /// The columns, in their order.
    let schema: Schema
    let filter: RowFilter
    private let places: [Int]
    /// The columns that have to be read; nil: all.
    let needed: Set<String>?

    /// - Parameter columns: Names; none: all.
    init(_ columns: [String], filter: String, of dataset: Dataset, limits: PipelineLimits) throws(PipelineFault) {
        self.filter = try RowFilter(filter, over: dataset.schema, limits: limits)
        guard !columns.isEmpty else {
            (schema, places, needed) = (dataset.schema, Array(0..<dataset.schema.count), nil)
            return
        }
        var fields: [Field] = []
        for (index, name) in columns.enumerated() {
            guard let field = dataset.schema[name] else {
                throw .fieldInvalid(field: "columns[\(index)]", problem: "must be a column of the dataset")
            }
            guard !fields.contains(field) else {
                throw .fieldInvalid(field: "columns[\(index)]", problem: "must not be there twice")
            }
            fields.append(field)
        }
        do { schema = try Schema(fields, limits: limits.schema) } catch {
            throw .fieldInvalid(field: "columns", problem: "must be columns of the dataset")
        }
        // An expression may use any column.
        needed = filter.isEmpty ? Set(columns) : nil
        places = filter.isEmpty ? [] : fields.map { dataset.schema.index(of: $0.name) ?? 0 }
    }

    /// Of a segment's rows those that are wanted, with the columns that are.
    func apply(_ batch: ColumnBatch) throws -> ColumnBatch {
        let kept = try filter.apply(batch)
        let places = places.isEmpty ? schema.fields.compactMap { kept.schema.index(of: $0.name) } : places
        return kept.picking(places, as: schema)
    }
}

/// One page of rows being gathered.
struct Browse {
    let size: Int
    let bounds: PipelineBounds
    /// The segment to go on with, and how many of its rows that the filter lets through were given already.
    private var segment: Int64
    private var row: Int
    private(set) var rows: [[CellValue]] = []
    private(set) var scanned = 0
    /// Where the next page begins; nil after the last row.
    private(set) var next: (segment: Int64, row: Int)?

    init(size: Int, bounds: PipelineBounds, segment: Int64, row: Int) {
        (self.size, self.bounds, self.segment, self.row) = (size, bounds, segment, row)
    }

    mutating func run(_ reader: SegmentReader, _ view: RowView, upTo snapshot: Int64) async throws {
        var bytes = 0
        // A token names the segment that it stands in; before it there is nothing to see.
        var after = max(segment - 1, 0)
        while true {
            let entries = try await reader.segments(after: after, upTo: snapshot)
            guard !entries.isEmpty else {
                guard after >= snapshot else { throw PipelineFault.resourceUnknown(name: reader.dataset.name) }
                return
            }
            for entry in entries {
                let start = entry.sequence == segment ? row : 0
                after = entry.sequence
                guard view.filter.mayMatch(entry) else { continue }
                guard rows.isEmpty || scanned < bounds.scannedRows else {
                    next = (entry.sequence, start)
                    return
                }
                let batch = try await reader.rows(of: entry, columns: view.needed)
                scanned += batch.rowCount
                let kept = try await reader.core.work.run(for: reader.organization) { try view.apply(batch) }
                for index in start..<max(kept.rowCount, start) {
                    guard rows.count < size, bytes < bounds.pageBytes else {
                        next = (entry.sequence, index)
                        return
                    }
                    let cells = kept.row(index)
                    bytes += RowCells.weight(cells)
                    rows.append(cells)
                }
                // A page may be empty: what was looked at is bounded all the same.
                if scanned >= bounds.scannedRows, entry.sequence < snapshot {
                    next = (entry.sequence + 1, 0)
                    return
                }
            }
        }
    }
}
