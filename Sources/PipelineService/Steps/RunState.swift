/// What a run remembers from batch to batch, and the bytes from which it is rebuilt after a crash: a piece a batch, each
/// with all counters so far and the keys that this batch added.
struct RunState: Sendable {
    /// The key of the run's hashes.
    private(set) var seed: KeyHash
    private(set) var batches: UInt64 = 0
    var rowsIn = 0
    var rowsOut = 0
    var rowsQuarantined = 0
    var counts: [StepCounts]
    /// The keys that each dedupe step saw, by step.
    private var keys: [Int: KeySet] = [:]
    private var added: [(step: Int, hash: KeyHash)] = []
    private var keyCount = 0
    private let fingerprint: UInt32

    private static let version: UInt8 = 1

    init(plan: PipelinePlan, seed: KeyHash) {
        self.seed = seed
        counts = [StepCounts](repeating: StepCounts(), count: plan.steps.count)
        fingerprint = plan.fingerprint
        for (index, step) in plan.steps.enumerated() {
            if case .dedupe = step.action { keys[index] = KeySet() }
        }
    }

    /// Remembers a key, and says whether its step has not seen it before; none where the limit is reached.
    mutating func insert(_ hash: KeyHash, step: Int, limit: Int) -> Bool? {
        guard keys[step]?.insert(hash) == true else { return false }
        keyCount += 1
        guard keyCount <= limit else { return nil }
        added.append((step, hash))
        return true
    }

    // MARK: - Bytes

    /// What the batch that just ended added.
    mutating func piece() -> [UInt8] {
        var bytes: [UInt8] = [Self.version]
        bytes.put(fingerprint)
        bytes.put(batches)
        for value in [seed.low, seed.high, UInt64(rowsIn), UInt64(rowsOut), UInt64(rowsQuarantined)] {
            bytes.put(value)
        }
        bytes.put(UInt32(counts.count))
        for count in counts {
            for value in [count.input, count.output, count.quarantined, count.dropped, count.failed] {
                bytes.put(UInt64(value))
            }
        }
        bytes.put(UInt32(added.count))
        for (step, hash) in added {
            bytes.append(UInt8(truncatingIfNeeded: step))
            bytes.put(hash.low)
            bytes.put(hash.high)
        }
        bytes.put(Checksum.crc32c(bytes))
        added.removeAll(keepingCapacity: true)
        batches += 1
        return bytes
    }

    /// Takes back what `piece` gave, in order.
    mutating func load(_ piece: [UInt8]) throws(RunError) {
        let damaged = RunError(.invalidState, "the run's state is damaged")
        guard piece.count >= 5, piece[0] == Self.version else { throw damaged }
        var reader = ByteReader(piece[..<(piece.count - 4)])
        var seal = ByteReader(piece[(piece.count - 4)...])
        guard seal.uint32() == Checksum.crc32c(piece[..<(piece.count - 4)]), reader.byte() == Self.version else {
            throw damaged
        }
        guard reader.uint32() == fingerprint else {
            throw RunError(.invalidState, "the state is of another pipeline or input")
        }
        guard reader.uint64() == batches else { throw RunError(.invalidState, "a part of the run's state is missing") }
        guard let low = reader.uint64(), let high = reader.uint64(), let rowsIn = reader.count(),
            let rowsOut = reader.count(), let rowsQuarantined = reader.count(), reader.uint32() == UInt32(counts.count)
        else { throw damaged }
        seed = KeyHash(low: low, high: high)
        (self.rowsIn, self.rowsOut, self.rowsQuarantined) = (rowsIn, rowsOut, rowsQuarantined)
        for index in counts.indices {
            guard let input = reader.count(), let output = reader.count(), let quarantined = reader.count(),
                let dropped = reader.count(), let failed = reader.count()
            else { throw damaged }
            counts[index] = StepCounts(
                input: input, output: output, quarantined: quarantined, dropped: dropped, failed: failed)
        }
        guard let count = reader.uint32() else { throw damaged }
        for _ in 0..<count {
            guard let step = reader.byte(), let low = reader.uint64(), let high = reader.uint64(),
                keys[Int(step)]?.insert(KeyHash(low: low, high: high)) != nil
            else { throw damaged }
            keyCount += 1
        }
        guard reader.isAtEnd else { throw damaged }
        batches += 1
    }
}
