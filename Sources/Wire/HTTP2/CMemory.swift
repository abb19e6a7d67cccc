#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whether `count` bytes at both places are the same.
@inline(__always)
package func wireEqual(_ left: UnsafeRawPointer?, _ right: UnsafeRawPointer?, _ count: Int) -> Bool {
    guard count > 0, let left = unsafe left, let right = unsafe right else { return count == 0 }
    return unsafe memcmp(left, right, count) == 0
}
