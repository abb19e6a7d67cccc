import SwiftProtobuf
import Testing
import Wire
import WireProtos

@testable import ServiceKit

@Suite struct ExportRetryTests {
    private static let second: UInt64 = 1_000_000_000

    private static func configuration() -> TracingConfiguration {
        TracingConfiguration(endpoint: OTLPEndpoint(host: "localhost", isEncrypted: false))
    }

    private static func error(_ code: StatusCode, retryAfter seconds: Double? = nil) throws -> RPCError {
        guard let seconds else { return RPCError(code: code) }
        var info = Google_Rpc_RetryInfo()
        info.retryDelay = Google_Protobuf_Duration(
            seconds: Int64(seconds), nanos: Int32((seconds - seconds.rounded(.towardZero)) * 1e9))
        return try RPCError(code: code, message: "", packing: [info])
    }

    private static func first(_ error: RPCError) -> ExportRetry.Decision {
        var retry = ExportRetry(configuration(), now: 0)
        return retry.decide(after: error, now: 0, jitter: 1)
    }

    /// As OTLP's table has it.
    @Test(arguments: 1...16) func onlyWhatMayBeSentAgainIs(code: Int) throws {
        let isRetryable = [1, 4, 10, 11, 14, 15].contains(code)
        let decision = Self.first(try Self.error(StatusCode(rawValue: code)))
        #expect(decision == (isRetryable ? .again(after: Self.second) : .giveUp(pause: 0)))
    }

    @Test func waitsAsLongAsItIsAskedTo() throws {
        #expect(Self.first(try Self.error(.resourceExhausted, retryAfter: 7.5)) == .again(after: 7_500_000_000))
        #expect(Self.first(try Self.error(.unavailable, retryAfter: 60)) == .again(after: 60 * Self.second))
        #expect(Self.first(try Self.error(.unavailable, retryAfter: 0)) == .again(after: 0))
        #expect(Self.first(try Self.error(.unavailable, retryAfter: -5)) == .again(after: 0))
        // RetryInfo does not make sendable what is not.
        #expect(Self.first(try Self.error(.invalidArgument, retryAfter: 3)) == .giveUp(pause: 3 * Self.second))
    }

    /// Longer than spans are kept: they go, and nothing else is sent before the time, up to a bound.
    @Test func longWaitsGiveUp() throws {
        #expect(Self.first(try Self.error(.resourceExhausted, retryAfter: 200)) == .giveUp(pause: 200 * Self.second))
        #expect(Self.first(try Self.error(.unavailable, retryAfter: 1e9)) == .giveUp(pause: 300 * Self.second))
    }

    @Test func backoffGrowsToItsBound() throws {
        var retry = ExportRetry(Self.configuration(), now: 0)
        var waits: [UInt64] = []
        for _ in 0..<7 {
            guard case .again(let wait) = retry.decide(after: try Self.error(.unavailable), now: 0, jitter: 1) else {
                break
            }
            waits.append(wait / Self.second)
        }
        #expect(waits == [1, 2, 4, 8, 16, 30, 30])
    }

    @Test func jitterIsHalfAtMost() throws {
        for (jitter, wait) in [(0.0, 0.5), (0.5, 0.75), (1, 1), (7, 1), (-1, 0.5)] {
            var retry = ExportRetry(Self.configuration(), now: 0)
            let decision = retry.decide(after: try Self.error(.unavailable), now: 0, jitter: jitter)
            #expect(decision == .again(after: UInt64(wait * Double(Self.second))))
        }
    }

    @Test func timeEnds() throws {
        var retry = ExportRetry(Self.configuration(), now: 1000)
        #expect(
            retry.decide(after: try Self.error(.unavailable), now: 1000 + 119 * Self.second, jitter: 1)
                == .again(after: Self.second))
        #expect(
            retry.decide(after: try Self.error(.unavailable), now: 1000 + 119 * Self.second, jitter: 1)
                == .giveUp(pause: 0))
    }
}
