import ComplianceContract
import Foundation
import GoogleAPIContract
import PipelineContract
import SwiftProtobuf
import Testing
import Wire

@testable import Persistence
@testable import PipelineService

@Suite("Datasets")
struct DatasetTests {
    private typealias Datasets = Datavault_Pipeline_V1_DatasetsService

    @Test("is made, read, listed, renamed and deleted", arguments: pipelineStores)
    func life(_ kind: Store.Kind) async throws {
        try await withPipelines(kind) { bed in
            let made = try await bed.makeDataset([("title", .text), ("price", .number)])
            #expect(made.name.hasPrefix("datasets/"))
            #expect((made.rowCount, made.version, made.etag) == (0, 0, "v1"))
            let read = try await bed.dataset(made.name)
            #expect(read == made)

            let renamed = try await bed.datasets.updateDataset(
                .with {
                    $0.dataset.name = made.name
                    $0.dataset.displayName = "Lamps"
                    $0.dataset.etag = made.etag
                    $0.updateMask = .init(protoPaths: "display_name")
                }, options: try bed.by(nil, Datasets.Methods.updateDataset))
            #expect((renamed.displayName, renamed.etag) == ("Lamps", "v2"))

            let stale = try await pipelineRefusal {
                try await bed.datasets.updateDataset(
                    .with {
                        $0.dataset.name = made.name
                        $0.dataset.displayName = "Chairs"
                        $0.dataset.etag = made.etag
                        $0.updateMask = .init(protoPaths: "display_name")
                    }, options: try bed.by(nil, Datasets.Methods.updateDataset))
            }
            #expect(stale == PipelineRefusal(code: .aborted, reason: "ETAG_MISMATCH"))
            let fixed = try await pipelineRefusal {
                try await bed.datasets.updateDataset(
                    .with {
                        $0.dataset.name = made.name
                        $0.dataset.schema = .columns([("other", .text)])
                        $0.updateMask = .init(protoPaths: "schema")
                    }, options: try bed.by(nil, Datasets.Methods.updateDataset))
            }
            #expect((fixed.reason, fixed.metadata) == ("FIELD_IMMUTABLE", ["field": "schema"]))

            _ = try await bed.datasets.deleteDataset(
                .with { $0.name = made.name }, options: try bed.by(nil, Datasets.Methods.deleteDataset))
            let gone = try await pipelineRefusal { try await bed.dataset(made.name) }
            #expect(gone == PipelineRefusal(code: .notFound, reason: "RESOURCE_UNKNOWN", metadata: ["name": made.name]))
            let actions = try await bed.events().map(\.action)
            #expect(actions == ["dataset.create", "dataset.update", "dataset.delete"])
        }
    }

    @Test("is listed page by page, the newest first", arguments: pipelineStores)
    func pages(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            var made: [String] = []
            for index in 0..<5 { made.append(try await bed.makeDataset([("a", .text)], named: "Set \(index)").name) }
            var (listed, token) = ([String](), "")
            repeat {
                let page = try await bed.datasets.listDatasets(
                    .with {
                        $0.pageSize = 2
                        $0.pageToken = token
                    }, options: try bed.by(nil, Datasets.Methods.listDatasets))
                #expect(page.datasets.count <= 2)
                listed += page.datasets.map(\.name)
                token = page.nextPageToken
            } while !token.isEmpty
            #expect(Set(listed) == Set(made) && listed.count == 5)
            let wrong = try await pipelineRefusal {
                try await bed.datasets.listDatasets(
                    .with { $0.pageToken = "AAAA" }, options: try bed.by(nil, Datasets.Methods.listDatasets))
            }
            #expect((wrong.code, wrong.reason) == (.invalidArgument, "PAGE_TOKEN_INVALID"))
        }
    }

    @Test("takes rows of all types, and gives them back", arguments: pipelineStores)
    func allTypes(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let set = try await bed.makeDataset([
                ("text", .text), ("whole", .integer), ("number", .number), ("flag", .boolean), ("time", .time),
                ("day", .date), ("list", .textList),
            ])
            let full = RowObject([
                "text": "Lämp \u{1F4A1}", "whole": "9007199254740993", "number": 0.25, "flag": true,
                "time": "2026-03-31T18:12:00.5+02:00", "day": "2024-02-29",
                "list": .init(listValue: .with { $0.values = ["a", ""] }),
            ])
            let empty = RowObject([:])
            let done = try await bed.append([full, empty], to: set.name)
            #expect((done.appendedRowCount, done.dataset.rowCount, done.dataset.version) == (2, 2, 1))
            let rows = try await bed.rows(set.name)
            var expected = full
            expected.fields["time"] = "2026-03-31T16:12:00.500Z"
            #expect(rows.first == expected)
            #expect(rows.last?.fields.values.allSatisfy { $0.kind == .nullValue(.nullValue) } == true)
            #expect(rows.last?.fields.count == 7)
            let page = try await bed.page(set.name, columns: ["flag", "whole"])
            #expect(page.rows.first == RowObject(["flag": true, "whole": "9007199254740993"]))
        }
    }

    /// A row that does not fit, and the field that is named.
    @Test(
        "refuses rows that do not fit, and appends none",
        arguments: [
            ("price", Google_Protobuf_Value(stringValue: "3"), "rows[1].price"),
            ("whole", 1.5, "rows[1].whole"), ("whole", "1e3", "rows[1].whole"),
            ("day", "2026-02-30", "rows[1].day"), ("time", "2026-03-31", "rows[1].time"),
            ("time", "2026-03-31T25:00:00Z", "rows[1].time"), ("title", 7, "rows[1].title"),
            ("title", "a\u{0}b", "rows[1].title"), ("other", "x", "rows[1].other"),
        ] as [(String, Google_Protobuf_Value, String)])
    func unfit(_ column: String, _ value: Google_Protobuf_Value, _ field: String) async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let set = try await bed.makeDataset([
                ("title", .text), ("price", .number), ("whole", .integer), ("day", .date), ("time", .time),
            ])
            let refused = try await pipelineRefusal {
                try await bed.append([RowObject(["title": "ok"]), RowObject([column: value])], to: set.name)
            }
            #expect((refused.code, refused.reason) == (.invalidArgument, "ROW_INVALID"))
            #expect((refused.metadata, refused.fields) == (["field": field], [field]))
            let after = try await bed.dataset(set.name)
            let objects = try await bed.objects()
            #expect(after.rowCount == 0 && objects.isEmpty)
        }
    }

    @Test("appends once under one request_id, and refuses it for other rows", arguments: pipelineStores)
    func replay(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let set = try await bed.makeDataset([("a", .integer)])
            let id = UUID().uuidString
            let first = try await bed.append([RowObject(["a": 1])], to: set.name, requestID: id)
            let again = try await bed.append([RowObject(["a": 1])], to: set.name, requestID: id)
            #expect(first == again)
            let other = try await pipelineRefusal {
                try await bed.append([RowObject(["a": 2])], to: set.name, requestID: id)
            }
            #expect((other.code, other.reason) == (.alreadyExists, "REQUEST_ID_REUSED"))
            let rows = try await bed.rows(set.name)
            #expect(rows == [RowObject(["a": 1])])
            // The object of the repeated call belongs to nothing: it goes when its time has come.
            var later = bed.core
            let time = bed.core.now + 7_200_000_000
            later.environment.now = { time }
            let removed = try await ObjectSweeper(core: later).sweep()
            let objects = try await bed.objects()
            #expect((removed, objects.count) == (2, 1))
            let left = try await bed.rows(set.name)
            #expect(left == rows)
        }
    }

    @Test("loses nothing when many append at once", arguments: pipelineStores)
    func concurrentAppends(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let set = try await bed.makeDataset([("a", .integer)])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<4 {
                    group.addTask {
                        for index in 0..<5 {
                            try await bed.append(
                                [RowObject(["a": .init(integerLiteral: Int64(task * 10 + index))])], to: set.name)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let after = try await bed.dataset(set.name)
            #expect((after.rowCount, after.version) == (20, 20))
            let values = try await bed.rows(set.name).compactMap { $0.fields["a"]?.numberValue }
            #expect(Set(values).count == 20)
        }
    }

    @Test("is another organization's business", arguments: pipelineStores)
    func isolation(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let set = try await bed.makeDataset([("a", .integer)])
            try await bed.append([RowObject(["a": 1])], to: set.name)
            let stranger = PipelineCaller()
            let unknown = PipelineRefusal(code: .notFound, reason: "RESOURCE_UNKNOWN", metadata: ["name": set.name])
            let read = try await pipelineRefusal { try await bed.dataset(set.name, by: stranger) }
            let append = try await pipelineRefusal {
                try await bed.append([RowObject(["a": 2])], to: set.name, by: stranger)
            }
            let export = try await pipelineRefusal { try await bed.export(set.name, by: stranger) }
            let delete = try await pipelineRefusal {
                try await bed.datasets.deleteDataset(
                    .with { $0.name = set.name }, options: try bed.by(stranger, Datasets.Methods.deleteDataset))
            }
            #expect([read, append, export, delete].allSatisfy { $0 == unknown })
            let list = try await bed.datasets.listDatasets(
                .init(), options: try bed.by(stranger, Datasets.Methods.listDatasets))
            #expect(list.datasets.isEmpty)
            let after = try await bed.dataset(set.name)
            #expect(after.rowCount == 1)
        }
    }

    @Test("wants the permission, and the log tells of who lacked it")
    func permission() async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let set = try await bed.makeDataset([("a", .integer)])
            var reader = bed.caller
            reader.permissions = ["datasets.read"]
            let refused = try await pipelineRefusal {
                try await bed.append([RowObject(["a": 2])], to: set.name, by: reader)
            }
            #expect((refused.code, refused.reason) == (.permissionDenied, "PERMISSION_MISSING"))
            #expect(refused.metadata["permission"] == "datasets.write")
            let denied = try await bed.events().last
            #expect(denied?.action == "dataset.append" && denied?.denial.reason == "PERMISSION_MISSING")
        }
    }

    @Test(
        "wants columns that are a schema",
        arguments: [
            ([("a", ColumnTypeMessage.text), ("a", .integer)], "dataset.schema.columns"),
            ([("a\u{7}", .text)], "dataset.schema.columns"), ([], "dataset.schema.columns"),
        ] as [([(String, ColumnTypeMessage)], String)])
    func badSchema(_ columns: [(String, ColumnTypeMessage)], _ field: String) async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let refused = try await pipelineRefusal { try await bed.makeDataset(columns) }
            #expect((refused.code, refused.reason, refused.fields) == (.invalidArgument, "SCHEMA_INVALID", [field]))
        }
    }
}
