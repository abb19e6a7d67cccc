import ComplianceContract
import Foundation
import GoogleAPIContract
import PipelineContract
import ServiceKit
import SwiftProtobuf
import Testing
import Wire

@testable import Persistence
@testable import PipelineService

@Suite("Rows of datasets")
struct DatasetRowsTests {
    /// A dataset of several segments: rows 0 to `segments` × `each` − 1.
    private func counted(_ bed: PipelineBed, segments: Int, each: Int) async throws -> DatasetMessage {
        let set = try await bed.makeDataset([("n", .integer), ("title", .text)])
        for segment in 0..<segments {
            let rows = (0..<each).map { index in
                let number = Int64(segment * each + index)
                return RowObject(["n": .init(integerLiteral: number), "title": .init(stringValue: "row \(number)")])
            }
            try await bed.append(rows, to: set.name)
        }
        return try await bed.dataset(set.name)
    }

    private func numbers(_ rows: [RowObject]) -> [Int] {
        rows.compactMap { $0.fields["n"].map { Int($0.numberValue) } }
    }

    @Test("come in order, page by page, whatever the page's size", arguments: [1, 3, 7, 1000] as [Int32])
    func pages(_ size: Int32) async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let set = try await counted(bed, segments: 3, each: 4)
            let rows = try await bed.rows(set.name, size: size)
            #expect(numbers(rows) == Array(0..<12))
        }
    }

    @Test("that a filter lets through come page by page, too", arguments: pipelineStores)
    func filtered(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let set = try await counted(bed, segments: 4, each: 10)
            let even = try await bed.rows(set.name, filter: "n % 2 == 0 && n >= 10", size: 3)
            #expect(numbers(even) == Array(stride(from: 10, to: 40, by: 2)))
            let none = try await bed.rows(set.name, filter: "title == 'lamp'")
            #expect(none.isEmpty)
            let named = try await bed.rows(set.name, filter: "title.endsWith('7')", columns: ["title"])
            #expect(named.compactMap { $0.fields["title"]?.stringValue } == ["row 7", "row 17", "row 27", "row 37"])
            #expect(named.allSatisfy { $0.fields.count == 1 })
        }
    }

    @Test("of segments that statistics rule out are not looked at")
    func skipping() async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let set = try await counted(bed, segments: 10, each: 10)
            let page = try await bed.page(set.name, filter: "n >= 95")
            #expect(numbers(page.rows) == Array(95..<100))
            #expect(page.scannedRowCount == 10)
            let text = try await bed.page(set.name, filter: "title == 'row 42' || n == 3")
            #expect(numbers(text.rows) == [3, 42])
            let all = try await bed.page(set.name, filter: "n + 1 >= 96")
            #expect(all.scannedRowCount == 100)
        }
    }

    @Test("are those of one version, whatever is appended between pages", arguments: pipelineStores)
    func snapshot(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let set = try await counted(bed, segments: 2, each: 5)
            let first = try await bed.page(set.name, size: 4)
            #expect(first.version == 2)
            try await bed.append([RowObject(["n": 99])], to: set.name)
            var (rows, token) = (first.rows, first.nextPageToken)
            while !token.isEmpty {
                let page = try await bed.page(set.name, size: 4, token: token)
                #expect(page.version == 2)
                rows += page.rows
                token = page.nextPageToken
            }
            #expect(numbers(rows) == Array(0..<10))
            let now = try await bed.rows(set.name)
            #expect(numbers(now) == Array(0..<10) + [99])
        }
    }

    @Test("of another request's page are refused")
    func foreignToken() async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let set = try await counted(bed, segments: 1, each: 5)
            let token = try await bed.page(set.name, size: 2).nextPageToken
            let refused = try await pipelineRefusal { try await bed.page(set.name, filter: "n > 1", token: token) }
            #expect((refused.reason, refused.fields) == ("PAGE_TOKEN_INVALID", ["page_token"]))
        }
    }

    @Test(
        "are not given for filters and columns that are none",
        arguments: [
            ("n >", [], "INVALID_EXPRESSION", "filter"), ("n", [], "INVALID_EXPRESSION", "filter"),
            ("price > 1", [], "INVALID_EXPRESSION", "filter"), ("", ["price"], "FIELDS_INVALID", "columns[0]"),
            ("", ["n", "n"], "FIELDS_INVALID", "columns[1]"),
        ] as [(String, [String], String, String)])
    func badRequest(_ filter: String, _ columns: [String], _ reason: String, _ field: String) async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let set = try await counted(bed, segments: 1, each: 1)
            let browse = try await pipelineRefusal { try await bed.page(set.name, filter: filter, columns: columns) }
            let export = try await pipelineRefusal {
                try await bed.export(set.name, filter: filter, columns: columns)
            }
            for refused in [browse, export] {
                #expect((refused.code, refused.reason, refused.fields) == (.invalidArgument, reason, [field]))
            }
        }
    }

    @Test("stay out of a page that would grow too large")
    func largeRows() async throws {
        var bounds = PipelineBounds()
        bounds.pageBytes = 10_000
        try await withPipelines(.sqlite, bounds: bounds, hasWorker: false) { bed in
            let set = try await bed.makeDataset([("text", .text)])
            let large = String(repeating: "x", count: 8_000)
            try await bed.append((0..<5).map { RowObject(["text": .init(stringValue: "\($0)\(large)")]) }, to: set.name)
            let page = try await bed.page(set.name)
            #expect(page.rows.count == 2 && !page.nextPageToken.isEmpty)
            let rows = try await bed.rows(set.name)
            #expect(rows.map { $0.fields["text"]?.stringValue.first } == ["0", "1", "2", "3", "4"])
        }
    }

    @Test("end a page that has looked at enough, and the next goes on")
    func scanBound() async throws {
        var bounds = PipelineBounds()
        bounds.scannedRows = 10
        try await withPipelines(.sqlite, bounds: bounds, hasWorker: false) { bed in
            let set = try await counted(bed, segments: 6, each: 5)
            let page = try await bed.page(set.name, filter: "n % 30 == 29")
            #expect(page.rows.isEmpty && page.scannedRowCount == 10 && !page.nextPageToken.isEmpty)
            let rows = try await bed.rows(set.name, filter: "n % 30 == 29")
            #expect(numbers(rows) == [29])
        }
    }

    // MARK: Export

    @Test("are exported as CSV and NDJSON, with the log told first", arguments: pipelineStores)
    func export(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let set = try await counted(bed, segments: 2, each: 2)
            let csv = try await bed.export(set.name)
            #expect(csv.type == "text/csv; charset=utf-8; header=present")
            #expect(csv.text == "n,title\n0,row 0\n1,row 1\n2,row 2\n3,row 3\n")
            let json = try await bed.export(set.name, as: .ndjson, filter: "n > 1", columns: ["title", "n"])
            #expect(json.type == "application/x-ndjson")
            #expect(json.text == "{\"title\":\"row 2\",\"n\":2}\n{\"title\":\"row 3\",\"n\":3}\n")
            let last = try await bed.events().last
            #expect(last?.action == "dataset.export" && last?.resource == set.name)
        }
    }

    @Test("of an empty dataset are a header")
    func emptyExport() async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let set = try await bed.makeDataset([("a b", .integer), ("c,d", .text)])
            let csv = try await bed.export(set.name)
            #expect(csv.text == "a b,\"c,d\"\n")
        }
    }

    @Test("are exported in pieces, a large one too")
    func largeExport() async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let set = try await bed.makeDataset([("text", .text)])
            let large = String(repeating: "y", count: 700_000)
            try await bed.append([RowObject(["text": .init(stringValue: large)])], to: set.name)
            try await bed.append([RowObject(["text": "end"])], to: set.name)
            let csv = try await bed.export(set.name)
            #expect(csv.text == "text\n\(large)\nend\n")
            #expect(csv.pieces >= 4)
        }
    }

    @Test("that are appended while an export goes on are not in it", arguments: pipelineStores)
    func exportSnapshot(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let set = try await counted(bed, segments: 20, each: 5)
            let responses = try await bed.datasets.exportDataset(
                .with {
                    $0.name = set.name
                    $0.format = .csv
                }, options: try bed.by(nil, Datavault_Pipeline_V1_DatasetsService.Methods.exportDataset))
            var iterator = responses.makeAsyncIterator()
            var text = Data(try await iterator.next()?.data ?? Data())
            for index in 0..<5 {
                try await bed.append([RowObject(["n": .init(integerLiteral: 1000 + Int64(index))])], to: set.name)
            }
            while let next = try await iterator.next() { text += next.data }
            let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
            #expect(lines.count == 101)
            #expect(lines.last == "99,row 99")
        }
    }

    @Test(
        "are not reached by tokens that nobody gave",
        arguments: [
            [-1, 1, 0], [.min, 0, 0], [9, 1, 0], [2, .min, 0], [2, -1, 0], [2, 9, 0], [2, 1, -1], [2, 1, .min],
            [2, 1, .max],
        ] as [[Int64]])
    func forgedTokens(_ numbers: [Int64]) async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let set = try await counted(bed, segments: 2, each: 4)
            let id = String(set.name.split(separator: "/")[1])
            let forged = PageTokenText.write(numbers, for: ["rows", bed.caller.organization.rawValue, id, ""])
            let refused = try await pipelineRefusal { try await bed.page(set.name, token: forged) }
            #expect((refused.reason, refused.fields) == ("PAGE_TOKEN_INVALID", ["page_token"]))
            // The same form, of numbers that are there.
            let good = PageTokenText.write([2, 1, 3], for: ["rows", bed.caller.organization.rawValue, id, ""])
            #expect(self.numbers(try await bed.page(set.name, token: good).rows) == Array(3..<8))
        }
    }
}
