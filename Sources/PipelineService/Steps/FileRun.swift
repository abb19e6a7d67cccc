internal import Foundation

/// Runs a plan over a file of comma-separated values in one thread, without a service: what benchmarks measure.
package enum FileRun {
    package struct Report: Sendable {
        package let rowsIn: Int
        package let rowsOut: Int
        package let rowsQuarantined: Int
        package let rejected: Int
    }

    /// Filter, derive and rule as expressions; the columns to select in the end.
    package static func run(
        from input: String, to output: String, types: [String: String], filter: String,
        derive: [(name: String, expression: String)], rule: String, select: [String]
    ) throws -> Report {
        var options = CSVReadOptions()
        options.types = types.compactMapValues { ColumnType(rawValue: $0) }
        var reader = try CSVReader(options: options)
        let steps: [PipelineStep] =
            [.filter(expression: filter)] + derive.map { .derive(name: $0.name, expression: $0.expression) }
            + [.rule(QualityRule(name: "rule", expression: rule, severity: .quarantine)), .select(fields: select)]
        let source = try FileHandle(forReadingFrom: URL(filePath: input))
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        let target = try FileHandle(forWritingTo: URL(filePath: output))
        let writer = CSVWriter()
        var run: PlanRun?
        var rejected = 0
        func take(_ read: ReadBatch) throws {
            if run == nil {
                let plan = try PipelinePlan(PipelineDefinition(steps: steps), input: read.batch.schema)
                try target.write(contentsOf: writer.header(plan.outputSchema))
                run = try PlanRun(plan)
            }
            rejected += read.rejected.count
            guard let result = try run?.process(read.batch) else { return }
            var row = 0
            while row < result.output.rowCount {
                try target.write(contentsOf: writer.encode(result.output, from: &row))
            }
        }
        var isAtEnd = false
        while !isAtEnd {
            // Foundation's data is autoreleased nowhere here: a piece lives as long as its turn.
            if let piece = try source.read(upToCount: 256 << 10), !piece.isEmpty {
                reader.push(Array(piece)[...])
            } else {
                reader.finish()
                isAtEnd = true
            }
            while let read = try reader.next() { try take(read) }
        }
        let summary = try run?.finish()
        return Report(
            rowsIn: summary?.rowsIn ?? 0, rowsOut: summary?.rowsOut ?? 0,
            rowsQuarantined: summary?.rowsQuarantined ?? 0, rejected: rejected)
    }
}
