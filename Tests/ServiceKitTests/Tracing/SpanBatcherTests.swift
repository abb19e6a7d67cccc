import Testing

@testable import ServiceKit

@Suite struct SpanBatcherTests {
    typealias Batcher = SpanBatcher<Int>

    /// A queue of 10 elements or 1000 bytes, batches of 4 or 100 bytes, a delay of 50.
    private static func batcher() -> Batcher {
        Batcher(limits: .init(maxQueued: 10, maxQueuedBytes: 1000, maxBatch: 4, maxBatchBytes: 100, delay: 50))
    }

    private static func sent(_ step: Batcher.Step) -> [Int]? {
        if case .send(let batch) = step { batch } else { nil }
    }

    private static func waits(_ step: Batcher.Step) -> UInt64?? {
        if case .wait(let time) = step { .some(time) } else { nil }
    }

    private static func isFinished(_ step: Batcher.Step) -> Bool {
        if case .finish = step { true } else { false }
    }

    @Test func waitsForOthersAndThenSends() {
        var batcher = Self.batcher()
        #expect(Self.waits(batcher.next(now: 0)) == .some(nil))
        #expect(batcher.add(1, size: 1, now: 100) == .queued(mustWake: true))
        #expect(batcher.add(2, size: 1, now: 120) == .queued(mustWake: false))
        #expect(Self.waits(batcher.next(now: 130)) == .some(150))
        #expect(Self.waits(batcher.next(now: 149)) == .some(150))
        #expect(Self.sent(batcher.next(now: 150)) == [1, 2])
        #expect(batcher.queued == 0 && batcher.queuedBytes == 0)
        #expect(Self.waits(batcher.next(now: 151)) == .some(nil))
    }

    @Test func fullBatchesGoAtOnce() {
        var batcher = Self.batcher()
        let added = (1...9).map { batcher.add($0, size: 1, now: 0) }
        // Woken for the first, and once for the batch.
        #expect(added.map { $0 == .queued(mustWake: true) }.enumerated().filter(\.element).map(\.offset) == [0, 3])
        #expect(Self.sent(batcher.next(now: 0)) == [1, 2, 3, 4])
        #expect(Self.sent(batcher.next(now: 0)) == [5, 6, 7, 8])
        #expect(Self.waits(batcher.next(now: 10)) == .some(50))
    }

    @Test func bytesMakeABatchFull() {
        var batcher = Self.batcher()
        #expect(batcher.add(1, size: 60, now: 0) == .queued(mustWake: true))
        #expect(batcher.add(2, size: 60, now: 0) == .queued(mustWake: true))
        #expect(Self.sent(batcher.next(now: 0)) == [1])
        #expect(Self.waits(batcher.next(now: 0)) == .some(50))
    }

    /// An element larger than a batch still goes, alone.
    @Test func largeElementsGoAlone() {
        var batcher = Self.batcher()
        _ = batcher.add(1, size: 500, now: 0)
        _ = batcher.add(2, size: 1, now: 0)
        #expect(Self.sent(batcher.next(now: 0)) == [1])
    }

    @Test func queueIsBoundedByNumber() {
        var batcher = Self.batcher()
        let added = (1...12).map { batcher.add($0, size: 1, now: 0) }
        #expect(added.count { $0 == .dropped(.queueFull) } == 2)
        #expect(batcher.queued == 10)
        #expect(Self.sent(batcher.next(now: 0)) == [1, 2, 3, 4])
        #expect(batcher.add(13, size: 1, now: 0) == .queued(mustWake: false))
    }

    @Test func queueIsBoundedByBytes() {
        var batcher = Self.batcher()
        #expect(batcher.add(1, size: 1001, now: 0) == .dropped(.queueFull))
        #expect(batcher.add(2, size: 999, now: 0) == .queued(mustWake: true))
        #expect(batcher.add(3, size: 2, now: 0) == .dropped(.queueFull))
        #expect(batcher.add(4, size: 1, now: 0) == .queued(mustWake: false))
        #expect(batcher.queuedBytes == 1000)
    }

    @Test func closingSendsWhatWaitsAndEnds() {
        var batcher = Self.batcher()
        for number in 1...6 { _ = batcher.add(number, size: 1, now: 0) }
        batcher.close()
        #expect(batcher.add(7, size: 1, now: 0) == .dropped(.shutdown))
        #expect(Self.sent(batcher.next(now: 0)) == [1, 2, 3, 4])
        #expect(Self.sent(batcher.next(now: 0)) == [5, 6])
        #expect(Self.isFinished(batcher.next(now: 0)))
    }

    @Test func whatIsGivenUpIsCounted() {
        var batcher = Self.batcher()
        for number in 1...6 { _ = batcher.add(number, size: 1, now: 0) }
        batcher.close()
        #expect(batcher.abandon() == 6)
        #expect(batcher.abandon() == 0)
        #expect(Self.isFinished(batcher.next(now: 0)))
        #expect(batcher.queuedBytes == 0)
    }

    /// Whatever comes in whatever order: each element is sent or dropped, once, and no bound is ever broken.
    @Test(arguments: 0..<50) func nothingIsLostOrTwice(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func random(_ bound: UInt64) -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state % bound
        }
        var batcher = Self.batcher()
        var (now, next) = (UInt64(0), 0)
        var (queued, sent): ([Int], [Int]) = ([], [])
        for _ in 0..<500 {
            now += random(20)
            if random(3) > 0 {
                if case .queued = batcher.add(next, size: Int(random(150)), now: now) { queued.append(next) }
                next += 1
            } else if let batch = Self.sent(batcher.next(now: now)) {
                #expect(!batch.isEmpty && batch.count <= 4)
                sent += batch
            }
            #expect(batcher.queued <= 10 && batcher.queuedBytes <= 1000)
            #expect(batcher.queued == queued.count - sent.count)
        }
        batcher.close()
        while let batch = Self.sent(batcher.next(now: now)) { sent += batch }
        #expect(sent == queued)
    }
}
