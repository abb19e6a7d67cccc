/// Who waits, in turns between sources: a source that asks a hundred times waits longer than one that asks once.
///
/// When the queue is full, a source that has fewer waiting than another takes the place of that one's youngest.
struct FairQueue<Element: Sendable>: Sendable {
    /// What became of who would wait.
    enum Admission: Sendable {
        case admitted
        /// In the place of another, who is told that it is refused.
        case displacing(Element)
        case refused
    }

    private struct Entry: Sendable {
        let id: UInt64
        let element: Element
    }

    /// How many may wait.
    let maximum: Int
    private(set) var count = 0
    private var waiting: [String: [Entry]] = [:]
    /// Sources with somebody waiting; the first one's turn is next.
    private var turns: [String] = []

    init(maximum: Int) { self.maximum = maximum }

    /// Lets somebody wait.
    ///
    /// - Parameter id: For `remove`; never given twice.
    mutating func add(_ element: Element, id: UInt64, source: String) -> Admission {
        var displaced: Element?
        if count >= maximum {
            let own = waiting[source]?.count ?? 0
            guard let largest = waiting.max(by: { $0.value.count < $1.value.count }),
                largest.value.count > own + 1, let last = largest.value.last
            else { return .refused }
            displaced = last.element
            _ = remove(last.id, source: largest.key)
        }
        if waiting[source] == nil { turns.append(source) }
        waiting[source, default: []].append(Entry(id: id, element: element))
        count += 1
        return displaced.map { .displacing($0) } ?? .admitted
    }

    /// Whose turn it is.
    mutating func next() -> Element? {
        guard let source = turns.first, let first = waiting[source]?.first else { return nil }
        turns.removeFirst()
        waiting[source]?.removeFirst()
        if waiting[source]?.isEmpty == false { turns.append(source) } else { waiting[source] = nil }
        count -= 1
        return first.element
    }

    /// Takes somebody out who does not want to wait any more; nil if its turn has come already.
    mutating func remove(_ id: UInt64, source: String) -> Element? {
        guard let index = waiting[source]?.firstIndex(where: { $0.id == id }),
            let entry = waiting[source]?.remove(at: index)
        else { return nil }
        if waiting[source]?.isEmpty == true {
            waiting[source] = nil
            turns.removeAll { $0 == source }
        }
        count -= 1
        return entry.element
    }

    /// Takes everybody out.
    mutating func removeAll() -> [Element] {
        defer { (waiting, turns, count) = ([:], [], 0) }
        return waiting.values.flatMap { $0.map(\.element) }
    }
}
