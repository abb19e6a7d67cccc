/// Hashes of rows' keys, 128 bits by SipHash-1-3 (Aumasson and Bernstein) under a key of the run: nobody who supplies data
/// can make two rows meet, and by chance they meet once in 10^38 pairs.
struct KeyHash: Sendable, Hashable, BitwiseCopyable {
    var low: UInt64
    var high: UInt64

    /// One hash a row, over these columns. Null is a value of its own; 0.0 and -0.0 are one, so are all
    /// NaN, and so are decimals that are equal by value.
    static func rows(of batch: ColumnBatch, columns: [Int], seed: KeyHash) -> [KeyHash] {
        var states = [SipState](repeating: SipState(seed), count: batch.rowCount)
        for index in columns { absorb(batch.columns[index], into: &states) }
        return states.map { $0.finished() }
    }

    private static func absorb(_ column: Column, into states: inout [SipState]) {
        // In front of each cell stands a word that tells null, and how long a text is: no two rows run together.
        for row in states.indices {
            if column.isNull(row) {
                states[row].absorb(0)
                continue
            }
            switch column.values {
            case .bool(let cells): states[row].absorb(cells[row] ? 3 : 1)
            case .int64(let cells), .timestamp(let cells):
                states[row].absorb(1)
                states[row].absorb(UInt64(bitPattern: cells[row]))
            case .double(let cells):
                states[row].absorb(1)
                let value = cells[row]
                states[row].absorb(value == 0 ? 0 : value.isNaN ? Double.nan.bitPattern : value.bitPattern)
            case .decimal(let cells):
                let value = cells[row].reduced
                states[row].absorb(1 + UInt64(value.scale))
                states[row].absorb(UInt64(truncatingIfNeeded: value.unscaled))
                states[row].absorb(UInt64(truncatingIfNeeded: value.unscaled >> 64))
            case .date(let cells):
                states[row].absorb(1)
                states[row].absorb(UInt64(bitPattern: Int64(cells[row])))
            case .string(let cells): states[row].absorb(cells.bytes.span, cells.extents[row])
            case .stringList(let cells):
                states[row].absorb(1 + UInt64(cells.extents[row].length))
                for element in cells.extents[row].range {
                    states[row].absorb(cells.elements.bytes.span, cells.elements.extents[element])
                }
            }
        }
    }
}

/// SipHash-1-3 with a result of 128 bits, fed with words.
struct SipState: BitwiseCopyable {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    private var words: UInt64 = 0

    init(_ key: KeyHash) {
        v0 = key.low ^ 0x736F_6D65_7073_6575
        v1 = key.high ^ 0x646F_7261_6E64_6F6D ^ 0xEE
        v2 = key.low ^ 0x6C79_6765_6E65_7261
        v3 = key.high ^ 0x7465_6462_7974_6573
    }

    @inline(__always)
    private mutating func round() {
        v0 = v0 &+ v1
        v1 = (v1 << 13 | v1 >> 51) ^ v0
        v0 = v0 << 32 | v0 >> 32
        v2 = v2 &+ v3
        v3 = (v3 << 16 | v3 >> 48) ^ v2
        v0 = v0 &+ v3
        v3 = (v3 << 21 | v3 >> 43) ^ v0
        v2 = v2 &+ v1
        v1 = (v1 << 17 | v1 >> 47) ^ v2
        v2 = v2 << 32 | v2 >> 32
    }

    @inline(__always)
    mutating func absorb(_ word: UInt64) {
        v3 ^= word
        round()
        v0 ^= word
        words &+= 1
    }

    /// The length first, then the bytes, the last word filled with zeros.
    mutating func absorb(_ bytes: Span<UInt8>, _ extent: Extent) {
        absorb(1 + UInt64(extent.length))
        var at = Int(extent.start)
        let end = at + Int(extent.length)
        while at < end {
            var word: UInt64 = 0
            for shift in 0..<UInt64(min(8, end - at)) { word |= UInt64(bytes[at: at + Int(shift)]) << (8 * shift) }
            absorb(word)
            at += 8
        }
    }

    func finished() -> KeyHash {
        var copy = self
        copy.absorb(words << 56)
        copy.v2 ^= 0xEE
        copy.round()
        copy.round()
        copy.round()
        let low = copy.v0 ^ copy.v1 ^ copy.v2 ^ copy.v3
        copy.v1 ^= 0xDD
        copy.round()
        copy.round()
        copy.round()
        return KeyHash(low: low, high: copy.v0 ^ copy.v1 ^ copy.v2 ^ copy.v3)
    }
}
