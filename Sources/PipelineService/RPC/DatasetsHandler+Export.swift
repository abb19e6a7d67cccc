import Foundation
import GatewayContract
import GoogleAPIContract
import Persistence
import PipelineContract
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

/// Datasets as files.
extension DatasetsHandler {
    func exportDataset(
        _ request: Datavault_Pipeline_V1_ExportDatasetRequest,
        responses: ResponseWriter<Google_Api_HttpBody>, context: ServerContext
    ) async throws {
        let (core, organization) = (core, try CallRights.current().organization)
        guard let format = request.format.format else {
            throw PipelineFault.fieldInvalid(field: "format", problem: "must be a format")
        }
        let dataset = try await dataset(request.name, of: organization)
        let view = try RowView(request.columns, filter: request.filter, of: dataset, limits: core.bounds.plan)
        // Data leaves: the log says so before the first byte does.
        let intent = CallScope.current?.audit
        try await core.store.scoped(organization).write(.readCommitted) { tx in
            try core.audit.record(intent, resource: dataset.name, in: tx)
        }
        let writer: any RecordWriter & Sendable = format == .csv ? CSVWriter() : NDJSONWriter()
        var head = Google_Api_HttpBody()
        head.contentType = format == .csv ? "text/csv; charset=utf-8; header=present" : "application/x-ndjson"
        head.extensions = [
            try Google_Protobuf_Any(
                message: Datavault_Gateway_V1_FileName.with { $0.name = Self.fileName(dataset, format) })
        ]
        head.data = Data(writer.header(view.schema))
        try await responses.write(head)

        let reader = SegmentReader(core: core, organization: organization, dataset: dataset)
        var after: Int64 = 0
        while true {
            let entries = try await reader.segments(after: after, upTo: dataset.snapshot)
            // A dataset that is deleted meanwhile has no list any more: better no file than half of one.
            guard !entries.isEmpty else {
                guard after == dataset.snapshot else { throw PipelineFault.datasetGone }
                return
            }
            for entry in entries {
                after = entry.sequence
                guard view.filter.mayMatch(entry) else { continue }
                try await send(entry, of: reader, view, writer, to: responses)
            }
        }
    }

    /// What the file is called: the dataset's display name, without what folders or shells would take for their own.
    private static func fileName(_ dataset: Dataset, _ format: RowFormat) -> String {
        let kept = dataset.displayName.map { $0.isLetter || $0.isNumber || "-_. ".contains($0) ? $0 : "_" }
        let trimmed = String(kept).drop { $0 == "." || $0 == " " }
        return "\(trimmed.isEmpty ? "dataset" : String(trimmed)).\(format.rawValue)"
    }

    /// Bytes of one message.
    private static let piece = 256 << 10

    private func send(
        _ entry: SegmentEntry, of reader: SegmentReader, _ view: RowView, _ writer: any RecordWriter & Sendable,
        to responses: ResponseWriter<Google_Api_HttpBody>
    ) async throws {
        let batch = try await reader.rows(of: entry, columns: view.needed)
        let kept = try await core.work.run(for: reader.organization) { try view.apply(batch) }
        var row = 0
        while row < kept.rowCount {
            let start = row
            let (bytes, end) = try await core.work.run(for: reader.organization) {
                var end = start
                let bytes = writer.encode(kept, from: &end, chunkBytes: Self.piece)
                return (bytes, end)
            }
            row = end
            // A single row may be larger than a message should be.
            var sent = 0
            while sent < bytes.count {
                let next = min(sent + Self.piece, bytes.count)
                try await responses.write(.with { $0.data = Data(bytes[sent..<next]) })
                sent = next
            }
        }
    }
}
