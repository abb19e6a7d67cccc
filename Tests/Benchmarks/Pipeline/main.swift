// Runs a pipeline over a file once: see pipeline_bench.py, which makes the file and runs DuckDB beside it.
//
// `pipeline-bench INPUT OUTPUT` prints rows in, rows out, rows quarantined, milliseconds of the clock
// and milliseconds of the processor.
import Foundation
import PipelineService

let arguments = CommandLine.arguments
guard arguments.count == 3 else { fatalError("pipeline-bench INPUT OUTPUT") }
let clock = ContinuousClock()
let start = clock.now
let report = try FileRun.run(
    from: arguments[1], to: arguments[2],
    types: [
        "id": "int64", "name": "string", "category": "string", "price": "double", "quantity": "int64", "day": "date",
        "active": "bool",
    ],
    filter: "active && quantity > 10",
    derive: [
        (name: "total", expression: "price * double(quantity)"), (name: "label", expression: "category + '/' + name"),
    ],
    rule: "price < 990.0 && name.contains('a')",
    select: ["id", "label", "price", "quantity", "total", "day"]
)
let elapsed = start.duration(to: clock.now)
let processor = Foundation.clock() * 1_000 / CLOCKS_PER_SEC
print(report.rowsIn, report.rowsOut, report.rowsQuarantined, Int(elapsed / .milliseconds(1)), processor)
