/// The classes, ids and element names that a plan's selectors ask for, each with a bit. Which of them an element has is
/// found once a document; from then on a compound of them is one comparison, for an element and for its ancestors.
struct SelectorKeys: Sendable {
    enum Kind: UInt8, Sendable {
        case type
        case id
        case className
    }

    private struct Entry: Sendable {
        var kind: Kind
        var exact: [UInt8]
        var lower: [UInt8]
        var hash: UInt32
        /// The next entry of the same slot.
        var next: Int16
    }

    private static let slotCount = 256
    static let capacity = 64

    private var entries: [Entry] = []
    private var slots = [Int16](repeating: -1, count: slotCount)
    private(set) var hasTypes = false
    private(set) var hasIDs = false
    private(set) var hasClasses = false

    /// The bit of a key, or nil if all are taken by others.
    mutating func bit(_ kind: Kind, _ text: String) -> UInt64? {
        let exact = Array(text.utf8)
        let lower = exact.map(\.asciiLowercased)
        if let known = entries.firstIndex(where: { $0.kind == kind && $0.exact == exact }) { return 1 << UInt64(known) }
        guard entries.count < Self.capacity else { return nil }
        let hash = lower.reduce(NameTable.seed, NameTable.mix)
        let slot = Int(hash) % Self.slotCount
        entries.append(Entry(kind: kind, exact: exact, lower: lower, hash: hash, next: slots[slot]))
        slots[slot] = Int16(entries.count - 1)
        switch kind {
        case .type: hasTypes = true
        case .id: hasIDs = true
        case .className: hasClasses = true
        }
        return 1 << UInt64(entries.count - 1)
    }

    /// The bits of the classes or the id that a range of a document's text is.
    func bits(_ kind: Kind, _ range: ByteRange, in text: borrowing Column<UInt8>, ignoringCase: Bool) -> UInt64 {
        var hash = NameTable.seed
        for index in range.lower..<range.upper { hash = NameTable.mix(hash, text[index].asciiLowercased) }
        var bits: UInt64 = 0
        var entry = slots[Int(hash) % Self.slotCount]
        while entry >= 0 {
            let key = entries[Int(entry)]
            if key.hash == hash, key.kind == kind {
                let isSame = ignoringCase ? text.equalsIgnoringCase(range, key.lower) : text.equals(range, key.exact)
                if isSame { bits |= 1 << UInt64(entry) }
            }
            entry = key.next
        }
        return bits
    }

    /// The bits of element names by their number in a document: of HTML, or of other namespaces, where case counts.
    func typeBits(_ names: borrowing NameTable, html: Bool) -> Column<UInt64> {
        var bits = Column<UInt64>(repeating: 0, count: names.count)
        for (index, entry) in entries.enumerated() where entry.kind == .type {
            let name = names.find(html ? entry.lower : entry.exact)
            if name != .none { bits[Int(name.number)] |= 1 << UInt64(index) }
        }
        return bits
    }
}
