/// A name of elements or attributes within one document: known names have their own number, others follow.
struct NameID: Sendable, Hashable, BitwiseCopyable {
    var number: UInt16

    @inline(__always)
    init(_ number: UInt16) { self.number = number }

    @inline(__always)
    init(_ name: KnownName) { number = name.rawValue }

    /// Stands for names that the table has no room for, and for those that a document lacks.
    static let none = NameID(UInt16.max)

    @inline(__always)
    var known: KnownName? { KnownName(rawValue: number) }
}

/// The names of a document, each once.
struct NameTable: ~Copyable {
    private var bytes: Column<UInt8>
    private var ranges: Column<ByteRange>
    /// Numbers by hash, `.max` for a free one; a power of two of them, at most half of them taken.
    private var slots: Column<UInt16>
    private let limit: Int
    /// If a name found no room.
    private(set) var isFull = false

    /// - Parameter limit: how many names there may be beside known ones.
    init(limit: Int) {
        self.limit = Swift.min(limit + Known.count, 65_534)
        bytes = Column(capacity: Known.shared.bytes.count + 256)
        bytes.append(contentsOf: Known.shared.bytes)
        ranges = Column(capacity: Known.count + 32)
        ranges.append(contentsOf: Known.shared.ranges)
        slots = Column(capacity: Known.shared.slots.count)
        slots.append(contentsOf: Known.shared.slots)
    }

    /// A table that is there only to be replaced.
    static func empty() -> NameTable { NameTable() }

    private init() {
        limit = 0
        bytes = Column()
        ranges = Column()
        slots = Column(repeating: UInt16.max, count: 2)
    }

    var count: Int { ranges.count }

    func text(_ name: NameID) -> String {
        Int(name.number) < ranges.count ? bytes.string(ranges[Int(name.number)]) : "unknown"
    }

    /// Appends a name's bytes.
    func append(_ name: NameID, to output: inout [UInt8]) {
        guard Int(name.number) < ranges.count else { return output += Array("unknown".utf8) }
        let range = ranges[Int(name.number)]
        for index in range.lower..<range.upper { output.append(bytes[index]) }
    }

    /// The number of a name that the document has.
    func find(_ name: [UInt8]) -> NameID {
        unsafe name.withUnsafeBufferPointer { unsafe find($0, hash: Self.hash($0)).name }
    }

    /// The number of a name, made if need be.
    mutating func intern(_ name: UnsafeBufferPointer<UInt8>) -> NameID {
        unsafe intern(name, hash: Self.hash(name))
    }

    /// The number of a name whose hash (see `hash`) is known already.
    @inline(__always)
    mutating func intern(_ name: UnsafeBufferPointer<UInt8>, hash: UInt32) -> NameID {
        let found = unsafe find(name, hash: hash)
        if found.name != .none { return found.name }
        return unsafe add(name, hash: hash, slot: found.slot)
    }

    private mutating func add(_ name: UnsafeBufferPointer<UInt8>, hash: UInt32, slot: Int) -> NameID {
        guard ranges.count < limit, slot >= 0 else {
            isFull = true
            return .none
        }
        let number = UInt16(ranges.count)
        ranges.append(ByteRange(start: bytes.count, length: name.count))
        unsafe bytes.append(contentsOf: name)
        slots[slot] = number
        if ranges.count * 2 > slots.count { rehash() }
        return NameID(number)
    }

    @inline(__always)
    private func find(_ name: UnsafeBufferPointer<UInt8>, hash: UInt32) -> (name: NameID, slot: Int) {
        let mask = slots.count &- 1
        var slot = Int(hash) & mask
        for _ in 0..<Self.maximumProbes {
            let number = slots[slot]
            if number == .max { return (.none, slot) }
            let range = ranges[Int(number)]
            if Int(range.length) == name.count, unsafe isSame(range, name) { return (NameID(number), slot) }
            slot = (slot &+ 1) & mask
        }
        return (.none, -1)
    }

    /// Names of a page that all hash alike are made to take time: beyond so many steps there is no room for a name.
    private static let maximumProbes = 128

    @inline(__always)
    private func isSame(_ range: ByteRange, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = range.lower
        for index in 0..<name.count where unsafe bytes[start &+ index] != name[index] { return false }
        return true
    }

    private mutating func rehash() {
        let size = slots.count * 2
        slots = Column(repeating: UInt16.max, count: size)
        for number in 0..<ranges.count {
            let range = ranges[number]
            var hash = Self.seed
            for index in range.lower..<range.upper { hash = Self.mix(hash, bytes[index]) }
            var slot = Int(hash) & (size - 1)
            while slots[slot] != .max { slot = (slot + 1) & (size - 1) }
            slots[slot] = UInt16(number)
        }
    }

    /// Where a hash begins; `mix` takes each byte of the name.
    static let seed: UInt32 = 0x811C_9DC5

    @inline(__always)
    static func mix(_ hash: UInt32, _ byte: UInt8) -> UInt32 {
        let mixed = (hash ^ UInt32(byte)) &* 0x0100_0193
        return mixed ^ mixed >> 15
    }

    static func hash(_ name: UnsafeBufferPointer<UInt8>) -> UInt32 {
        var hash = seed
        for index in 0..<name.count { hash = unsafe mix(hash, name[index]) }
        return hash
    }
}

/// The table of known names that every document's table begins with.
private struct Known: Sendable {
    static let shared = Known()
    static let count = KnownName.allCases.count

    var bytes: [UInt8] = []
    var ranges: [ByteRange] = []
    var slots = [UInt16](repeating: .max, count: 1_024)

    init() {
        for name in KnownName.allCases {
            let text = Array(name.text.utf8)
            ranges.append(ByteRange(start: bytes.count, length: text.count))
            bytes += text
            var slot = Int(text.reduce(NameTable.seed, NameTable.mix)) & 1_023
            while slots[slot] != .max { slot = (slot + 1) & 1_023 }
            slots[slot] = name.rawValue
        }
    }
}
