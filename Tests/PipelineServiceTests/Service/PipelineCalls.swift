import Foundation
import GoogleAPIContract
import PipelineContract
import SwiftProtobuf
import Testing
import Wire

@testable import PipelineService

typealias RowObject = Google_Protobuf_Struct

/// Calls that many tests make.
extension PipelineBed {
    private typealias Files = Datavault_Pipeline_V1_FilesService
    private typealias Datasets = Datavault_Pipeline_V1_DatasetsService
    private typealias Pipelines = Datavault_Pipeline_V1_PipelinesService
    private typealias Runs = Datavault_Pipeline_V1_RunsService

    /// Uploads a file in pieces.
    func upload(
        _ text: String, type: String = "text/csv", named name: String = "rows.csv", piece: Int = 1_000,
        requestID: String = "", by caller: PipelineCaller? = nil,
        _ change: (inout Datavault_Pipeline_V1_UploadFileRequest) -> Void = { _ in }
    ) async throws -> FileMessage {
        let call = try await files.uploadFile(options: try by(caller, Files.Methods.uploadFile))
        let bytes = Array(text.utf8)
        var (start, isFirst) = (0, true)
        repeat {
            let end = min(start + piece, bytes.count)
            var message = Datavault_Pipeline_V1_UploadFileRequest()
            if isFirst {
                (message.displayName, message.requestID) = (name, requestID)
                message.content.contentType = type
                change(&message)
            }
            message.content.data = Data(bytes[start..<end])
            do { try await call.send(message) } catch { break }
            (start, isFirst) = (end, false)
        } while start < bytes.count
        return try await call.finish()
    }

    func makeDataset(
        _ columns: [(String, ColumnTypeMessage)], named name: String = "Prices", by caller: PipelineCaller? = nil
    ) async throws -> DatasetMessage {
        try await datasets.createDataset(
            .with {
                $0.dataset.displayName = name
                $0.dataset.schema = .columns(columns)
            }, options: try by(caller, Datasets.Methods.createDataset))
    }

    @discardableResult
    func append(
        _ rows: [RowObject], to dataset: String, requestID: String = "", by caller: PipelineCaller? = nil
    ) async throws -> Datavault_Pipeline_V1_AppendRowsResponse {
        try await datasets.appendRows(
            .with {
                $0.name = dataset
                $0.rows = rows
                $0.requestID = requestID
            }, options: try by(caller, Datasets.Methods.appendRows))
    }

    func dataset(_ name: String, by caller: PipelineCaller? = nil) async throws -> DatasetMessage {
        try await datasets.getDataset(
            .with { $0.name = name }, options: try by(caller, Datasets.Methods.getDataset))
    }

    func page(
        _ dataset: String, filter: String = "", columns: [String] = [], size: Int32 = 0, token: String = ""
    ) async throws -> Datavault_Pipeline_V1_ListRowsResponse {
        try await datasets.listRows(
            .with {
                $0.parent = dataset
                $0.filter = filter
                $0.columns = columns
                $0.pageSize = size
                $0.pageToken = token
            }, options: try by(nil, Datasets.Methods.listRows))
    }

    /// All rows, page by page.
    func rows(_ dataset: String, filter: String = "", columns: [String] = [], size: Int32 = 0) async throws
        -> [RowObject]
    {
        var (rows, token) = ([RowObject](), "")
        repeat {
            let page = try await page(dataset, filter: filter, columns: columns, size: size, token: token)
            rows += page.rows
            token = page.nextPageToken
        } while !token.isEmpty
        return rows
    }

    /// A dataset as a file, with its media type.
    func export(
        _ dataset: String, as format: FileFormatMessage = .csv, filter: String = "", columns: [String] = [],
        by caller: PipelineCaller? = nil
    ) async throws -> (type: String, text: String, pieces: Int) {
        let responses = try await datasets.exportDataset(
            .with {
                $0.name = dataset
                $0.format = format
                $0.filter = filter
                $0.columns = columns
            }, options: try by(caller, Datasets.Methods.exportDataset))
        var (type, data, pieces) = ("", Data(), 0)
        for try await body in responses {
            if !body.contentType.isEmpty { type = body.contentType }
            data += body.data
            pieces += 1
        }
        return (type, String(decoding: data, as: UTF8.self), pieces)
    }

    func makePipeline(
        requestID: String = "", by caller: PipelineCaller? = nil, _ change: (inout PipelineMessage) -> Void
    ) async throws -> PipelineMessage {
        var request = Datavault_Pipeline_V1_CreatePipelineRequest()
        request.pipeline.displayName = "Clean prices"
        request.pipeline.output.newDataset.displayName = "Clean prices"
        change(&request.pipeline)
        request.requestID = requestID
        return try await pipelines.createPipeline(request, options: try by(caller, Pipelines.Methods.createPipeline))
    }

    func start(
        _ pipeline: String, requestID: String = "", by caller: PipelineCaller? = nil,
        _ change: (inout Datavault_Pipeline_V1_StartRunRequest) -> Void = { _ in }
    ) async throws -> RunMessage {
        var request = Datavault_Pipeline_V1_StartRunRequest()
        request.parent = pipeline
        request.requestID = requestID
        change(&request)
        return try await runs.startRun(request, options: try by(caller, Runs.Methods.startRun))
    }

    func run(_ name: String, by caller: PipelineCaller? = nil) async throws -> RunMessage {
        try await runs.getRun(.with { $0.name = name }, options: try by(caller, Runs.Methods.getRun))
    }

    /// What the watcher of a run is told, until it has ended.
    func watch(_ name: String) async throws -> [RunMessage] {
        let responses = try await runs.watchRun(.with { $0.name = name }, options: try by(nil, Runs.Methods.watchRun))
        var told: [RunMessage] = []
        for try await run in responses { told.append(run) }
        return told
    }

    /// The run's end.
    func end(of name: String) async throws -> RunMessage { try #require(try await watch(name).last) }

    func cancel(_ name: String, requestID: String = "", by caller: PipelineCaller? = nil) async throws -> RunMessage {
        try await runs.cancelRun(
            .with {
                $0.name = name
                $0.requestID = requestID
            }, options: try by(caller, Runs.Methods.cancelRun))
    }

    func quarantine(_ run: String, rule: String = "") async throws -> [Datavault_Pipeline_V1_QuarantinedRow] {
        var (rows, token) = ([Datavault_Pipeline_V1_QuarantinedRow](), "")
        repeat {
            let page = try await runs.listQuarantinedRows(
                .with {
                    $0.parent = run
                    $0.rule = rule
                    $0.pageToken = token
                }, options: try by(nil, Runs.Methods.listQuarantinedRows))
            rows += page.quarantinedRows
            token = page.nextPageToken
        } while !token.isEmpty
        return rows
    }
}

extension SchemaMessage {
    static func columns(_ columns: [(String, ColumnTypeMessage)]) -> SchemaMessage {
        .with {
            $0.columns = columns.map { name, type in
                .with {
                    $0.name = name
                    $0.type = type
                }
            }
        }
    }

    var text: [String] { columns.map { "\($0.name) \($0.type)" } }
}

extension StepMessage {
    static func filter(_ expression: String) -> StepMessage { .with { $0.filter.expression = expression } }

    static func derive(_ column: String, _ expression: String) -> StepMessage {
        .with {
            $0.derive.column = column
            $0.derive.expression = expression
        }
    }

    static func rule(
        _ name: String, _ expression: String, _ action: FailureActionMessage = .quarantine, fraction: Double? = nil
    ) -> StepMessage {
        .with {
            $0.rule.name = name
            $0.rule.expression = expression
            $0.rule.onFailure = action
            if let fraction { $0.rule.maxFailedFraction = fraction }
        }
    }

    static func select(_ columns: String...) -> StepMessage { .with { $0.select.columns = columns } }
    static func dedupe(_ columns: String...) -> StepMessage { .with { $0.dedupe.columns = columns } }
}

extension RowObject {
    init(_ fields: [String: Google_Protobuf_Value]) {
        self.init()
        self.fields = fields
    }
}
