public import Foundation

/// Time and chance, as tests replace them.
///
/// Times in the store are the wall clock's of whoever writes them: clocks of machines that share a store should differ
/// by less than a tenth of the lease. If they do not, a job can be taken from a worker that lives, which costs an
/// attempt, not correctness: see `JobContext.complete`.
public struct JobEnvironment: Sendable {
    public var now: @Sendable () -> Date
    public var sleep: @Sendable (Duration) async throws -> Void
    /// Within 0..<1.
    public var random: @Sendable () -> Double

    public init(
        now: @escaping @Sendable () -> Date = { Date() },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }
}

extension Date {
    static func + (date: Date, duration: Duration) -> Date { date.addingTimeInterval(duration / .seconds(1)) }
    static func - (date: Date, duration: Duration) -> Date { date.addingTimeInterval(-(duration / .seconds(1))) }
}
