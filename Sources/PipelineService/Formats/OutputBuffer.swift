internal import CSimdJSON
internal import CTabular

/// Bytes that are written, with room made before each write. It owns its memory and hands out copies only.
@safe struct OutputBuffer: ~Copyable {
    private var storage: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = max(64, capacity)
        unsafe storage = .allocate(capacity: self.capacity)
    }

    deinit { unsafe storage.deallocate() }

    /// What was written.
    var bytes: [UInt8] { unsafe Array(UnsafeBufferPointer(start: storage, count: count)) }

    /// Where the next byte goes; `room` bytes follow it.
    @inline(__always)
    private mutating func next(_ room: Int) -> UnsafeMutablePointer<UInt8> {
        if count + room > capacity { grow(room) }
        return unsafe storage + count
    }

    @inline(never)
    private mutating func grow(_ room: Int) {
        let larger = max(2 * capacity, count + room)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        unsafe moved.update(from: storage, count: count)
        unsafe storage.deallocate()
        unsafe storage = moved
        capacity = larger
    }

    @inline(__always)
    mutating func put(_ byte: UInt8) {
        unsafe next(1).pointee = byte
        count += 1
    }

    mutating func put(_ text: StaticString) {
        let target = unsafe next(text.utf8CodeUnitCount)
        unsafe target.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        count += text.utf8CodeUnitCount
    }

    mutating func put(_ bytes: [UInt8]) {
        let target = unsafe next(bytes.count)
        unsafe bytes.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { unsafe target.update(from: base, count: source.count) }
        }
        count += bytes.count
    }

    @inline(__always)
    mutating func put(_ value: Bool) { value ? put("true") : put("false") }

    @inline(__always)
    mutating func put(_ value: Int64) {
        unsafe count += datavault_put_int64(next(Int(DATAVAULT_NUMBER_BYTES)), value)
    }

    /// The shortest digits that give the number back, always with a point or an exponent.
    @inline(__always)
    mutating func put(_ value: Double) {
        let length = unsafe datavault_put_short_double(next(Int(DATAVAULT_NUMBER_BYTES)), value)
        if length == 0 { putRare(value) } else { count += length }
    }

    @inline(never)
    private mutating func putRare(_ value: Double) {
        if value.isNaN { return put("NaN") }
        if value.isInfinite { return value < 0 ? put("-Infinity") : put("Infinity") }
        let start = count
        let target = unsafe next(Int(DATAVAULT_NUMBER_BYTES) + 2)
        unsafe count += target.withMemoryRebound(to: CChar.self, capacity: 32) {
            unsafe datavault_write_double(value, $0)
        }
        let isWhole = unsafe UnsafeBufferPointer(start: storage + start, count: count - start).allSatisfy {
            $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "e")
        }
        if isWhole { put(".0") }
    }

    /// The digits with their point.
    mutating func put(_ value: ExactDecimal) {
        let (digits, scale) = (value.digitCount, Int(value.scale))
        if value.unscaled < 0 { put(UInt8(ascii: "-")) }
        let length = digits + (scale > 0 ? 1 : 0)
        let target = unsafe next(length)
        // From the last digit on; in two halves, as numbers of 128 bits are dear to divide.
        let halves = value.unscaled.magnitude.quotientAndRemainder(dividingBy: ExactDecimal.power(19))
        var (word, high) = (UInt64(halves.remainder), UInt64(halves.quotient))
        var at = length
        for place in 0..<digits {
            if place == 19 { (word, high) = (high, 0) }
            if place == scale, scale > 0 {
                at -= 1
                unsafe target[at] = UInt8(ascii: ".")
            }
            at -= 1
            unsafe target[at] = UInt8(ascii: "0") + UInt8(word % 10)
            word /= 10
        }
        count += length
    }

    @inline(__always)
    mutating func putDate(_ days: Int32) {
        unsafe count += datavault_put_date(next(Int(DATAVAULT_NUMBER_BYTES)), days)
    }

    @inline(__always)
    mutating func putTimestamp(_ microseconds: Int64) {
        unsafe count += datavault_put_timestamp(next(Int(DATAVAULT_NUMBER_BYTES)), microseconds)
    }

    /// A text as a cell of comma-separated values.
    @inline(__always)
    mutating func putCSVText(_ bytes: borrowing [UInt8], _ extent: Extent, delimiter: UInt8) {
        let length = Int(extent.length)
        let target = unsafe next(2 * length + 18)
        unsafe bytes.withUnsafeBufferPointer { source in
            assert(extent.range.upperBound <= source.count)
            guard let base = source.baseAddress else { return unsafe putEmpty(target) }
            unsafe count += datavault_put_csv_text(target, base + Int(extent.start), length, delimiter)
        }
    }

    private mutating func putEmpty(_ target: UnsafeMutablePointer<UInt8>) {
        unsafe target[0] = UInt8(ascii: "\"")
        unsafe target[1] = UInt8(ascii: "\"")
        count += 2
    }

    /// A text as a JSON string.
    mutating func putJSONText(_ bytes: borrowing [UInt8], _ extent: Extent) {
        let length = Int(extent.length)
        let target = unsafe next(6 * length + 18)
        unsafe bytes.withUnsafeBufferPointer { source in
            assert(extent.range.upperBound <= source.count)
            guard let base = source.baseAddress else { return unsafe putEmpty(target) }
            unsafe count += datavault_put_json_text(target, base + Int(extent.start), length)
        }
    }

    /// A list of texts as a JSON array.
    mutating func putJSONList(_ lists: StringLists, _ row: Int) {
        put(UInt8(ascii: "["))
        for (index, element) in lists.extents[row].range.enumerated() {
            if index > 0 { put(UInt8(ascii: ",")) }
            putJSONText(lists.elements.bytes, lists.elements.extents[element])
        }
        put(UInt8(ascii: "]"))
    }
}

extension OutputBuffer {
    /// A number as CEL's `string` writes it: the shortest digits, no point where there is no fraction.
    mutating func putPlain(_ value: Double) {
        if value.isNaN { return put("NaN") }
        if value.isInfinite { return value < 0 ? put("-Inf") : put("+Inf") }
        if value == value.rounded(), abs(value) < 1e15 {
            if value == 0, value.sign == .minus { put("-") }
            return put(Int64(value))
        }
        put(value)
    }
}
