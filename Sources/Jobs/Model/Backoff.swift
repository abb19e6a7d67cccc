/// Exponential backoff with full jitter: the pause before attempt n + 1 is random between zero and
/// `first · 2ⁿ⁻¹`, at most `longest`. Those that failed together do not come back together.
public struct Backoff: Sendable, Hashable {
    public var first: Duration
    public var longest: Duration

    public init(first: Duration = .seconds(2), longest: Duration = .seconds(3600)) {
        self.first = first
        self.longest = longest
    }

    /// The pause after a number of failed attempts.
    ///
    /// - Parameter random: within 0..<1.
    public func pause(after failures: Int, random: Double) -> Duration {
        // Beyond 2⁴⁰ nothing is left below any bound that makes sense.
        let factor = Double(1 << min(max(failures - 1, 0), 40))
        return min(first * factor, longest) * random
    }
}
