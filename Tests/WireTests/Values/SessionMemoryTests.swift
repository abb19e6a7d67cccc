import CNghttp2
import Testing

@testable import Wire

/// The memory that a loop's nghttp2 sessions share.
@Suite struct SessionMemoryTests {
    /// Calls the hooks as nghttp2 does.
    @safe
    struct Hooks {
        let hooks: nghttp2_mem

        func malloc(_ size: Int) throws -> UnsafeMutableRawPointer {
            try unsafe #require(hooks.malloc(size, hooks.mem_user_data))
        }
        func free(_ block: UnsafeMutableRawPointer?) { unsafe hooks.free(block, hooks.mem_user_data) }
        func calloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer? {
            unsafe hooks.calloc(count, size, hooks.mem_user_data)
        }
        func realloc(_ block: UnsafeMutableRawPointer?, _ size: Int) throws -> UnsafeMutableRawPointer {
            try unsafe #require(hooks.realloc(block, size, hooks.mem_user_data))
        }
    }

    func use(_ body: (Hooks) throws -> Void) throws {
        let memory = SessionMemory()
        try unsafe memory.withHooks { hooks in
            // Absent under sanitizers.
            guard let hooks = unsafe hooks?.pointee else { return }
            try unsafe body(Hooks(hooks: hooks))
        }
    }

    @Test func givesFreedBlocksAgainBySize() throws {
        try use { hooks in
            let small = unsafe try hooks.malloc(10)
            let large = unsafe try hooks.malloc(200)
            unsafe hooks.free(small)
            unsafe hooks.free(large)
            #expect(unsafe try hooks.malloc(193) == large)
            #expect(unsafe try hooks.malloc(32) == small)
            #expect(unsafe try hooks.malloc(32) != small)
        }
    }

    @Test(arguments: [0, 1, 31, 32, 33, 1023, 1024, 1025, 100_000])
    func blocksHoldWhatWasAskedForAndAreAligned(size: Int) throws {
        try use { hooks in
            let block = unsafe try hooks.malloc(size)
            let other = unsafe try hooks.malloc(size)
            #expect(Int(bitPattern: block) % 16 == 0)
            unsafe block.initializeMemory(as: UInt8.self, repeating: 1, count: size)
            unsafe other.initializeMemory(as: UInt8.self, repeating: 2, count: size)
            #expect(unsafe UnsafeRawBufferPointer(start: block, count: size).allSatisfy { $0 == 1 })
            unsafe hooks.free(block)
            #expect(unsafe UnsafeRawBufferPointer(start: other, count: size).allSatisfy { $0 == 2 })
            unsafe hooks.free(other)
        }
    }

    @Test func callocClearsWhatAFormerUserLeft() throws {
        try use { hooks in
            let dirty = unsafe try hooks.malloc(64)
            unsafe dirty.initializeMemory(as: UInt8.self, repeating: 9, count: 64)
            unsafe hooks.free(dirty)
            let clean = unsafe try #require(hooks.calloc(8, 8))
            #expect(unsafe UnsafeRawBufferPointer(start: clean, count: 64).allSatisfy { $0 == 0 })
            #expect(unsafe hooks.calloc(Int.max, 2) == nil)
        }
    }

    @Test func reallocKeepsWhatIsThere() throws {
        try use { hooks in
            var block = unsafe try hooks.realloc(nil, 4)
            unsafe block.storeBytes(of: 0x0102_0304, as: UInt32.self)
            for size in [40, 1000, 5000, 100_000, 8] {
                unsafe block = try hooks.realloc(block, size)
                #expect(unsafe block.load(as: UInt32.self) == 0x0102_0304)
            }
        }
    }

    @Test func keepsNoMoreThanItsBound() throws {
        let memory = SessionMemory()
        try unsafe memory.withHooks { pointer in
            guard let pointer = unsafe pointer?.pointee else { return }
            let hooks = unsafe Hooks(hooks: pointer)
            var blocks: [UnsafeMutableRawPointer] = unsafe []
            for _ in 0..<(SessionMemory.maxKept / 1024 + 8) { unsafe blocks.append(try hooks.malloc(1024)) }
            unsafe blocks.forEach { unsafe hooks.free($0) }
            #expect(memory.kept == SessionMemory.maxKept)
        }
    }
}
