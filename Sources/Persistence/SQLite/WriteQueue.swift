/// Writes that wait, the first come first: taking one costs the same however many there are.
struct WriteQueue {
    private var members: [SQLiteWriter.Member?] = []
    /// Those before have been taken.
    private var head = 0

    var count: Int { members.count - head }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ member: SQLiteWriter.Member) { members.append(member) }

    mutating func popFirst() -> SQLiteWriter.Member? {
        guard head < members.count, let member = members[head] else { return nil }
        members[head] = nil
        head += 1
        if head == members.count {
            members.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 1024, head * 2 > members.count {
            members.removeFirst(head)
            head = 0
        }
        return member
    }

    /// Takes those that fit from wherever they stand.
    mutating func removeAll(where fits: (SQLiteWriter.Member) -> Bool) -> [SQLiteWriter.Member] {
        let waiting = members[head...].compactMap { $0 }
        let taken = waiting.filter(fits)
        guard !taken.isEmpty else { return [] }
        members = waiting.filter { !fits($0) }
        head = 0
        return taken
    }

    mutating func removeFirst(where fits: (SQLiteWriter.Member) -> Bool) -> SQLiteWriter.Member? {
        guard let index = members[head...].firstIndex(where: { $0.map(fits) ?? false }) else { return nil }
        return members.remove(at: index)
    }

    /// Puts those that were taken in front again.
    mutating func putBack(_ taken: [SQLiteWriter.Member]) {
        members = taken + members[head...].compactMap { $0 }
        head = 0
    }
}
