import Foundation

/// Bytes of a document's text: of the source up to its length, of decoded text behind it.
struct ByteRange: Sendable, Hashable, BitwiseCopyable {
    var start: UInt32
    var length: UInt32

    @inline(__always)
    init(start: Int, length: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.length = UInt32(truncatingIfNeeded: length)
    }

    static let empty = ByteRange(start: 0, length: 0)

    var isEmpty: Bool { length == 0 }
    @inline(__always) var lower: Int { Int(start) }
    @inline(__always) var upper: Int { Int(start) &+ Int(length) }
}

extension Column<UInt8> {
    /// If a range holds these bytes.
    @inline(__always)
    func equals(_ range: ByteRange, _ bytes: [UInt8]) -> Bool {
        range.length == bytes.count && hasBytes(bytes, at: range.lower)
    }

    /// If these bytes stand at an index.
    func hasBytes(_ bytes: [UInt8], at index: Int) -> Bool {
        guard index >= 0, index + bytes.count <= count else { return false }
        return unsafe withUnsafeBuffer { all in
            unsafe bytes.withUnsafeBufferPointer { wanted in
                guard let left = all.baseAddress, let right = wanted.baseAddress else { return bytes.isEmpty }
                return unsafe memcmp(left + index, right, bytes.count) == 0
            }
        }
    }

    /// If these bytes stand at an index, letters of ASCII in either case; the wanted ones are in lower case.
    func hasBytesIgnoringCase(_ lowercased: [UInt8], at index: Int) -> Bool {
        guard index >= 0, index + lowercased.count <= count else { return false }
        for offset in lowercased.indices where self[index + offset].asciiLowercased != lowercased[offset] {
            return false
        }
        return true
    }

    /// If a range holds these bytes, letters of ASCII in either case; the wanted ones are in lower case.
    func equalsIgnoringCase(_ range: ByteRange, _ lowercased: [UInt8]) -> Bool {
        range.length == lowercased.count && hasBytesIgnoringCase(lowercased, at: range.lower)
    }

    /// If two ranges hold the same bytes.
    func equals(_ left: ByteRange, _ right: ByteRange) -> Bool {
        guard left.length == right.length, left.upper <= count, right.upper <= count else { return false }
        return unsafe withUnsafeBuffer { all in
            guard let base = all.baseAddress else { return true }
            return unsafe memcmp(base + left.lower, base + right.lower, Int(left.length)) == 0
        }
    }

    /// If a range contains a text, and how many bytes were compared, which are at most about `work`.
    func search(_ range: ByteRange, _ wanted: [UInt8], work: Int) -> (isFound: Bool, work: Int) {
        precondition(range.upper <= count, "range out of bounds")
        guard let first = wanted.first else { return (true, 0) }
        var done = 0
        var index = range.lower
        while index + wanted.count <= range.upper, done < work {
            done += 1
            if self[index] == first {
                done += wanted.count
                if hasBytes(wanted, at: index) { return (true, done) }
            }
            index += 1
        }
        return (false, done)
    }

    /// The text of a range; parts that are no UTF-8 become U+FFFD.
    func string(_ range: ByteRange) -> String {
        precondition(range.upper <= count, "range out of bounds")
        return unsafe withUnsafeBuffer { all in
            unsafe String(decoding: UnsafeBufferPointer(rebasing: all[range.lower..<range.upper]), as: UTF8.self)
        }
    }

    /// The range without HTML's white space at its ends.
    func trimmed(_ range: ByteRange) -> ByteRange {
        var lower = range.lower
        var upper = range.upper
        while lower < upper, self[lower].isHTMLSpace { lower += 1 }
        while upper > lower, self[upper - 1].isHTMLSpace { upper -= 1 }
        return ByteRange(start: lower, length: upper - lower)
    }
}

extension UInt8 {
    /// Tab, line feed, form feed, carriage return, space.
    @inline(__always)
    var isHTMLSpace: Bool { self <= 0x20 && (0x1_0000_3600 as UInt64) >> UInt64(self) & 1 == 1 }

    @inline(__always)
    var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    @inline(__always)
    var isASCIILetter: Bool { (self | 0x20) &- 0x61 < 26 }

    @inline(__always)
    var isASCIIDigit: Bool { self &- 0x30 < 10 }

    /// The value of a hexadecimal digit.
    var hexadecimalValue: UInt32? {
        if isASCIIDigit { return UInt32(self - 0x30) }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? UInt32(letter) + 10 : nil
    }
}
