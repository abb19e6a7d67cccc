/// Values of one kind behind each other: a column of a `Document`.
///
/// An array would count references and test for uniqueness at every access through a structure; a column has one owner.
/// Indexes are checked.
@safe
struct Column<Element: BitwiseCopyable>: ~Copyable {
    /// Owned; holds `capacity` elements, the first `count` of them initialized.
    private var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int = 0) {
        self.capacity = max(capacity, 8)
        unsafe base = UnsafeMutablePointer.allocate(capacity: self.capacity)
    }

    init(repeating element: Element, count: Int) {
        self.init(capacity: count)
        unsafe base.initialize(repeating: element, count: count)
        self.count = count
    }

    init(_ elements: [Element]) {
        self.init(capacity: elements.count)
        append(contentsOf: elements)
    }

    deinit { unsafe base.deallocate() }

    subscript(index: Int) -> Element {
        @inline(__always) get {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "index out of range")
            return unsafe base[index]
        }
        @inline(__always) set {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "index out of range")
            unsafe base[index] = newValue
        }
    }

    subscript(index: Int32) -> Element {
        @inline(__always) get { self[Int(index)] }
        @inline(__always) set { self[Int(index)] = newValue }
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        if count == capacity { grow(to: capacity &* 2) }
        unsafe base[count] = element
        count &+= 1
    }

    mutating func append(contentsOf elements: [Element]) {
        unsafe elements.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends elements that do not stand in this column.
    mutating func append(contentsOf elements: UnsafeBufferPointer<Element>) {
        guard let source = elements.baseAddress else { return }
        reserve(elements.count)
        unsafe (base + count).initialize(from: source, count: elements.count)
        count += elements.count
    }

    /// Appends a part of this column.
    mutating func append(copyOf range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range out of bounds")
        reserve(range.count)
        unsafe (base + count).initialize(from: base + range.lowerBound, count: range.count)
        count += range.count
    }

    /// Makes room for more elements.
    mutating func reserve(_ more: Int) {
        if count + more > capacity { grow(to: max(capacity * 2, count + more)) }
    }

    mutating func removeLast(_ number: Int = 1) {
        precondition(number <= count, "more than there are")
        count -= number
    }

    mutating func removeAll() { count = 0 }

    private mutating func grow(to wanted: Int) {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: wanted)
        unsafe larger.initialize(from: base, count: count)
        unsafe base.deallocate()
        unsafe base = larger
        capacity = wanted
    }

    /// Lends the elements.
    @inline(__always)
    func withUnsafeBuffer<Result: ~Copyable>(_ body: (UnsafeBufferPointer<Element>) -> Result) -> Result {
        unsafe body(UnsafeBufferPointer(start: base, count: count))
    }

    func copy() -> Column {
        var copy = Column(capacity: count)
        unsafe withUnsafeBuffer { unsafe copy.append(contentsOf: $0) }
        return copy
    }

    /// A copy as an array.
    var array: [Element] { unsafe withUnsafeBuffer { unsafe Array($0) } }
}

// A column is its memory's one owner, and the elements are plain bytes.
extension Column: @unchecked Sendable where Element: Sendable {}
