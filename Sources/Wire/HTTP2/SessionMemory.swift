// swift-format-ignore-file: NeverForceUnwrap
// nghttp2 passes no null user data, and memory that cannot be had ends the process, as elsewhere in Swift.

import CNghttp2

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The memory of one loop's nghttp2 sessions: small blocks that were freed are kept for the next call.
///
/// nghttp2 allocates eight blocks a unary call, always of the same sizes. Taken from a list they cost a fraction of
/// what malloc and free do.
//
// @safe: the lists are confined to the loop, and each block is in one list or in nghttp2's hands.
@safe
final class SessionMemory {
    /// Bytes of freed blocks that are kept; more go back to the system.
    static let maxKept = 1 << 20

    /// Blocks come in sizes of 32 bytes to 1 KiB; larger ones are rare and not kept.
    private static let classShift = 5
    private static let classCount = 32
    /// Before each block: its size and class. 16 bytes, so that blocks are aligned as malloc's.
    private static let headerSize = 16
    private static let isLarge = classCount

    /// What the hooks reach through nghttp2's user data.
    @safe
    private struct Lists {
        var kept = 0
        var heads: UnsafeMutablePointer<UnsafeMutableRawPointer?>

        init() {
            unsafe heads = .allocate(capacity: SessionMemory.classCount)
            unsafe heads.initialize(repeating: nil, count: SessionMemory.classCount)
        }
    }

    private let lists: UnsafeMutablePointer<Lists>

    /// Bytes of freed blocks that wait for their next use.
    var kept: Int { unsafe lists.pointee.kept }

    init() {
        unsafe lists = .allocate(capacity: 1)
        unsafe lists.initialize(to: Lists())
    }

    deinit {
        for index in 0..<Self.classCount {
            while let block = unsafe lists.pointee.heads[index] {
                unsafe lists.pointee.heads[index] = block.load(as: UnsafeMutableRawPointer?.self)
                unsafe free(block - Self.headerSize)
            }
        }
        unsafe lists.pointee.heads.deallocate()
        unsafe lists.deallocate()
    }

    /// The hooks for a new session, which must not outlive this object.
    func withHooks<Result>(_ body: (UnsafeMutablePointer<nghttp2_mem>?) throws -> Result) rethrows -> Result {
        #if WIRE_SANITIZER
            // Blocks that are used again at once would hide a use after their end.
            return try body(nil)
        #else
            var hooks = unsafe nghttp2_mem(
                mem_user_data: lists,
                malloc: { unsafe SessionMemory.take($0, $1!) },
                free: { unsafe SessionMemory.give($0, $1!) },
                calloc: { count, size, lists in
                    let (total, overflow) = count.multipliedReportingOverflow(by: size)
                    guard !overflow, let block = unsafe SessionMemory.take(total, lists!) else { return nil }
                    unsafe memset(block, 0, total)
                    return unsafe block
                },
                realloc: { unsafe SessionMemory.resize($0, $1, $2!) }
            )
            return unsafe try body(&hooks)
        #endif
    }

    @inline(__always)
    private static func take(_ size: Int, _ userData: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        let lists = unsafe userData.assumingMemoryBound(to: Lists.self)
        let index = max(size - 1, 0) >> classShift
        guard index < classCount else { return unsafe make(size, isLarge) }
        if let block = unsafe lists.pointee.heads[index] {
            unsafe lists.pointee.heads[index] = block.load(as: UnsafeMutableRawPointer?.self)
            unsafe lists.pointee.kept -= (index + 1) << classShift
            return unsafe block
        }
        return unsafe make((index + 1) << classShift, index)
    }

    private static func make(_ size: Int, _ index: Int) -> UnsafeMutableRawPointer? {
        guard size <= Int.max - headerSize, let start = unsafe malloc(size + headerSize) else { return nil }
        unsafe start.storeBytes(of: size, as: Int.self)
        unsafe start.storeBytes(of: index, toByteOffset: 8, as: Int.self)
        return unsafe start + headerSize
    }

    @inline(__always)
    private static func give(_ block: UnsafeMutableRawPointer?, _ userData: UnsafeMutableRawPointer) {
        guard let block = unsafe block else { return }
        let lists = unsafe userData.assumingMemoryBound(to: Lists.self)
        let index = unsafe (block - 8).load(as: Int.self)
        let size = (index + 1) << classShift
        guard index < classCount, unsafe lists.pointee.kept + size <= maxKept else {
            return unsafe free(block - headerSize)
        }
        unsafe block.storeBytes(of: lists.pointee.heads[index], as: UnsafeMutableRawPointer?.self)
        unsafe lists.pointee.heads[index] = block
        unsafe lists.pointee.kept += size
    }

    private static func resize(
        _ block: UnsafeMutableRawPointer?,
        _ size: Int,
        _ userData: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer? {
        guard let block = unsafe block else { return unsafe take(size, userData) }
        let old = unsafe (block - headerSize).load(as: Int.self)
        if size <= old { return unsafe block }
        guard let moved = unsafe take(size, userData) else { return nil }
        unsafe moved.copyMemory(from: block, byteCount: old)
        unsafe give(block, userData)
        return unsafe moved
    }
}
