import SwiftProtobuf
import Wire
import WireProtos

/// Whether and when an export is sent again (OTLP, "Failures"). Times are nanoseconds.
struct ExportRetry {
    enum Decision: Equatable {
        /// Again, after this wait.
        case again(after: UInt64)
        /// Never; and no other export before this wait is over.
        case giveUp(pause: UInt64)
    }

    private let configuration: TracingConfiguration
    private let start: UInt64
    private var attempts = 0

    init(_ configuration: TracingConfiguration, now: UInt64) {
        self.configuration = configuration
        start = now
    }

    /// Codes after which the same spans may be sent again.
    static let retryable: Set<StatusCode> = [
        .cancelled, .deadlineExceeded, .aborted, .outOfRange, .unavailable, .dataLoss,
    ]

    /// - Parameter jitter: From 0 to 1; the wait is between half and all of the backoff.
    mutating func decide(after error: RPCError, now: UInt64, jitter: Double) -> Decision {
        attempts += 1
        let asked = Self.askedDelay(error).map { min($0, nanoseconds(configuration.maxServerDelay)) }
        // Without RetryInfo, RESOURCE_EXHAUSTED says that the collector cannot recover.
        guard Self.retryable.contains(error.code) || (error.code == .resourceExhausted && asked != nil) else {
            return .giveUp(pause: asked ?? 0)
        }
        let wait = asked ?? backoff(jitter)
        let spent = now &- start
        guard spent + wait <= nanoseconds(configuration.maxRetryTime) else { return .giveUp(pause: asked ?? 0) }
        return .again(after: wait)
    }

    private func backoff(_ jitter: Double) -> UInt64 {
        let longest = Double(nanoseconds(configuration.maxBackoff))
        let grown = Double(nanoseconds(configuration.initialBackoff)) * Double(1 << min(attempts - 1, 30))
        return UInt64(min(grown, longest) * (0.5 + 0.5 * min(max(jitter, 0), 1)))
    }

    private func nanoseconds(_ duration: Duration) -> UInt64 { UInt64(max(0, duration.nanoseconds)) }

    /// The wait that the collector asks for in google.rpc.RetryInfo; nil: none.
    static func askedDelay(_ error: RPCError) -> UInt64? {
        guard let info = error.detail(Google_Rpc_RetryInfo.self) else { return nil }
        let delay = Duration.seconds(info.retryDelay.seconds) + .nanoseconds(info.retryDelay.nanos)
        return UInt64(max(0, delay.nanoseconds))
    }
}
