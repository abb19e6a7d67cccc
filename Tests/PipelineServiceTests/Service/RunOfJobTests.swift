import Foundation
import GoogleAPIContract
import PipelineContract
import ScrapeContract
import SwiftProtobuf
import Testing
import Wire

@testable import Persistence
@testable import PipelineService

@Suite("Runs of scrape jobs")
struct RunOfJobTests {
    private static let fields: [Datavault_Scrape_V1_RecordField] = [
        .with {
            $0.name = "title"
            $0.type = .text
        },
        .with {
            $0.name = "price"
            $0.type = .money
        },
        .with {
            $0.name = "seen"
            $0.type = .dateTime
        },
        .with {
            $0.name = "tags"
            $0.type = .text
            $0.list = true
        },
    ]

    private static func record(_ ordinal: Int64) -> TestScrape.Record {
        .with {
            $0.ordinal = ordinal
            $0.url = "http://example.org/\(ordinal)"
            $0.contentHash = "ab\(ordinal)"
            $0.fetchTime = .init(seconds: 1_774_973_520 + ordinal, nanos: 0)
            $0.values = [
                .with {
                    $0.field = "title"
                    $0.value.text = "Lamp \(ordinal)"
                },
                .with {
                    $0.field = "price"
                    $0.value.money = .with {
                        $0.amount = "\(ordinal).50"
                        $0.currencyCode = "EUR"
                    }
                },
                .with {
                    $0.field = "seen"
                    $0.value.dateTime = "2026-03-31T18:12:00+02:00"
                },
                .with {
                    $0.field = "tags"
                    $0.value.list.values = [.with { $0.text = "a" }, .with { $0.text = "b" }]
                },
            ]
        }
    }

    @Test(
        "read records as columns, on behalf of who started them, and go on where a stream broke",
        arguments: pipelineStores)
    func records(_ kind: Store.Kind) async throws {
        try await withPipelines(kind) { bed in
            let name = "scrape-jobs/\(UUID().uuidString.lowercased())"
            var job = TestScrape.Job(organization: bed.caller.organization.rawValue, fields: Self.fields)
            job.records = (1...5_000).map(Self.record)
            job.breaksAfter = 1
            bed.scrape.put(job, named: name)
            let pipeline = try await bed.makePipeline {
                $0.input.scrapeJob = name
                $0.steps = [.filter("price < 4000.0"), .rule("in euro", "price_currency == 'EUR'")]
            }
            #expect(!pipeline.hasOutputSchema)
            let run = try await bed.end(of: try await bed.start(pipeline.name).name)
            #expect(run.state == .succeeded && run.readRowCount == 5_000 && run.writtenRowCount == 3_999, "\(run)")
            let dataset = try await bed.dataset(run.dataset)
            #expect(
                dataset.schema.text == [
                    "title text", "price decimal", "price_currency text", "seen time", "tags textList", "_url text",
                    "_fetch_time time", "_content_hash text",
                ])
            let first = try #require(try await bed.page(run.dataset, size: 1).rows.first)
            #expect(first.fields["title"] == "Lamp 1" && first.fields["price"] == "1.50")
            #expect(first.fields["seen"] == "2026-03-31T16:12:00Z" && first.fields["_url"] == "http://example.org/1")
            #expect(first.fields["tags"]?.listValue.values.map(\.stringValue) == ["a", "b"])
            let titles = try await bed.export(run.dataset, columns: ["title"]).text.split(separator: "\n").dropFirst()
            #expect(Array(titles) == (1..<4_000).map { "Lamp \($0)" })
            let callers = Set(bed.scrape.callers)
            #expect(callers == ["pipeline \(bed.caller.organization.rawValue) \(bed.caller.subject)"])
        }
    }

    @Test("that go on, or are not there, are refused")
    func refusals() async throws {
        try await withPipelines(.sqlite) { bed in
            let name = "scrape-jobs/\(UUID().uuidString.lowercased())"
            bed.scrape.put(
                TestScrape.Job(
                    organization: bed.caller.organization.rawValue, state: .running, fields: Self.fields), named: name)
            let pipeline = try await bed.makePipeline { $0.input.scrapeJob = name }
            let early = try await pipelineRefusal { try await bed.start(pipeline.name) }
            #expect(
                early == PipelineRefusal(code: .failedPrecondition, reason: "JOB_NOT_ENDED", metadata: ["name": name]))
            let absent = "scrape-jobs/\(UUID().uuidString.lowercased())"
            let unknown = try await pipelineRefusal {
                try await bed.start(pipeline.name) { $0.input.scrapeJob = absent }
            }
            #expect((unknown.code, unknown.reason) == (.failedPrecondition, "REFERENCE_UNKNOWN"))
            #expect(unknown.metadata["name"] == absent)
        }
    }

    @Test("that were acknowledged are acknowledged again while Scrape is away", arguments: pipelineStores)
    func replayWithoutScrape(_ kind: Store.Kind) async throws {
        try await withPipelines(kind) { bed in
            let name = "scrape-jobs/\(UUID().uuidString.lowercased())"
            var job = TestScrape.Job(organization: bed.caller.organization.rawValue, fields: Self.fields)
            job.records = [Self.record(1)]
            bed.scrape.put(job, named: name)
            let pipeline = try await bed.makePipeline { $0.input.scrapeJob = name }
            let id = UUID().uuidString
            let first = try await bed.start(pipeline.name, requestID: id)
            _ = try await bed.end(of: first.name)
            bed.scrape.goAway()
            let asked = bed.scrape.callers.count
            let again = try await bed.start(pipeline.name, requestID: id)
            #expect(again == first)
            #expect(bed.scrape.callers.count == asked)
            let other = try await pipelineRefusal {
                try await bed.start(pipeline.name, requestID: id) { $0.input.scrapeJob = name }
            }
            #expect((other.code, other.reason) == (.alreadyExists, "REQUEST_ID_REUSED"))
            let new = try await pipelineRefusal { try await bed.start(pipeline.name, requestID: UUID().uuidString) }
            #expect(new.code == .unavailable)
        }
    }

    @Test("with other fields than the pipeline expects fail, and say so")
    func otherFields() async throws {
        try await withPipelines(.sqlite) { bed in
            let name = "scrape-jobs/\(UUID().uuidString.lowercased())"
            var job = TestScrape.Job(organization: bed.caller.organization.rawValue, fields: Self.fields)
            job.records = [Self.record(1)]
            bed.scrape.put(job, named: name)
            let pipeline = try await bed.makePipeline {
                $0.input.scrapeJob = name
                $0.steps = [.filter("cost > 1.0")]
            }
            let run = try await bed.end(of: try await bed.start(pipeline.name).name)
            #expect((run.state, run.failure.reason) == (.failed, .invalidExpression))
            #expect(run.failure.field == "pipeline.steps[0].filter.expression")
            let list = try await bed.datasets.listDatasets(
                .init(), options: try bed.by(nil, Datavault_Pipeline_V1_DatasetsService.Methods.listDatasets))
            #expect(list.datasets.isEmpty)
        }
    }
}
