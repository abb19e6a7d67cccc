import Jobs
import Persistence
import PipelineContract
import PolicyModel

/// Commits what came of batches: rows, position, counts, rows set aside and what steps remember, all or nothing.
struct BatchCommits {
    let core: PipelineCore
    let context: JobContext
    let organization: OrganizationID
    /// As it was last committed.
    private(set) var run: Run
    let target: Dataset

    init(core: PipelineCore, context: JobContext, organization: OrganizationID, run: Run, target: Dataset) {
        (self.core, self.context, self.organization, self.run, self.target) = (core, context, organization, run, target)
    }

    mutating func commit(_ batch: SourceBatch, _ result: BatchResult, _ places: [Int?]) async throws {
        var written: WrittenSegment?
        if result.output.rowCount > 0 {
            let schema = target.schema
            let rows = try await core.work.run(for: organization) { result.output.placed(places, in: schema) }
            written = try await core.write(
                rows, under: PipelineCore.prefix(organization, dataset: target.id, appender: run.id), of: organization)
        }
        let aside = setAside(batch, result)
        var next = run
        next.position = batch.end
        next.batches += 1
        next.stalls = 0
        next.rowsWritten += Int64(result.output.rowCount)
        next.rowsQuarantined += Int64(aside.count)
        guard next.rowsQuarantined <= core.bounds.quarantinedRows else {
            throw PipelineFault.runLimitReached(
                message: "more than \(core.bounds.quarantinedRows) rows would be set aside")
        }
        next.counts = zip(next.counts, result.counts).map(+)
        next.updatedAt = core.now
        let (changed, segment, state, dataset) = (next, written, result.state, target.id)
        try await context.write { tx in
            guard let kept = try RunStore.run(changed.id, in: tx)?.run, !kept.cancelRequested else {
                throw RunCancelled()
            }
            if let segment {
                guard try DatasetStore.append(segment, to: dataset, now: changed.updatedAt, in: tx) != nil else {
                    throw PipelineFault.datasetGone
                }
            }
            try QuarantineStore.insert(aside, of: changed.id, in: tx)
            try RunStore.append(state: state, of: changed.id, sequence: changed.batches, in: tx)
            try RunStore.update(changed, in: tx)
        }
        run = next
    }

    /// Bytes of a text that could not be read which are kept.
    private static let keptText = 4_096

    /// The rows that a batch's records and steps set aside, in the order of the input.
    private func setAside(_ batch: SourceBatch, _ result: BatchResult) -> [QuarantinedRow] {
        let rows = result.quarantined
        guard rows.count > 0 || !batch.rejected.isEmpty else { return [] }
        let places = batch.places(after: run.position.records)
        let names = rows.rows.schema.fields.map(\.name)
        var aside = rows.reasons.enumerated().map { index, reason in
            QuarantinedRow(
                number: 0, inputRow: places[Int(rows.inputRows[index])], step: reason.step, rule: reason.rule ?? "",
                reason: reason.code.contractReason.reason, message: String(reason.message.prefix(500)),
                cells: .row(names: names, cells: rows.rows.row(index)))
        }
        aside += batch.rejected.map { record in
            QuarantinedRow(
                number: 0, inputRow: Int64(record.record), step: nil, rule: "",
                reason: Datavault_Pipeline_V1_Reason.rowUnreadable.reason,
                message: String(record.message.prefix(500)), cells: .text(String(record.text.prefix(Self.keptText))))
        }
        aside.sort { $0.inputRow < $1.inputRow }
        let first = run.rowsQuarantined + 1
        return aside.enumerated().map { index, row in row.numbered(first + Int64(index)) }
    }
}

extension QuarantinedRow {
    func numbered(_ number: Int64) -> QuarantinedRow {
        QuarantinedRow(
            number: number, inputRow: inputRow, step: step, rule: rule, reason: reason, message: message, cells: cells)
    }
}

extension QuarantineReason.Code {
    var contractReason: Datavault_Pipeline_V1_Reason {
        switch self {
        case .ruleFailed: .ruleFailed
        case .expressionError: .expressionFailed
        case .castFailed: .valueInvalid
        }
    }
}
