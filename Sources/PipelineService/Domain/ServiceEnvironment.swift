import Foundation

/// Time and chance, as tests replace them.
struct ServiceEnvironment: Sendable {
    /// Microseconds since 1970.
    var now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000_000) }
    /// A new identifier: a lower-case UUID of random bits.
    var identifier: @Sendable () -> String = { UUID().uuidString.lowercased() }
}
