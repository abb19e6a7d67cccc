// swift-format-ignore-file: NeverForceUnwrap
// Room is asked for with a size above 0, so it has an address.

import NIOCore

/// Gathers what nghttp2 sends in one buffer, which a loop uses again and again: NIO usually writes it at once.
///
/// While it gathers, bytes go through plain pointers: a call's reply comes in five pieces, and a ByteBuffer checks
/// itself at each. A class, as `append` is called inside `gather`.
//
// @safe: the pointer is valid, and used, only within `gather`.
@safe
final class OutputGatherer {
    /// What was gathered last.
    @safe @exclusivity(unchecked) private(set) var bytes = ByteBufferAllocator().buffer(capacity: capacity)
    @exclusivity(unchecked) private var room: UnsafeMutableRawPointer?
    @safe @exclusivity(unchecked) private var count = 0

    /// Bytes at which gathering stops.
    private static let target = 64 * 1024
    /// nghttp2 gives no more at once: a frame of 16 KiB with its header, whatever the peer would take.
    private static let largestPiece = 20 * 1024
    /// A DATA frame may take the count over the target just before a last piece.
    private static let capacity = target + 2 * largestPiece

    /// Output up to this size is copied for the transport.
    private static let copied = 16 * 1024

    init() { unsafe room = nil }

    /// What was gathered last, to be handed to a transport.
    ///
    /// A transport whose peer does not read holds what it is given: that must not be the loop's whole buffer for a few
    /// bytes in it.
    var forTransport: ByteBuffer {
        guard bytes.readableBytes <= Self.copied else { return bytes }
        var copy = ByteBufferAllocator().buffer(capacity: bytes.readableBytes)
        copy.writeImmutableBuffer(bytes)
        return copy
    }

    /// Calls `next` for pieces until there are none or there is enough. Pieces may also come by `append` meanwhile.
    ///
    /// Returns `next`'s last result: 0 at the end, or nghttp2's error, with which `bytes` is empty.
    func gather(_ next: (inout UnsafePointer<UInt8>?) -> Int) -> Int {
        bytes.clear()
        bytes.reserveCapacity(Self.capacity)
        count = 0
        // Kept beyond the closure: nothing else touches the buffer until `room` is given up.
        unsafe room = bytes.withUnsafeMutableWritableBytes { $0.baseAddress! }
        defer { unsafe room = nil }
        var result = 0
        while count < Self.target {
            var piece: UnsafePointer<UInt8>?
            result = unsafe next(&piece)
            guard result > 0, let start = unsafe piece else { break }
            precondition(result <= Self.largestPiece, "nghttp2 sends pieces larger than its frames")
            unsafe (room! + count).copyMemory(from: start, byteCount: result)
            count += result
        }
        if result >= 0 { bytes.moveWriterIndex(forwardBy: count) }
        return result
    }

    /// Adds a DATA frame: its nine bytes of header, and the first `length` bytes of `payload`.
    ///
    /// False if there is enough already: nghttp2 sends all frames that it can without returning between them.
    func append(frame header: UnsafePointer<UInt8>, _ payload: UnsafeRawBufferPointer, _ length: Int) -> Bool {
        guard count < Self.target else { return false }
        precondition(9 + length <= Self.largestPiece, "nghttp2 sends frames larger than it is set to")
        let target = unsafe room! + count
        unsafe target.copyMemory(from: header, byteCount: 9)
        if length > 0 { unsafe (target + 9).copyMemory(from: payload.baseAddress!, byteCount: length) }
        count += 9 + length
        return true
    }
}
