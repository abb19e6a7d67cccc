/// A text that stays a range of the source until something in it has to be written differently.
struct TextBuilder {
    private let start: Int
    /// Where in the source what has not been copied begins.
    var rest: Int
    private var decodedStart: Int?
    /// At the text's first byte, which is text even if it looks like markup.
    var isFirst = true

    init(start: Int) {
        self.start = start
        rest = start
    }

    /// Copies what comes before an index.
    mutating func copy(_ text: borrowing Column<UInt8>, to decoded: inout Column<UInt8>, _ index: Int) {
        if decodedStart == nil { decodedStart = decoded.count }
        decoded.append(from: text, rest..<index)
        rest = index
    }

    /// The range of the whole up to an index.
    mutating func finish(_ text: borrowing Column<UInt8>, _ decoded: inout Column<UInt8>, _ index: Int) -> ByteRange {
        guard let decodedStart else { return ByteRange(start: start, length: index - start) }
        decoded.append(from: text, rest..<index)
        return ByteRange(start: text.count + decodedStart, length: decoded.count - decodedStart)
    }
}

extension Column<UInt8> {
    /// Appends a part of another column.
    mutating func append(from other: borrowing Column<UInt8>, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= other.count, "range out of bounds")
        unsafe other.withUnsafeBuffer { unsafe append(contentsOf: UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// The index of the next `<`, `&`, carriage return or NUL.
    @inline(__always)
    func skipPlain(_ start: Int) -> Int {
        unsafe withUnsafeBuffer { all in
            var index = start
            while index < all.count {
                let byte = unsafe all[index]
                if byte == 0x3C || byte == 0x26 || byte == 0x0D || byte == 0 { return index }
                index &+= 1
            }
            return index
        }
    }
}
