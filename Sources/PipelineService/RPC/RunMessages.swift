import PipelineContract
import SwiftProtobuf

typealias RunMessage = Datavault_Pipeline_V1_Run
typealias RunStateMessage = Datavault_Pipeline_V1_RunState

extension RunMessage {
    init(_ run: Run) {
        self.init()
        name = run.name.text
        state = RunStateMessage(run.state)
        input = InputMessage(run.input)
        if let id = run.dataset { dataset = ResourceName.datasets.name(id) }
        pipelineEtag = Etag.text(run.pipeline.version)
        readRowCount = run.position.records
        writtenRowCount = run.rowsWritten
        quarantinedRowCount = run.rowsQuarantined
        for (index, step) in run.pipeline.definition.steps.enumerated() {
            let counts = index < run.counts.count ? run.counts[index] : StepCounts()
            add(step, counts, at: Int32(index), exceeded: run.exceededRules)
        }
        if let done = run.progress { progress = done }
        if let failed = run.failure {
            failure.reason = Datavault_Pipeline_V1_Reason(named: failed.reason)
            failure.message = failed.message
            failure.field = failed.field
        }
        initiator = run.initiator
        createTime = Google_Protobuf_Timestamp(microseconds: run.createdAt)
        if let time = run.startedAt { startTime = Google_Protobuf_Timestamp(microseconds: time) }
        if let time = run.endedAt { endTime = Google_Protobuf_Timestamp(microseconds: time) }
        updateTime = Google_Protobuf_Timestamp(microseconds: run.updatedAt)
    }

    private mutating func add(_ step: PipelineStep, _ counts: StepCounts, at index: Int32, exceeded: [String]) {
        steps.append(
            .with {
                $0.step = index
                $0.kind = step.name
                $0.inRowCount = Int64(counts.input)
                $0.outRowCount = Int64(counts.output)
                $0.quarantinedRowCount = Int64(counts.quarantined)
            })
        switch step {
        case .filter: filteredRowCount += Int64(counts.dropped)
        case .dedupe: duplicateRowCount += Int64(counts.dropped)
        case .rule(let rule):
            rules.append(
                .with {
                    $0.rule = rule.name
                    $0.step = index
                    $0.checkedRowCount = Int64(counts.input)
                    $0.failedRowCount = Int64(counts.failed)
                    $0.thresholdExceeded = exceeded.contains(rule.name)
                })
        default: break
        }
    }
}

extension RunStateMessage {
    init(_ state: RunPhase) {
        self =
            switch state {
            case .pending: .pending
            case .running: .running
            case .cancelling: .cancelling
            case .succeeded: .succeeded
            case .failed: .failed
            case .cancelled: .cancelled
            }
    }

    /// Nil for "unspecified".
    var state: RunPhase? {
        switch self {
        case .pending: .pending
        case .running: .running
        case .cancelling: .cancelling
        case .succeeded: .succeeded
        case .failed: .failed
        case .cancelled: .cancelled
        case .unspecified, .UNRECOGNIZED: nil
        }
    }
}

extension Datavault_Pipeline_V1_Reason {
    /// A reason by its name in `ErrorInfo`; unspecified for one that this contract lacks.
    init(named name: String) { self = Self.allCases.first { $0.reason == name } ?? .unspecified }
}

extension Datavault_Pipeline_V1_QuarantinedRow {
    init(_ kept: QuarantinedRow) {
        self.init()
        inputRow = kept.inputRow
        if let place = kept.step { step = Int32(place) }
        rule = kept.rule
        reason = Datavault_Pipeline_V1_Reason(named: kept.reason)
        message = kept.message
        switch kept.cells {
        case .row(let names, let cells): row = RowCells.object(cells, names: names)
        case .text(let text): row.fields["text"] = Google_Protobuf_Value(stringValue: text)
        }
    }
}
