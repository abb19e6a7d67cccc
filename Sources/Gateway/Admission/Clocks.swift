import FoundationEssentials

/// Nanoseconds since some moment: goes on while the machine sleeps, and never back.
enum MonotonicClock {
    private static let start = ContinuousClock.now

    @Sendable static func now() -> Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}

/// Milliseconds since 1970, by this machine's clock.
extension WallClock {
    @Sendable static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }
}
