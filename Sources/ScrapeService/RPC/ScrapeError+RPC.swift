import PolicyContract
import PolicyModel
import ScrapeContract
import SwiftProtobuf
import Wire
import WireProtos

/// The one mapping from Scrape's errors to a call's.
extension ScrapeError: RPCErrorConvertible {
    private typealias Reason = Datavault_Scrape_V1_Reason

    var rpcError: RPCError {
        switch self {
        case .resourceUnknown(let name):
            RPCError(.notFound, Reason.resourceUnknown, "there is no such resource", metadata: ["name": name])
        case .etagMismatch:
            RPCError(
                .aborted, Reason.etagMismatch, "the resource has changed since the etag was read; read it again")
        case .fieldImmutable(let field):
            RPCError(
                .invalidArgument, Reason.fieldImmutable, "update_mask names a field that cannot be changed",
                metadata: ["field": field],
                details: [Self.badRequest("update_mask", "must name only fields that can be changed")])
        case .pageTokenInvalid:
            RPCError(
                .invalidArgument, Reason.pageTokenInvalid, "page_token is none that was given for this request",
                details: [Self.badRequest("page_token", "must come from a reply to the same request")])
        case .scraperInUse:
            RPCError(.failedPrecondition, Reason.scraperInUse, "a job of the scraper has not ended; cancel it first")
        case .jobState(let state):
            RPCError(
                .failedPrecondition, Reason.jobState, "the job is \(state)", metadata: ["state": state])
        case .limitReached(let limit, let maximum):
            RPCError(
                .resourceExhausted, Reason.limitReached, "the organization may have \(maximum) \(limit)",
                metadata: ["limit": limit, "maximum": "\(maximum)"])
        case .contentNotKept(let name):
            RPCError(.notFound, Reason.contentNotKept, "the page's content was not kept", metadata: ["name": name])
        case .contentDamaged(let name):
            RPCError(
                .dataLoss, Reason.contentDamaged, "the page's content is not what was kept", metadata: ["name": name])
        case .previewFailed(let problem, let detail):
            RPCError(
                .failedPrecondition, Reason.previewFailed, "the page could not be had: \(detail)",
                metadata: ["problem": problem])
        case .busy(let delay):
            RPCError(
                .resourceExhausted, Reason.busy, "as many of these are under way as can be; try again later",
                details: [Self.retryInfo(delay)])
        case .fieldInvalid, .selectorInvalid, .patternInvalid, .urlInvalid, .addressNotAllowed, .startOutOfScope,
            .fieldNameTaken:
            fieldError
        }
    }

    private var fieldError: RPCError {
        switch self {
        case .selectorInvalid(let field, let problem):
            Self.invalid(Reason.selectorInvalid, field, "must be a CSS selector: \(problem)")
        case .patternInvalid(let field, let problem):
            Self.invalid(Reason.patternInvalid, field, "must be an RE2 expression: \(problem)")
        case .urlInvalid(let field): Self.invalid(Reason.urlInvalid, field, "must be a URL that can be fetched")
        case .addressNotAllowed(let field, let host):
            Self.invalid(
                Reason.addressNotAllowed, field, "must not lead to an address that the operator has not allowed",
                ["host": host])
        case .startOutOfScope(let field):
            Self.invalid(Reason.startOutOfScope, field, "must lie within the scraper's scope")
        case .fieldNameTaken(let field):
            Self.invalid(Reason.fieldNameTaken, field, "must differ from the names of other fields")
        case .fieldInvalid(let field, let problem): Self.invalid(Reason.fieldInvalid, field, problem)
        default: RPCError(code: .internal, message: "an error without a mapping")
        }
    }

    private static func invalid(
        _ reason: Reason, _ field: String, _ problem: String, _ metadata: [String: String] = [:]
    ) -> RPCError {
        RPCError(
            .invalidArgument, reason, "\(field) \(problem)",
            metadata: ["field": field].merging(metadata) { $1 }, details: [badRequest(field, problem)])
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

    private static func retryInfo(_ delay: Duration) -> Google_Rpc_RetryInfo {
        .with {
            $0.retryDelay.seconds = delay.components.seconds
            $0.retryDelay.nanos = Int32(clamping: delay.components.attoseconds / 1_000_000_000)
        }
    }
}
