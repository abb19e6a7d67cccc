// The one place where bounds go unchecked. Kernels run an index over columns of one length, which the batch has checked
// when it was made; a check a cell would keep the loops from being vectorized. Debug builds, and so all tests, do check.

extension Span where Element: BitwiseCopyable {
    /// An element whose index the caller has taken from the length of the same batch.
    @inline(__always)
    subscript(at index: Int) -> Element {
        assert(index >= 0 && index < count)
        return unsafe self[unchecked: index]
    }
}

extension MutableSpan where Element: BitwiseCopyable {
    /// An element whose index the caller has taken from the length of the same batch.
    @inline(__always)
    subscript(at index: Int) -> Element {
        get {
            assert(index >= 0 && index < count)
            return unsafe self[unchecked: index]
        }
        set {
            assert(index >= 0 && index < count)
            unsafe self[unchecked: index] = newValue
        }
    }
}
