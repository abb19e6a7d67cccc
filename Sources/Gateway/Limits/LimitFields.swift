import SwiftProtobuf
import Wire
import WireProtos

/// What callers are told of limits, over HTTP and gRPC.
///
/// `RateLimit` and `RateLimit-Policy` are lists of structured fields (draft-ietf-httpapi-ratelimit-headers-11): `q` units
/// in a window of `w` seconds, of which `r` remain, and all are back in `t` seconds.
enum LimitFields {
    private static let nanosecond: Int64 = 1_000_000_000

    private static func seconds(_ nanoseconds: Int64) -> Int64 { (nanoseconds + nanosecond - 1) / nanosecond }

    /// The fields of an answer.
    static func headers(_ decision: LimitDecision) -> [(name: String, value: String)] {
        guard !decision.states.isEmpty else { return [] }
        return [
            (
                "ratelimit",
                list(decision.states) {
                    (";r=", $0.outcome.remaining(of: $0.limit), ";t=", seconds($0.outcome.untilFull))
                }
            ),
            (
                "ratelimit-policy", decision.policy ?? policy(decision.states)
            ),
        ]
    }

    /// What `RateLimit-Policy` says of limits, however much is left of them.
    static func policy(_ states: [LimitDecision.State]) -> String {
        list(states) { (";q=", Int64($0.limit.burst), ";w=", seconds($0.limit.window)) }
    }

    /// A list of the limits, each with two numbers.
    private static func list(
        _ states: [LimitDecision.State],
        _ parameters: (LimitDecision.State) -> (StaticString, Int64, StaticString, Int64)
    ) -> String {
        // Of a name, two keys and two numbers.
        let longest = 72
        return ByteWriter.text(longest * states.count) { writer in
            for (place, state) in states.enumerated() {
                let (firstKey, first, secondKey, second) = parameters(state)
                if place > 0 { writer.constant(", ") }
                writer.constant("\"")
                writer.text(state.kind.rawValue)
                writer.constant("\"")
                writer.constant(firstKey)
                writer.number(first)
                writer.constant(secondKey)
                writer.number(second)
            }
        }
    }

    /// The fields of a refusal: those of an answer, and when to come again (RFC 9110, 10.2.3).
    static func headers(refused decision: LimitDecision) -> [(name: String, value: String)] {
        guard let refusal = decision.refusal else { return headers(decision) }
        return headers(decision) + [("retry-after", String(max(1, seconds(refusal.outcome.retryAfter))))]
    }

    /// The details of a refusal over gRPC.
    static func details(_ refusal: LimitDecision.State) -> [any Message] {
        var violation = Google_Rpc_QuotaFailure.Violation()
        violation.subject = refusal.kind.rawValue
        violation.description_p =
            "\(refusal.limit.burst) units at once, and \(refusal.limit.rate) a second come back"
        var quota = Google_Rpc_QuotaFailure()
        quota.violations = [violation]
        var retry = Google_Rpc_RetryInfo()
        retry.retryDelay.seconds = refusal.outcome.retryAfter / nanosecond
        retry.retryDelay.nanos = Int32(refusal.outcome.retryAfter % nanosecond)
        return [quota, retry]
    }
}
