/// Answers in memory, those that have not been asked for longest first to go. Bound by bytes: what a file weighs is its
/// site's choice.
struct RobotsMemory: Sendable {
    private struct Kept: Sendable {
        let answer: RobotsAnswer
        let weight: Int
        var used: UInt64
    }

    private let bytes: Int
    private let count: Int
    private var kept: [String: Kept] = [:]
    private var clock: UInt64 = 0
    /// Bytes, about.
    private(set) var weight = 0

    /// What an answer takes beside its file.
    private static let overhead = 256

    /// - Parameters:
    ///   - bytes: All answers may take together.
    ///   - count: How many there may be.
    init(bytes: Int, count: Int) { (self.bytes, self.count) = (bytes, count) }

    var origins: Int { kept.count }

    mutating func answer(of origin: String) -> RobotsAnswer? {
        guard let index = kept.index(forKey: origin) else { return nil }
        clock += 1
        kept.values[index].used = clock
        return kept.values[index].answer
    }

    mutating func remember(_ answer: RobotsAnswer, of origin: String) {
        forget(origin)
        let weight = answer.file.weight + origin.utf8.count + Self.overhead
        guard weight <= bytes, count > 0 else { return }
        if self.weight + weight > bytes || kept.count >= count { makeRoom(for: weight) }
        clock += 1
        kept[origin] = Kept(answer: answer, weight: weight, used: clock)
        self.weight += weight
    }

    private mutating func forget(_ origin: String) {
        if let old = kept.removeValue(forKey: origin) { weight -= old.weight }
    }

    /// Makes room for one more, and for an eighth of all beyond it: looking for the oldest costs a look at all.
    private mutating func makeRoom(for needed: Int) {
        let (mostBytes, mostCount) = (min(bytes - bytes / 8, bytes - needed), min(count - count / 8, count - 1))
        for (origin, _) in kept.map({ ($0.key, $0.value.used) }).sorted(by: { $0.1 < $1.1 }) {
            if weight <= mostBytes, kept.count <= mostCount { return }
            forget(origin)
        }
    }
}
