import Foundation
import PipelineContract
import ScrapeContract
import SwiftProtobuf
import Testing
import Wire

@testable import Persistence
@testable import PipelineService

@Suite("Runs over decimals")
struct DecimalRunTests {
    private static let fields: [Datavault_Scrape_V1_RecordField] = [
        .with {
            $0.name = "price"
            $0.type = .money
        },
        .with {
            $0.name = "weight"
            $0.type = .decimal
        },
    ]

    private static func record(_ ordinal: Int64, price: String, weight: String = "0.50") -> TestScrape.Record {
        .with {
            $0.ordinal = ordinal
            $0.url = "http://example.org/\(ordinal)"
            $0.values = [
                .with {
                    $0.field = "price"
                    $0.value.money = .with {
                        $0.amount = price
                        $0.currencyCode = "EUR"
                    }
                },
                .with {
                    $0.field = "weight"
                    $0.value.decimal = weight
                },
            ]
        }
    }

    private static let prices = [
        "12.10", "99999999999999999999.99", "-0.00", "12.1", String(repeating: "9", count: 39),
    ]

    private static func put(_ prices: [String], in bed: PipelineBed) -> String {
        let name = "scrape-jobs/\(UUID().uuidString.lowercased())"
        var job = TestScrape.Job(organization: bed.caller.organization.rawValue, fields: fields)
        job.records = prices.enumerated().map { record(Int64($0) + 1, price: $1) }
        bed.scrape.put(job, named: name)
        return name
    }

    @Test("keep prices as they were scraped, and set aside what has too many digits", arguments: pipelineStores)
    func prices(_ kind: Store.Kind) async throws {
        try await withPipelines(kind) { bed in
            let name = Self.put(Self.prices, in: bed)
            let pipeline = try await bed.makePipeline {
                $0.input.scrapeJob = name
                $0.steps = [.derive("gross", "math.round(price * 1.19, 2)"), .derive("dear", "price > 12.1")]
            }
            let run = try await bed.end(of: try await bed.start(pipeline.name).name)
            #expect((run.state, run.readRowCount, run.writtenRowCount) == (.succeeded, 5, 4), "\(run)")
            let dataset = try await bed.dataset(run.dataset)
            #expect(dataset.schema.text.prefix(3) == ["price decimal", "price_currency text", "weight decimal"])
            let columns = ["price", "price_currency", "weight", "gross", "dear"]
            let csv = try await bed.export(run.dataset, columns: columns)
            #expect(
                csv.text == """
                    price,price_currency,weight,gross,dear
                    12.10,EUR,0.50,14.40,false
                    99999999999999999999.99,EUR,0.50,118999999999999999999.99,true
                    0.00,EUR,0.50,0.00,false
                    12.1,EUR,0.50,14.40,false

                    """)
            let json = try await bed.export(run.dataset, as: .ndjson, filter: "price == 12.1", columns: ["price"])
            #expect(json.text == "{\"price\":\"12.10\"}\n{\"price\":\"12.1\"}\n")
            let dear = try await bed.rows(run.dataset, filter: "price >= 99999999999999999999.99", columns: ["price"])
            #expect(dear.map { $0.fields["price"] } == ["99999999999999999999.99"])
            let aside = try #require(try await bed.quarantine(run.name).first)
            #expect((aside.inputRow, aside.hasStep, aside.reason) == (5, false, .rowUnreadable))
            #expect(aside.message.hasPrefix("column \"price\": \"999") && aside.message.contains("at most 38 digits"))
            #expect(aside.row.fields["text"]?.stringValue.contains("http://example.org/5") == true)
        }
    }

    @Test("dedupe by value, and go on into another dataset")
    func onward() async throws {
        try await withPipelines(.sqlite) { bed in
            let name = Self.put(["12.10", "12.1", "7"], in: bed)
            let first = try await bed.makePipeline {
                $0.input.scrapeJob = name
                $0.steps = [.with { $0.dedupe.columns = ["price"] }, .with { $0.select.columns = ["price"] }]
            }
            let run = try await bed.end(of: try await bed.start(first.name).name)
            #expect((run.state, run.writtenRowCount) == (.succeeded, 2), "\(run)")
            let second = try await bed.makePipeline {
                $0.input.dataset = run.dataset
                $0.steps = [.with { $0.rename.columns = ["price": "cost"] }, .filter("cost < 100.0")]
            }
            #expect(second.outputSchema.text == ["cost decimal"])
            let next = try await bed.end(of: try await bed.start(second.name).name)
            #expect(try await bed.export(next.dataset).text == "cost\n12.10\n7\n")
        }
    }

    @Test("still fit datasets and pipelines that were made for numbers")
    func numbers() async throws {
        try await withPipelines(.sqlite) { bed in
            let name = Self.put(["12.10", "7"], in: bed)
            let old = try await bed.makeDataset([("price", .number), ("gross", .number)])
            let pipeline = try await bed.makePipeline {
                $0.input.scrapeJob = name
                $0.steps = [
                    .derive("gross", "price == null ? 0.0 : price * 2.0"),
                    .with { $0.select.columns = ["price", "gross"] },
                ]
                $0.output.dataset = old.name
            }
            let run = try await bed.end(of: try await bed.start(pipeline.name).name)
            #expect(run.state == .succeeded, "\(run)")
            #expect(try await bed.export(old.name).text == "price,gross\n12.1,24.2\n7.0,14.0\n")
            let expecting = try await bed.makePipeline {
                $0.input.scrapeJob = name
                $0.input.schema = .columns([("price", .number)])
                $0.steps = [.derive("half", "math.isNaN(price) ? 0.0 : price / 2.0")]
            }
            let expected = try await bed.end(of: try await bed.start(expecting.name).name)
            #expect(try await bed.export(expected.dataset).text == "price,half\n12.1,6.05\n7.0,3.5\n")
        }
    }

    @Test("see a file's digits where a cast is the first to look at them")
    func casts() async throws {
        try await withPipelines(.sqlite) { bed in
            let file = try await bed.upload("id,price\n1,12.10\n2,99999999999999999999.99\n3,\n")
            let cast = StepMessage.with {
                $0.cast.column = "cost"
                $0.cast.type = .decimal
            }
            let rename = StepMessage.with { $0.rename.columns = ["price": "cost"] }
            let exact = try await bed.makePipeline {
                $0.input.file = file.name
                $0.steps = [rename, cast, .filter("id > 0")]
            }
            #expect(exact.outputSchema.text == ["id integer", "cost decimal"])
            let run = try await bed.end(of: try await bed.start(exact.name).name)
            #expect(try await bed.export(run.dataset).text == "id,cost\n1,12.10\n2,99999999999999999999.99\n3,\n")
            // Behind a step that took the column for a number, it is one.
            let late = try await bed.makePipeline {
                $0.input.file = file.name
                $0.steps = [.filter("price < 1e9"), rename, cast]
            }
            let other = try await bed.end(of: try await bed.start(late.name).name)
            #expect(try await bed.export(other.dataset).text == "id,cost\n1,12.1\n")
        }
    }

    @Test("come from files and callers exactly")
    func filesAndRows() async throws {
        try await withPipelines(.sqlite) { bed in
            let file = try await bed.upload("id,price\n1,12.10\n2,99999999999999999999.99\n3,x\n")
            let pipeline = try await bed.makePipeline {
                $0.input.file = file.name
                $0.input.schema = .columns([("id", .integer), ("price", .decimal)])
            }
            let run = try await bed.end(of: try await bed.start(pipeline.name).name)
            #expect((run.state, run.quarantinedRowCount) == (.succeeded, 1))
            #expect(try await bed.export(run.dataset).text == "id,price\n1,12.10\n2,99999999999999999999.99\n")

            let dataset = try await bed.makeDataset([("price", .decimal)])
            try await bed.append(
                [["price": "12.10"], ["price": "1e2"], ["price": 3], ["price": .init(nilLiteral: ())]], to: dataset.name
            )
            #expect(try await bed.export(dataset.name).text == "price\n12.10\n100\n3\n\n")
            #expect(try await bed.rows(dataset.name).first?.fields["price"] == "12.10")
            for wrong in [RowObject(dictionaryLiteral: ("price", 12.1)), ["price": "12,10"], ["price": true]] {
                let refused = try await pipelineRefusal { try await bed.append([wrong], to: dataset.name) }
                #expect(refused.code == .invalidArgument && refused.reason == "ROW_INVALID", "\(refused)")
            }
        }
    }
}
