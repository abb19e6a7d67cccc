import PipelineContract
import PolicyContract
import PolicyModel
import SwiftProtobuf
import Wire
import WireProtos

/// The one mapping from the service's errors to a call's.
extension PipelineFault: RPCErrorConvertible {
    fileprivate typealias Reason = Datavault_Pipeline_V1_Reason

    /// What the contract calls it.
    var reason: Datavault_Pipeline_V1_Reason {
        switch self {
        case .resourceUnknown: .resourceUnknown
        case .etagMismatch: .etagMismatch
        case .fieldImmutable: .fieldImmutable
        case .pageTokenInvalid: .pageTokenInvalid
        case .limitReached: .limitReached
        case .invalidExpression: .invalidExpression
        case .invalidStep: .invalidStep
        case .schemaInvalid: .schemaInvalid
        case .schemaMismatch: .schemaMismatch
        case .inputMissing: .inputMissing
        case .referenceUnknown: .referenceUnknown
        case .jobNotEnded: .jobNotEnded
        case .rowInvalid: .rowInvalid
        case .fileFormatUnknown: .fileFormatUnknown
        case .fileInvalid: .fileInvalid
        case .fileTooLarge: .fileTooLarge
        case .pipelineRunning: .pipelineRunning
        case .runEnded: .runEnded
        case .dataUnreadable, .storageUnavailable: .dataUnreadable
        case .fieldInvalid: .invalidStep
        case .inputUnreadable: .inputUnreadable
        case .datasetGone: .datasetGone
        case .ruleThresholdExceeded: .ruleThresholdExceeded
        case .stepFailed: .stepFailed
        case .runLimitReached: .runLimitReached
        case .runAbandoned: .runAbandoned
        }
    }

    private var code: StatusCode {
        switch self {
        case .resourceUnknown: .notFound
        case .etagMismatch: .aborted
        case .limitReached, .runLimitReached: .resourceExhausted
        case .schemaMismatch, .inputMissing, .referenceUnknown, .jobNotEnded, .pipelineRunning, .runEnded, .datasetGone,
            .inputUnreadable, .ruleThresholdExceeded, .stepFailed:
            .failedPrecondition
        case .dataUnreadable: .dataLoss
        case .storageUnavailable: .unavailable
        case .runAbandoned: .internal
        case .fieldImmutable, .pageTokenInvalid, .invalidExpression, .invalidStep, .schemaInvalid, .rowInvalid,
            .fileFormatUnknown, .fileInvalid, .fileTooLarge, .fieldInvalid:
            .invalidArgument
        }
    }

    /// What is wrong, for people; quotes no values of rows.
    var message: String {
        switch self {
        case .resourceUnknown: "there is no such resource"
        case .etagMismatch: "the resource has changed since the etag was read; read it again"
        case .fieldImmutable: "update_mask names a field that cannot be changed"
        case .pageTokenInvalid: "page_token is none that was given for this request"
        case .limitReached(let limit, let maximum): "there may be \(maximum) \(limit)"
        case .invalidExpression(let field, let message, let line, let column):
            "\(field), line \(line), column \(column): \(message)"
        case .invalidStep(let field, let message): "\(field): \(message)"
        case .schemaInvalid(let field, let message): "\(field): \(message)"
        case .schemaMismatch(let message, _): message
        case .inputMissing: "neither the pipeline nor the request says what to read"
        case .referenceUnknown(let field, _): "what \(field) names is not there"
        case .jobNotEnded: "the scrape job goes on; start the run when it has ended"
        case .rowInvalid(let field, let message): "\(field): \(message)"
        case .fileFormatUnknown:
            "neither format nor the content type says how rows are written: send text/csv or application/x-ndjson"
        case .fileInvalid(let message, _): message
        case .fileTooLarge(let maximum): "a file may have \(maximum) bytes"
        case .pipelineRunning: "the pipeline has a run that goes on; cancel it first"
        case .runEnded: "the run has ended"
        case .dataUnreadable(let message), .inputUnreadable(let message), .runLimitReached(let message),
            .runAbandoned(let message):
            message
        case .storageUnavailable: "object storage does not answer; try again"
        case .fieldInvalid(let field, let problem): "\(field) \(problem)"
        case .datasetGone: "the dataset was deleted"
        case .ruleThresholdExceeded(let message, _), .stepFailed(let message, _): message
        }
    }

    /// Which field of a request, or of a pipeline, it is about; nil where it is none.
    var field: String? {
        switch self {
        case .invalidExpression(let field, _, _, _), .invalidStep(let field, _), .schemaInvalid(let field, _),
            .rowInvalid(let field, _), .fieldInvalid(let field, _), .referenceUnknown(let field, _),
            .ruleThresholdExceeded(_, let field), .stepFailed(_, let field):
            field
        case .fieldImmutable: "update_mask"
        case .pageTokenInvalid: "page_token"
        default: nil
        }
    }

    private var metadata: [String: String] {
        var metadata: [String: String] = [:]
        switch self {
        case .resourceUnknown(let name), .jobNotEnded(let name): metadata["name"] = name
        case .fieldImmutable(let field): metadata["field"] = field
        case .limitReached(let limit, let maximum): metadata = ["limit": limit, "maximum": "\(maximum)"]
        case .invalidExpression(let field, _, let line, let column):
            metadata = ["field": field, "line": "\(line)", "column": "\(column)"]
        case .referenceUnknown(let field, let name): metadata = ["field": field, "name": name]
        case .schemaMismatch(_, let column): metadata["column"] = column
        case .fileInvalid(_, let record): metadata["row"] = "\(record)"
        case .fileTooLarge(let maximum): metadata["maximum"] = "\(maximum)"
        default: if let field { metadata["field"] = field }
        }
        return metadata
    }

    var rpcError: RPCError {
        if case .fieldInvalid(let field, let problem) = self {
            return RPCError(
                code, Datavault_Policy_V1_Reason.fieldsInvalid, message, details: [Self.badRequest(field, problem)])
        }
        let details = code == .invalidArgument ? field.map { [Self.badRequest($0, message)] } ?? [] : []
        return RPCError(code, reason, message, metadata: metadata, details: details)
    }

    private static func badRequest(_ field: String, _ problem: String) -> Google_Rpc_BadRequest {
        .with {
            $0.fieldViolations = [
                .with {
                    $0.field = field
                    $0.description_p = problem
                }
            ]
        }
    }
}
