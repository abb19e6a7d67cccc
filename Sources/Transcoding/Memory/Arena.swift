#if canImport(Glibc)
    internal import Glibc
#endif

/// Memory of one message and all that hangs on it: taken piece by piece from few large blocks, given back at once.
///
/// A handle: copies share the memory. Its owner calls `destroy` once, and nobody uses a piece after `reset`.
@safe struct Arena {
    @safe
    private struct Block {
        var next: UnsafeMutablePointer<Block>?
        var size: Int
    }

    @safe
    private struct State {
        var cursor: UnsafeMutableRawPointer
        var end: UnsafeMutableRawPointer
        var blocks: UnsafeMutablePointer<Block>?
        /// Bytes of all blocks.
        var held: Int
        var limit: Int
    }

    private let state: UnsafeMutablePointer<State>

    private static let firstBlock = 16 * 1024
    private static let largestBlock = 1024 * 1024
    /// What stays for the next message.
    private static let kept = 256 * 1024

    init() {
        unsafe state = .allocate(capacity: 1)
        let nothing = unsafe UnsafeMutableRawPointer(state)
        unsafe state.initialize(to: State(cursor: nothing, end: nothing, blocks: nil, held: 0, limit: 0))
    }

    func destroy() {
        freeBlocks()
        unsafe state.deallocate()
    }

    private func freeBlocks() {
        while let block = unsafe state.pointee.blocks {
            unsafe state.pointee.blocks = unsafe block.pointee.next
            unsafe free(block)
        }
        unsafe state.pointee.held = 0
        unsafe state.pointee.cursor = unsafe UnsafeMutableRawPointer(state)
        unsafe state.pointee.end = unsafe state.pointee.cursor
    }

    /// Bytes that it has of the system.
    var held: Int { unsafe state.pointee.held }

    /// Forgets all pieces, and bounds those to come.
    func reset(limit: Int) {
        unsafe state.pointee.limit = limit
        guard let block = unsafe state.pointee.blocks else { return }
        if unsafe block.pointee.next == nil, unsafe block.pointee.size <= Self.kept {
            unsafe state.pointee.cursor = unsafe UnsafeMutableRawPointer(block) + MemoryLayout<Block>.stride
            unsafe state.pointee.end = unsafe UnsafeMutableRawPointer(block) + block.pointee.size
        } else {
            freeBlocks()
        }
    }

    /// Room for some bytes, at an address that is a multiple of 8. What stands there is undefined.
    @inline(__always)
    func allocate(_ bytes: Int) throws(TranscodingError) -> UnsafeMutableRawPointer {
        let size = (bytes + 7) & ~7
        let piece = unsafe state.pointee.cursor
        if unsafe state.pointee.end - piece >= size {
            unsafe state.pointee.cursor = unsafe piece + size
            return unsafe piece
        }
        return unsafe try allocateInNewBlock(size)
    }

    /// A message of a type, with nothing set.
    @inline(__always)
    func allocateMessage(_ type: UnsafePointer<MessageEntry>) throws(TranscodingError) -> UnsafeMutableRawPointer {
        let size = unsafe type.pointee.size
        let message = unsafe try allocate(size)
        unsafe memset(message, 0, size)
        unsafe message.storeBytes(of: type.pointee.descriptor, as: UnsafeRawPointer.self)
        return unsafe message
    }

    @inline(never)
    private func allocateInNewBlock(_ size: Int) throws(TranscodingError) -> UnsafeMutableRawPointer {
        let wanted = size + MemoryLayout<Block>.stride
        let usual = unsafe min(max(state.pointee.held, Self.firstBlock), Self.largestBlock)
        let room = unsafe max(0, state.pointee.limit - state.pointee.held)
        guard wanted <= room else {
            throw .exceeded("maxMemory", unsafe "the message takes more than \(state.pointee.limit) bytes of memory")
        }
        let blockSize = max(wanted, min(usual, room))
        guard let memory = unsafe malloc(blockSize) else {
            throw .exceeded("maxMemory", "there is no memory for the message")
        }
        let block = unsafe memory.bindMemory(to: Block.self, capacity: 1)
        unsafe block.initialize(to: Block(next: state.pointee.blocks, size: blockSize))
        unsafe state.pointee.blocks = unsafe block
        unsafe state.pointee.held += blockSize
        let piece = unsafe memory + MemoryLayout<Block>.stride
        // A large piece leaves the rest of the block before it to those that follow.
        if unsafe memory + blockSize - (piece + size) >= state.pointee.end - state.pointee.cursor {
            unsafe state.pointee.cursor = unsafe piece + size
            unsafe state.pointee.end = unsafe memory + blockSize
        }
        return unsafe piece
    }
}
