// swift-format-ignore-file: NeverForceUnwrap
// Pointers are unwrapped where the count beside them says that they are there.

/// Bytes in contiguous memory, appended at the end and taken from the front.
///
/// A move-only owner of one allocation that a recycled stream keeps, so a call in the steady state allocates nothing.
/// Its bound is its user's: it grows to what it is asked to hold.
//
// @safe: the pointer never leaves but as a buffer within a call, and the struct cannot be copied.
@safe
struct ByteQueue: ~Copyable {
    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private var head = 0
    private var tail = 0

    init() { unsafe base = nil }

    deinit { unsafe base?.deallocate() }

    var count: Int { tail - head }
    var isEmpty: Bool { tail == head }

    /// The bytes held; valid until the queue is next changed.
    var readable: UnsafeRawBufferPointer {
        guard let base = unsafe base else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
        return unsafe UnsafeRawBufferPointer(start: base + head, count: tail - head)
    }

    /// Room for `size` more bytes at the end; `commit` makes them part of the queue.
    mutating func reserve(_ size: Int) -> UnsafeMutableRawBufferPointer {
        if capacity - tail < size { makeRoom(size) }
        // Nothing was asked of a queue that has no memory yet.
        guard let base = unsafe base else { return unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        return unsafe UnsafeMutableRawBufferPointer(start: base + tail, count: size)
    }

    mutating func commit(_ size: Int) { tail += size }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0, let source = bytes.baseAddress else { return }
        unsafe reserve(bytes.count).baseAddress!.copyMemory(from: source, byteCount: bytes.count)
        tail += bytes.count
    }

    mutating func append(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe append($0) }
    }

    mutating func consume(_ size: Int) {
        head += size
        if head == tail {
            head = 0
            tail = 0
        }
    }

    /// Empties the queue and keeps its memory if that is at most `limit` bytes.
    mutating func clear(keeping limit: Int) {
        head = 0
        tail = 0
        if capacity > limit {
            unsafe base?.deallocate()
            unsafe base = nil
            capacity = 0
        }
    }

    private mutating func makeRoom(_ size: Int) {
        let count = tail - head
        if let base = unsafe base, count + size <= capacity, head >= count {
            // Enough room once the taken bytes are dropped, and the move is cheaper than what was taken.
            unsafe base.copyMemory(from: base + head, byteCount: count)
        } else {
            let wanted = max(512, max(count + size, capacity &* 2))
            let grown = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
            if let base = unsafe base {
                unsafe grown.copyMemory(from: base + head, byteCount: count)
                unsafe base.deallocate()
            }
            unsafe base = grown
            capacity = wanted
        }
        head = 0
        tail = count
    }
}
