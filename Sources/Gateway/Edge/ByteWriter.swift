import NIOCore

/// Writes bytes one behind the other into memory that has been asked for: heads of answers and lines of the log are put
/// together of some twenty pieces each, and ByteBuffer and Array look at themselves for each piece.
///
/// Whoever makes one says how much room it may need; a piece that does not fit ends the process.
//
// @safe: the memory is valid, and only this writes to it, within the closure that is given the writer; each write is held
// against its end.
@safe
struct ByteWriter: ~Copyable {
    private let start: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    /// Bytes written.
    private(set) var count = 0

    private init(_ start: UnsafeMutablePointer<UInt8>, _ capacity: Int) {
        unsafe self.start = start
        self.capacity = capacity
    }

    @inline(__always)
    private mutating func take(_ size: Int) -> UnsafeMutablePointer<UInt8> {
        precondition(size <= capacity - count, "more is written than was asked for")
        defer { count += size }
        return unsafe start + count
    }

    @inline(__always)
    mutating func constant(_ text: StaticString) {
        unsafe take(text.utf8CodeUnitCount).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    mutating func text(_ text: String) {
        let size = text.utf8.count
        let place = unsafe take(size)
        let isCopied: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
            if let source = bytes.baseAddress { unsafe place.update(from: source, count: bytes.count) }
        }
        if isCopied == nil { for (index, byte) in text.utf8.enumerated() { unsafe place[index] = byte } }
    }

    mutating func bytes(_ bytes: [UInt8]) {
        let place = unsafe take(bytes.count)
        unsafe bytes.withUnsafeBufferPointer { bytes in
            if let source = bytes.baseAddress { unsafe place.update(from: source, count: bytes.count) }
        }
    }

    mutating func byte(_ byte: UInt8) { unsafe take(1).pointee = byte }

    /// A JSON string: six bytes at most for each of the text's, and two.
    mutating func json(_ text: String) {
        byte(UInt8(ascii: "\""))
        if JSONText.isPlain(text) {
            self.text(text)
        } else {
            var escaped: [UInt8] = []
            JSONText.appendContent(text, to: &escaped)
            bytes(escaped)
        }
        byte(UInt8(ascii: "\""))
    }

    /// A JSON string of a text that has nothing to escape.
    mutating func quoted(_ text: String) {
        byte(UInt8(ascii: "\""))
        self.text(text)
        byte(UInt8(ascii: "\""))
    }

    /// The digits of a number; of one below zero those of zero.
    mutating func number(_ number: some BinaryInteger) {
        var rest = UInt64(clamping: number)
        var size = 1
        var bound: UInt64 = 10
        while rest >= bound {
            size += 1
            let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
            if overflow { break }
            bound = next
        }
        let place = unsafe take(size)
        while size > 0 {
            size -= 1
            unsafe place[size] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    /// The most that `number` writes.
    static let longestNumber = 20

    /// A text of at most `capacity` bytes, all of them ASCII or whole characters of UTF-8.
    static func text(_ capacity: Int, _ body: (inout ByteWriter) -> Void) -> String {
        unsafe String(unsafeUninitializedCapacity: capacity) { room in
            guard let start = room.baseAddress else { return 0 }
            var writer = unsafe ByteWriter(start, capacity)
            body(&writer)
            return writer.count
        }
    }

    /// Adds at most `capacity` bytes to a buffer.
    static func append(_ capacity: Int, to buffer: inout ByteBuffer, _ body: (inout ByteWriter) -> Void) {
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { room in
            guard let start = room.baseAddress else { return 0 }
            var writer = unsafe ByteWriter(start.assumingMemoryBound(to: UInt8.self), capacity)
            body(&writer)
            return writer.count
        }
    }
}
