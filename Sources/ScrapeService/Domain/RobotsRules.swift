#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The rules of one group of robots.txt, in the order in which they are looked for: by what stands before the first `*`,
/// and by length (RFC 9309, 2.2.2 and 2.2.3). All patterns lie in one buffer.
///
/// Only rules whose literal beginning a path has are tried: they are found by one binary search, and by the links from
/// each beginning to the next shorter one.
struct RobotsRules: Sendable, Hashable {
    /// A pattern, and its place.
    private struct Entry: Sendable, Hashable {
        var start: UInt32
        /// As it was written, once normalized: what tells which rule is more specific.
        var length: UInt32
        /// Last entry with the next shorter beginning that begins this one; -1: none.
        var parent: Int32 = -1
        /// Bytes before the first `*`, or before a last `$`.
        var literal: UInt16
        var isAllowed: Bool
        /// Of those with the same beginning.
        var isFirst = true
        /// Which bytes a path must have, each as its lowest six bits.
        var required: UInt64
    }

    private var bytes: [UInt8] = []
    private var entries: [Entry] = []

    var count: Int { entries.count }
    /// About how many bytes it holds.
    var weight: Int { bytes.count + entries.count * MemoryLayout<Entry>.stride }

    /// The rules as patterns, in no order that means anything.
    var patterns: [(pattern: [UInt8], isAllowed: Bool)] {
        entries.map { (Array(Self.pattern($0, bytes)), $0.isAllowed) }
    }

    private static let star = UInt8(ascii: "*")
    private static let end = UInt8(ascii: "$")

    init() {}

    /// Adds a rule; `finish` must follow the last one.
    ///
    /// - Parameter pattern: Normalized; not empty.
    mutating func add(_ pattern: [UInt8], isAllowed: Bool) {
        let body = pattern.last == Self.end ? pattern.dropLast() : pattern[...]
        var (required, literals) = (UInt64(0), 0)
        for byte in body where byte != Self.star {
            required |= 1 << UInt64(byte & 63)
            literals += 1
        }
        // No URL is as long as what it must have: it matches nothing.
        guard literals <= CrawlURL.maximumBytes else { return }
        let literal = (body.firstIndex(of: Self.star) ?? body.endIndex) - body.startIndex
        entries.append(
            Entry(
                start: UInt32(bytes.count), length: UInt32(pattern.count), literal: UInt16(literal),
                isAllowed: isAllowed, required: required))
        bytes += pattern
    }

    /// Sorts what was added, and leaves out what stands there twice.
    mutating func finish() {
        let unsorted = bytes
        entries.sort { Self.order($0, $1, unsorted) < 0 }
        var (kept, buffer): ([Entry], [UInt8]) = ([], [])
        for entry in entries {
            let pattern = Self.pattern(entry, unsorted)
            if let last = kept.last, last.isAllowed == entry.isAllowed, last.length == entry.length,
                Self.pattern(last, buffer).elementsEqual(pattern)
            {
                continue
            }
            var moved = entry
            moved.start = UInt32(buffer.count)
            buffer += pattern
            kept.append(moved)
        }
        // Copies have no more room than they need.
        (bytes, entries) = (buffer.map { $0 }, kept.map { $0 })
        link()
    }

    /// Links each beginning to the next shorter one.
    private mutating func link() {
        var open: [Int] = []
        for index in entries.indices {
            let literal = Self.literal(entries[index], bytes)
            if let last = open.last, Self.literal(entries[last], bytes).elementsEqual(literal) {
                entries[index].isFirst = false
                entries[index].parent = entries[last].parent
                open[open.count - 1] = index
                continue
            }
            while let last = open.last, !literal.starts(with: Self.literal(entries[last], bytes)) { open.removeLast() }
            entries[index].parent = Int32(open.last ?? -1)
            open.append(index)
        }
    }

    private static func pattern(_ entry: Entry, _ bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes[Int(entry.start)..<Int(entry.start + entry.length)]
    }

    private static func literal(_ entry: Entry, _ bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes[Int(entry.start)..<(Int(entry.start) + Int(entry.literal))]
    }

    /// By beginning; then by length, the more specific ones last; then by pattern; then what forbids.
    private static func order(_ one: Entry, _ other: Entry, _ bytes: [UInt8]) -> Int {
        let beginnings = compare(literal(one, bytes), literal(other, bytes))
        if beginnings != 0 { return beginnings }
        if one.length != other.length { return one.length < other.length ? -1 : 1 }
        if one.isAllowed != other.isAllowed { return one.isAllowed ? 1 : -1 }
        return compare(pattern(one, bytes), pattern(other, bytes))
    }

    private static func compare(_ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> Int {
        let length = min(one.count, other.count)
        let order = unsafe one.withUnsafeBytes { one in
            unsafe other.withUnsafeBytes { other in
                guard length > 0, let one = one.baseAddress, let other = other.baseAddress else { return CInt(0) }
                return unsafe memcmp(one, other, length)
            }
        }
        return order != 0 ? Int(order) : one.count - other.count
    }

    // MARK: Matching

    /// What the most specific rule that matches says of a path: the longest one, and of two as long the one that allows.
    ///
    /// - Parameter path: Normalized.
    /// - Returns: Whether it allows the path, true if none matches; nil if the budget is used up before that is known.
    func allows(_ path: [UInt8], spending budget: inout MatchBudget) -> Bool? {
        if entries.isEmpty { return true }
        return unsafe path.withUnsafeBytes { path in
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe Search(path: path, bytes: bytes).best(of: entries, &budget)
            }
        }
    }

    /// One path among the rules.
    @safe
    private struct Search {
        let path: UnsafeRawBufferPointer
        let bytes: UnsafeRawBufferPointer

        func best(of entries: [Entry], _ budget: inout MatchBudget) -> Bool? {
            var present = UInt64(0)
            for index in unsafe 0..<path.count { unsafe present |= 1 << UInt64(path[index] & 63) }
            unsafe budget.spend(path.count / 16 + 1)
            var index = place(in: entries, &budget)
            if index < 0 { return true }
            let common = commonLength(entries[index])
            var best: Entry?
            while index >= 0 {
                guard !budget.isUsedUp else { return nil }
                let group = entries[index]
                budget.spend(1)
                if Int(group.literal) <= common {
                    guard look(through: entries, from: index, present, &best, &budget) else { return nil }
                }
                index = Int(group.parent)
            }
            return best?.isAllowed ?? true
        }

        /// Looks through the rules with one beginning, the most specific ones first.
        ///
        /// - Returns: False if the budget is used up.
        private func look(
            through entries: [Entry], from last: Int, _ present: UInt64, _ best: inout Entry?,
            _ budget: inout MatchBudget
        ) -> Bool {
            var index = last
            while true {
                let entry = entries[index]
                if let best, (entry.length, entry.isAllowed ? 1 : 0) <= (best.length, best.isAllowed ? 1 : 0) {
                    return true
                }
                guard !budget.isUsedUp else { return false }
                budget.spend(1)
                if entry.required & ~present == 0, matches(entry, &budget) {
                    best = entry
                    return true
                }
                if entry.isFirst { return true }
                index -= 1
            }
        }

        /// The last entry whose beginning is not behind the path: all beginnings that the path has begin it, too.
        private func place(in entries: [Entry], _ budget: inout MatchBudget) -> Int {
            var (low, high) = (0, entries.count)
            while low < high {
                let middle = (low + high) / 2
                let (start, count) = (Int(entries[middle].start), Int(entries[middle].literal))
                let length = unsafe min(count, path.count)
                budget.spend(length / 16 + 1)
                let order =
                    unsafe length == 0
                    ? 0
                    : memcmp(bytes.baseAddress.unsafelyUnwrapped + start, path.baseAddress.unsafelyUnwrapped, length)
                if unsafe order > 0 || (order == 0 && count > path.count) { high = middle } else { low = middle + 1 }
            }
            return low - 1
        }

        private func commonLength(_ entry: Entry) -> Int {
            let (start, length) = unsafe (Int(entry.start), min(Int(entry.literal), path.count))
            var index = 0
            while index < length, unsafe bytes[start + index] == path[index] { index += 1 }
            return index
        }

        /// Whether a pattern whose beginning the path has matches the rest of it: each part between two `*` is taken where
        /// it is found first, which leaves most to those behind it, so that nothing is ever looked at twice.
        private func matches(_ entry: Entry, _ budget: inout MatchBudget) -> Bool {
            let start = Int(entry.start)
            var end = start + Int(entry.length)
            let isAnchored = unsafe bytes[end - 1] == RobotsRules.end
            if isAnchored { end -= 1 }
            var (position, index) = (start + Int(entry.literal), Int(entry.literal))
            if position == end { return unsafe !isAnchored || index == path.count }
            while position < end {
                // A star stands here.
                position += 1
                let part = position
                while position < end, unsafe bytes[position] != RobotsRules.star { position += 1 }
                let length = position - part
                budget.spend(length + 1)
                if position == end, isAnchored {
                    return unsafe path.count - index >= length && isEqual(path.count - length, part, length)
                }
                if length == 0 { continue }
                guard let found = find(part, length, from: index) else {
                    unsafe budget.spend(path.count - index)
                    return false
                }
                budget.spend(found - index)
                index = found + length
            }
            return true
        }

        private func isEqual(_ index: Int, _ part: Int, _ length: Int) -> Bool {
            guard length > 0, let path = unsafe path.baseAddress, let bytes = unsafe bytes.baseAddress else {
                return true
            }
            return unsafe memcmp(path + index, bytes + part, length) == 0
        }

        /// Where a part is found first (Knuth, Morris and Pratt's search): in time that grows with the two lengths' sum.
        private func find(_ part: Int, _ length: Int, from start: Int) -> Int? {
            guard unsafe start < path.count, let base = unsafe path.baseAddress, let needle = unsafe bytes.baseAddress,
                let found = unsafe memchr(base + start, Int32((needle + part).load(as: UInt8.self)), path.count - start)
            else { return nil }
            let first = unsafe UnsafeRawPointer(found) - base
            if length == 1 { return first }
            return unsafe withUnsafeTemporaryAllocation(of: UInt16.self, capacity: length) { borders in
                unsafe borders[0] = 0
                var border = 0
                for index in 1..<length {
                    let byte = unsafe bytes[part + index]
                    while border > 0, unsafe bytes[part + border] != byte { border = unsafe Int(borders[border - 1]) }
                    if unsafe bytes[part + border] == byte { border += 1 }
                    unsafe borders[index] = UInt16(border)
                }
                var matched = 0
                for index in unsafe first..<path.count {
                    let byte = unsafe path[index]
                    while matched > 0, unsafe bytes[part + matched] != byte {
                        matched = unsafe Int(borders[matched - 1])
                    }
                    if unsafe bytes[part + matched] == byte { matched += 1 }
                    if matched == length { return index - length + 1 }
                }
                return nil
            }
        }
    }
}
