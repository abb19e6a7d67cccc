/// The bytes of a file between what was read and what was pushed.
struct RecordBuffer {
    private(set) var bytes: [UInt8] = []
    /// Where in `bytes` the next record begins.
    private(set) var from = 0
    /// Where in the file `bytes` begins.
    var fileOffset = 0
    private(set) var isFinished = false
    /// How many bytes were not enough.
    private var tooFew = 0

    /// Bytes that no batch has taken.
    var pending: Int { bytes.count - from }

    mutating func push(_ more: ArraySlice<UInt8>) {
        if from > 0 {
            // The batches that came of these bytes go on naming them: what is left begins a buffer of its own.
            var rest: [UInt8] = []
            rest.reserveCapacity(pending + more.count)
            rest.append(contentsOf: bytes[from...])
            bytes = rest
            fileOffset += from
            from = 0
        }
        bytes.append(contentsOf: more)
    }

    /// If so much was pushed that a scan may find whole records. Waits for twice as much as did not suffice before, so
    /// that a long record is not scanned anew at each push.
    func isWorthScanning(_ chunkBytes: Int) -> Bool {
        isFinished ? pending > 0 && tooFew != pending : pending >= max(chunkBytes, 2 * tooFew)
    }

    /// Says that no more bytes come: what is there ends a record.
    mutating func finish() {
        isFinished = true
        tooFew = 0
    }

    /// Says that no whole record is there.
    mutating func needsMore() { tooFew = pending }

    mutating func consume(to end: Int) {
        from = end
        tooFew = 0
    }

    /// Skips UTF-8's mark at the file's beginning, and refuses UTF-16; false where too few bytes are there to tell.
    mutating func skipByteOrderMark() throws(FormatError) -> Bool {
        guard fileOffset + from == 0 else { return true }
        guard bytes.count >= 3 || isFinished else { return false }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { from = 3 }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw FormatError(.invalidEncoding, "the file is in UTF-16; UTF-8 is needed")
        }
        return true
    }

    /// Bytes as text, repaired where they are no UTF-8.
    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// Lets C read and write the bytes in place; batches that name them keep theirs.
    mutating func withBytes<Result>(_ body: (UnsafeMutableBufferPointer<UInt8>) -> Result) -> Result {
        unsafe bytes.withUnsafeMutableBufferPointer { unsafe body($0) }
    }
}
