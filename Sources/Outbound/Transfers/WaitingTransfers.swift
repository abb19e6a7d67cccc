/// Transfers that wait for their turn, first come first served.
struct WaitingTransfers {
    private var transfers: [Int: Transfer] = [:]
    /// Ids in order; those that are no longer in `transfers` are passed over.
    private var order: [Int] = []
    private var first = 0

    var count: Int { transfers.count }
    var isEmpty: Bool { transfers.isEmpty }

    mutating func append(_ transfer: Transfer) {
        transfers[transfer.id] = transfer
        order.append(transfer.id)
    }

    mutating func takeFirst() -> Transfer? {
        defer { compact() }
        while first < order.count {
            first += 1
            if let transfer = transfers.removeValue(forKey: order[first - 1]) { return transfer }
        }
        return nil
    }

    mutating func remove(_ id: Int) -> Transfer? { transfers.removeValue(forKey: id) }

    mutating func removeAll(where isRemoved: (Transfer) -> Bool) -> [Transfer] {
        let removed = transfers.values.filter(isRemoved)
        for transfer in removed { transfers.removeValue(forKey: transfer.id) }
        return removed
    }

    private mutating func compact() {
        guard first > 1024, first * 2 > order.count else { return }
        order.removeFirst(first)
        first = 0
    }
}

/// The names whose addresses libcurl has been given, which it keeps until told to forget them.
struct NameEntries {
    private var users: [String: Int] = [:]
    private var stale: Set<String> = []
    /// Entries that one transfer tells libcurl to forget: more than it can add.
    private static let batch = 8

    /// Notes a use; gives entries that are to be forgotten.
    mutating func enter(_ name: String, hasAddresses: Bool) -> [String] {
        if hasAddresses {
            users[name, default: 0] += 1
            stale.remove(name)
        }
        let forgotten = Array(stale.prefix(Self.batch))
        stale.subtract(forgotten)
        return forgotten
    }

    mutating func leave(_ name: String, hasAddresses: Bool) {
        guard hasAddresses, let count = users[name] else { return }
        users[name] = count == 1 ? nil : count - 1
        if count == 1 { stale.insert(name) }
    }
}
