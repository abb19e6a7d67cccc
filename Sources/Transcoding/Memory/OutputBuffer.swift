#if canImport(Glibc)
    internal import Glibc
#endif

/// The one buffer that an output grows in.
@safe struct OutputBuffer {
    private(set) var start: UnsafeMutablePointer<UInt8>
    /// Where the next byte goes.
    var cursor: UnsafeMutablePointer<UInt8>
    private var end: UnsafeMutablePointer<UInt8>
    private var limit = 0

    private static let firstCapacity = 4096
    /// What stays for the next output.
    private static let kept = 256 * 1024

    init() {
        unsafe start = .allocate(capacity: Self.firstCapacity)
        unsafe cursor = unsafe start
        unsafe end = unsafe start + Self.firstCapacity
    }

    func destroy() { unsafe start.deallocate() }

    var count: Int { unsafe cursor - start }
    /// Bytes that it has of the system.
    var capacity: Int { unsafe end - start }

    /// Forgets what was written, and bounds what will be.
    mutating func reset(limit: Int) {
        self.limit = limit
        if unsafe end - start > Self.kept {
            unsafe start.deallocate()
            self = OutputBuffer()
            self.limit = limit
        }
        unsafe cursor = unsafe start
    }

    /// Makes room for some bytes at the cursor.
    @inline(__always)
    mutating func reserve(_ bytes: Int) throws(TranscodingError) {
        if unsafe end - cursor < bytes { try grow(bytes) }
    }

    @inline(never)
    private mutating func grow(_ bytes: Int) throws(TranscodingError) {
        let count = self.count
        guard count + bytes <= limit else {
            throw .exceeded("maxOutputBytes", "the output is longer than \(limit) bytes")
        }
        let capacity = unsafe max((end - start) * 2, count + bytes)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        unsafe memcpy(larger, start, count)
        unsafe start.deallocate()
        unsafe start = unsafe larger
        unsafe cursor = unsafe larger + count
        unsafe end = unsafe larger + capacity
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) throws(TranscodingError) {
        try reserve(1)
        unsafe cursor.pointee = byte
        unsafe cursor += 1
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafePointer<UInt8>, _ count: Int) throws(TranscodingError) {
        try reserve(count)
        unsafe copyBytes(cursor, bytes, count)
        unsafe cursor += count
    }

    mutating func append(_ text: StaticString) throws(TranscodingError) {
        unsafe try append(text.utf8Start, text.utf8CodeUnitCount)
    }

    /// What was written, in an array of exactly its size.
    func array() -> [UInt8] { unsafe Array(UnsafeBufferPointer(start: start, count: count)) }
}
