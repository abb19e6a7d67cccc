import Foundation

/// Time and chance, as tests replace them.
struct ScrapeEnvironment: Sendable {
    /// Microseconds since 1970.
    var now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000_000) }
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// A new identifier: a lower-case UUID of random bits.
    var identifier: @Sendable () -> String = { UUID().uuidString.lowercased() }
    /// Within 0..<1.
    var random: @Sendable () -> Double = { Double.random(in: 0..<1) }
}
