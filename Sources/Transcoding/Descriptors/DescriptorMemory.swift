#if canImport(Glibc)
    internal import Glibc
#endif

/// Owns the memory of descriptors: handed out piece by piece, freed at once.
///
/// Filled by one thread before anybody else sees it, and only read from then on.
@safe final class DescriptorMemory: @unchecked Sendable {
    private var pieces: [UnsafeMutableRawPointer] = unsafe []

    deinit { for index in unsafe pieces.indices { unsafe pieces[index].deallocate() } }

    /// Room for `count` values, all bytes zero; never empty, so that every table has an address.
    func allocate<T: BitwiseCopyable>(_ type: T.Type, count: Int) -> UnsafeMutablePointer<T> {
        let bytes = max(count, 1) * MemoryLayout<T>.stride
        let piece = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
        unsafe memset(piece, 0, bytes)
        unsafe pieces.append(piece)
        return unsafe piece.bindMemory(to: T.self, capacity: max(count, 1))
    }

    /// A C string.
    func copy(_ text: String) -> UnsafePointer<CChar> {
        let bytes = Array(text.utf8)
        let copy = unsafe allocate(CChar.self, count: bytes.count + 1)
        for index in bytes.indices { unsafe copy[index] = CChar(bitPattern: bytes[index]) }
        return unsafe UnsafePointer(copy)
    }

    /// The bytes of a text.
    func bytes(_ text: String) -> NameBytes {
        let bytes = Array(text.utf8)
        let copy = unsafe allocate(UInt8.self, count: bytes.count)
        for index in bytes.indices { unsafe copy[index] = bytes[index] }
        return unsafe NameBytes(start: UnsafePointer(copy), count: bytes.count)
    }

    /// A table of names with at least as many free places as taken ones. Of equal names the first one stays.
    func nameTable(_ names: [(name: String, index: Int)]) -> (slots: UnsafePointer<NameSlot>, mask: Int) {
        var size = 4
        while size < names.count * 2 { size *= 2 }
        let slots = unsafe allocate(NameSlot.self, count: size)
        for index in 0..<size { unsafe slots[index] = NameSlot(hash: 0, index: -1) }
        for (name, index) in names {
            let bytes = Array(name.utf8)
            let hash = unsafe bytes.withUnsafeBufferPointer { buffer in
                guard let start = buffer.baseAddress else { return UInt32(2_166_136_261) }
                return unsafe hashName(start, buffer.count)
            }
            var slot = Int(hash) & (size - 1)
            while unsafe slots[slot].index >= 0 { slot = (slot + 1) & (size - 1) }
            unsafe slots[slot] = NameSlot(hash: hash, index: Int32(index))
        }
        return unsafe (UnsafePointer(slots), size - 1)
    }
}
