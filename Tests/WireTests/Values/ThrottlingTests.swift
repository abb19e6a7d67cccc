import NIOCore
import Testing

@testable import Wire

@Suite struct TokenBucketTests {
    private let second: UInt64 = 1_000_000_000

    private func expect(_ isThere: Bool, _ bucket: inout TokenBucket, _ now: UInt64, _ at: SourceLocation = #_sourceLocation) {
        let taken = bucket.take(now: now)
        #expect(taken == isThere, sourceLocation: at)
    }

    /// How many of 100 can be taken at one time.
    private static func taken(_ bucket: inout TokenBucket, _ now: UInt64) -> Int {
        var count = 0
        for _ in 0..<100 where bucket.take(now: now) { count += 1 }
        return count
    }

    @Test func allowsTheBurstAndThenTheRate() {
        var bucket = TokenBucket(AbuseBudget(burst: 10, perSecond: 2))
        let start: UInt64 = 5_000
        for _ in 0..<10 { expect(true, &bucket, start) }
        expect(false, &bucket, start)
        expect(false, &bucket, start + second / 4)
        expect(true, &bucket, start + second / 2)
        expect(false, &bucket, start + second / 2)
        // Never more than the burst, however long nothing came.
        let later = start + 1000 * second
        #expect(Self.taken(&bucket, later) == 10)
    }

    @Test func allowsTheRateForEver() {
        var bucket = TokenBucket(AbuseBudget(burst: 3, perSecond: 10))
        for step in 0..<1000 { expect(true, &bucket, UInt64(step) * second / 10) }
    }

    @Test func stopsTwiceTheRate() {
        var bucket = TokenBucket(AbuseBudget(burst: 10, perSecond: 10))
        let taken = (0..<2000).count { bucket.take(now: UInt64($0) * second / 20) }
        #expect((1000...1020).contains(taken))
    }

    @Test func takesBackUpToTheBurst() {
        var bucket = TokenBucket(AbuseBudget(burst: 2, perSecond: 0))
        for _ in 0..<100 { bucket.giveBack() }
        #expect(Self.taken(&bucket, 0) == 2)
        bucket.giveBack()
        #expect(Self.taken(&bucket, 0) == 1)
    }

    @Test func allowsNothingWithoutBudget() {
        var bucket = TokenBucket(AbuseBudget(burst: 0, perSecond: 0))
        expect(false, &bucket, 0)
        expect(false, &bucket, 100 * second)
    }
}

@Suite struct RetryTests {
    private func expect(_ isAllowed: Bool, _ throttle: inout RetryThrottle, _ at: SourceLocation = #_sourceLocation) {
        let allowed = throttle.failed()
        #expect(allowed == isAllowed, sourceLocation: at)
    }

    @Test func throttlesBelowHalf() {
        var throttle = RetryThrottle(limit: 10, ratio: 0.5)
        for _ in 0..<4 { expect(true, &throttle) }
        expect(false, &throttle)
        for _ in 0..<50 { expect(false, &throttle) }
        // 0 tokens; 13 successes make 6.5.
        for _ in 0..<13 { throttle.succeeded() }
        expect(true, &throttle)
        expect(false, &throttle)
    }

    @Test func holdsNoMoreThanTheLimit() {
        var throttle = RetryThrottle(limit: 10, ratio: 1)
        for _ in 0..<1000 { throttle.succeeded() }
        var allowed = 0
        for _ in 0..<100 where throttle.failed() { allowed += 1 }
        #expect(allowed == 4)
    }

    @Test func growsWaitsUpToTheLongest() {
        var policy = RetryPolicy()
        policy.initialBackoff = .milliseconds(10)
        policy.multiplier = 3
        policy.maxBackoff = .milliseconds(100)
        #expect((2...6).map { policy.longestWait(before: $0) } == [10, 30, 90, 100, 100].map { .milliseconds($0) })
        #expect(policy.longestWait(before: 1000) == .milliseconds(100))
        #expect(RetryPolicy.none.maxAttempts == 1)
    }
}
