import Logging
import ServiceLifecycle

/// Makes the next key of access tokens in time, forgets those whose tokens are over, and learns what other instances
/// made.
struct TokenKeyRotation: Service {
    private static let longestInterval: Duration = .seconds(60)
    private static let intervalAfterFailure: Duration = .seconds(5)

    private let ring: TokenKeyRing
    private let interval: Duration
    private let logger: Logger

    init(_ ring: TokenKeyRing, logger: Logger) {
        (self.ring, self.logger) = (ring, logger)
        // Several looks before a key that another instance made begins to sign.
        interval = min(Self.longestInterval, max(ring.schedule.publication / 4, .milliseconds(100)))
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                var pause = interval
                do {
                    try await ring.advance()
                } catch  where !Task.isCancelled {
                    logger.warning("the keys of access tokens could not be looked at", metadata: ["error": "\(error)"])
                    pause = min(interval, Self.intervalAfterFailure)
                } catch {}
                try? await Task.sleep(for: pause)
            }
        }
    }
}
