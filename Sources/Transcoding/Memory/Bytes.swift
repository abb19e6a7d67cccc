#if canImport(Glibc)
    internal import Glibc
#endif

/// Whether two runs of `count` bytes are equal. Keys are short: a call of memcmp would cost more than the comparison.
@inline(__always)
func equalBytes(_ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    let left = unsafe UnsafeRawPointer(left)
    let right = unsafe UnsafeRawPointer(right)
    if count >= 8 {
        var place = 0
        while place + 8 <= count {
            if unsafe left.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                != right.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            {
                return false
            }
            place += 8
        }
        return unsafe left.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
            == right.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
    }
    if count >= 4 {
        return unsafe left.loadUnaligned(as: UInt32.self) == right.loadUnaligned(as: UInt32.self)
            && left.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
                == right.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
    }
    for place in 0..<count
    where unsafe left.load(fromByteOffset: place, as: UInt8.self) != right.load(fromByteOffset: place, as: UInt8.self) {
        return false
    }
    return true
}

/// Copies bytes; short runs, which most are, without a call.
@inline(__always)
func copyBytes(_ target: UnsafeMutablePointer<UInt8>, _ source: UnsafePointer<UInt8>, _ count: Int) {
    let to = UnsafeMutableRawPointer(target)
    let from = unsafe UnsafeRawPointer(source)
    if count >= 8, count <= 32 {
        // Words from the front, and one that ends at the end and may lie over the last of them.
        var place = 0
        while place + 8 < count {
            unsafe to.storeBytes(
                of: from.loadUnaligned(fromByteOffset: place, as: UInt64.self), toByteOffset: place, as: UInt64.self)
            place += 8
        }
        unsafe to.storeBytes(
            of: from.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self), toByteOffset: count - 8, as: UInt64.self
        )
    } else if count < 8 {
        for place in 0..<count { unsafe target[place] = unsafe source[place] }
    } else {
        unsafe memcpy(to, from, count)
    }
}

/// Eight copies of a byte.
@inline(__always)
func repeated(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

/// Marks the high bit of each byte that is zero; exact up to and including the lowest one.
@inline(__always)
func zeroBytes(_ word: UInt64) -> UInt64 { (word &- repeated(0x01)) & ~word & repeated(0x80) }

@inline(__always)
func loadWord(_ start: UnsafePointer<UInt8>) -> UInt64 {
    unsafe UInt64(littleEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt64.self))
}
