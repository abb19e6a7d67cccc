import Persistence
import ServiceKit

/// Adds events to their logs.
struct LogWriter: Sendable {
    /// What became of a batch.
    struct Result: Sendable {
        /// How many were new, of each of the batch's parts.
        var added: [Int]
        /// Logs that have grown.
        var logs: Set<LogName> = []
        /// Events under a number that another event of the same source has.
        var reused = 0
    }

    private struct Place: Hashable {
        let part: Int
        let event: Int
    }

    let kind: Store.Kind
    let keys: SubjectKeys

    /// Adds events that are not there yet, those of a log in their order. Logs are locked in the order of their names, so
    /// that writers wait for each other in one direction only.
    func append(_ parts: [[IncomingEvent]], now: Int64, in tx: borrowing Transaction) throws -> Result {
        var byLog: [LogName: [Place]] = [:]
        for (part, events) in parts.enumerated() {
            for (index, event) in events.enumerated() {
                byLog[event.log, default: []].append(Place(part: part, event: index))
            }
        }
        var result = Result(added: parts.map { _ in 0 })
        for (log, places) in byLog.sorted(by: { $0.key.organization < $1.key.organization }) {
            let head = try LogHead.lock(log, in: tx, kind)
            // Only now, as what another writer has added meanwhile is seen behind the lock.
            var known = try knownEvents(places.map { parts[$0.part][$0.event] }, in: tx)
            var new: [IncomingEvent] = []
            for place in places {
                let event = parts[place.part][place.event]
                let key = EntryStore.Key(sequence: event.leaf.sequence, digest: event.digest)
                let (isNew, isReused) = known[event.leaf.source, default: KnownEvents()].add(key)
                guard isNew else { continue }
                if isReused { result.reused += 1 }
                new.append(event)
                result.added[place.part] += 1
            }
            guard !new.isEmpty else { continue }
            try append(new, to: log, head, now: now, in: tx)
            result.logs.insert(log)
        }
        return result
    }

    private func knownEvents(
        _ events: [IncomingEvent], in tx: borrowing Transaction
    ) throws -> [String: KnownEvents] {
        var known: [String: KnownEvents] = [:]
        for (source, own) in Dictionary(grouping: events, by: \.leaf.source) {
            let sequences = Set(own.map(\.leaf.sequence)).sorted()
            known[source] = KnownEvents(try EntryStore.known(sequences, of: source, in: tx))
        }
        return known
    }

    private func append(
        _ events: [IncomingEvent], to log: LogName, _ head: LogHead, now: Int64, in tx: borrowing Transaction
    ) throws {
        let subjects = Set(events.flatMap { $0.personal.map(\.subject) })
        let keys = subjects.isEmpty ? [:] : try keys.ensure(subjects, log, now: now, in: tx)
        var head = head
        let before = head.frontier.size
        // Clocks go back; the log's time does not.
        head.loggedAt = max(head.loggedAt, now)
        let entries = try events.map { event in
            var leaf = event.leaf
            leaf.loggedAt = head.loggedAt
            leaf.personal = try event.personal.map { try seal($0, log, keys) }
            let bytes = try leaf.encoded()
            let hash = MerkleHash.leaf(bytes)
            defer { head.frontier.append(leafHash: hash) }
            return EntryStore.New(
                index: head.frontier.size, leaf: leaf, bytes: bytes, hash: hash, digest: event.digest)
        }
        try EntryStore.insert(entries, log, in: tx)
        try TileStore.write(before..<head.frontier.size, log, in: tx)
        try head.write(log, in: tx)
    }

    private func seal(
        _ value: IncomingEvent.Personal, _ log: LogName, _ keys: [String: SubjectKey]
    ) throws -> SealedPersonalValue {
        guard let key = keys[value.subject] else { throw StoreError(.unexpected, "a subject has no key") }
        return try SealedPersonalValue(
            name: value.name, subject: value.subject, value: value.value, organization: log.organization,
            keyID: key.id, key: key.key, salt: RandomBytes.make(SealedPersonalValue.saltSize),
            nonce: RandomBytes.make(12))
    }
}

/// What there is of a source's numbers.
private struct KnownEvents {
    private var keys: Set<EntryStore.Key>
    private var sequences: Set<Int64>

    init(_ keys: Set<EntryStore.Key> = []) { (self.keys, sequences) = (keys, Set(keys.map(\.sequence))) }

    /// Notes an event.
    mutating func add(_ key: EntryStore.Key) -> (isNew: Bool, isReused: Bool) {
        guard keys.insert(key).inserted else { return (false, false) }
        return (true, !sequences.insert(key.sequence).inserted)
    }
}
