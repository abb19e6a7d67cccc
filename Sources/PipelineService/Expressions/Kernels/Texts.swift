internal import CTabular

/// Where a text is found in another, in time linear in both.
func find(_ needle: ArraySlice<UInt8>, in text: [UInt8], _ range: Range<Int>) -> Int? {
    guard !needle.isEmpty else { return range.lowerBound }
    guard needle.count <= range.count else { return nil }
    return unsafe text.withUnsafeBufferPointer { bytes in
        unsafe needle.withUnsafeBufferPointer { needle in
            guard let base = bytes.baseAddress, let wanted = needle.baseAddress else { return nil }
            let place = unsafe datavault_find(base + range.lowerBound, range.count, wanted, needle.count)
            return place < 0 ? nil : range.lowerBound + place
        }
    }
}

/// How many code points bytes of UTF-8 hold.
@inline(__always)
func codePoints(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
    var count = 0
    for index in range { count += bytes[at: index] & 0xC0 != 0x80 ? 1 : 0 }
    return count
}

/// Where the code point of this number begins; the end for the number behind the last; none beyond.
func offset(ofCodePoint number: Int64, in bytes: [UInt8], _ range: Range<Int>) -> Int? {
    guard number >= 0, number <= range.count else { return nil }
    var left = number
    for index in range where bytes[index] & 0xC0 != 0x80 {
        if left == 0 { return index }
        left -= 1
    }
    return left == 0 ? range.upperBound : nil
}

extension Function {
    func sizes(_ argument: Register, _ count: Int) -> [Int64] {
        switch argument.values {
        case .string(let texts):
            let bytes = texts.bytes.span
            return mapping(texts.extents, count) { Int64(codePoints(bytes, $0.range)) }
        case .bytes(let texts): return mapping(texts.extents, count) { Int64($0.length) }
        case .list(let lists): return mapping(lists.extents, count) { Int64($0.length) }
        case .map(let table): return [Int64](repeating: Int64(table.keys.count), count: count)
        default: preconditionFailure("checked: argument of size")
        }
    }

    func tested(_ test: TextTest, _ left: Register, _ right: Register, _ count: Int) -> [Bool] {
        let (texts, parts) = (left.texts, right.texts)
        let (bytes, wanted) = (texts.bytes.span, parts.bytes.span)
        let (a, b) = (left.isConstant, right.isConstant)
        switch test {
        case .startsWith:
            return zipping(texts.extents, a, parts.extents, b, count) { text, part in
                guard part.length <= text.length else { return false }
                return equalText(bytes, Extent(start: text.start, length: part.length), wanted, part)
            }
        case .endsWith:
            return zipping(texts.extents, a, parts.extents, b, count) { text, part in
                guard part.length <= text.length else { return false }
                let tail = Extent(start: text.start + text.length - part.length, length: part.length)
                return equalText(bytes, tail, wanted, part)
            }
        case .contains:
            return (0..<count).map { row in
                let part = parts.bytes[parts.extents[right.at(row)].range]
                return find(part, in: texts.bytes, texts.extents[left.at(row)].range) != nil
            }
        }
    }

    func mapped(
        _ map: TextMap, _ argument: Register, _ context: KernelContext, _ status: inout StatusBuilder
    ) -> Register.Values {
        let texts = argument.texts
        switch map {
        case .trim:
            // What is left is a part of what there was: no text moves.
            return .string(
                Strings(bytes: texts.bytes, extents: texts.extents.map { trimmed(texts.bytes, $0) }))
        case .lowerAscii, .upperAscii:
            let first: UInt8 = map == .lowerAscii ? 0x41 : 0x61
            // All texts at once, in a buffer without what lies between them.
            var copy = TextBuilder(count: context.count, limit: context.limits.maximumBatchTextBytes)
            for row in 0..<context.count {
                if !copy.append(texts.bytes[texts.extents[row].range]) { status.fail(row, context.sites[.textLimit]) }
            }
            let changed = copy.texts.bytes.map { $0 &- first < 26 ? $0 ^ 0x20 : $0 }
            return .string(Strings(bytes: changed, extents: copy.texts.extents))
        case .reverse:
            var builder = TextBuilder(count: context.count, limit: context.limits.maximumBatchTextBytes)
            for row in 0..<context.count {
                let text = String(decoding: texts.bytes[texts.extents[row].range], as: UTF8.self)
                var scalars = String.UnicodeScalarView()
                scalars.append(contentsOf: text.unicodeScalars.reversed())
                if !builder.append(Array(String(scalars).utf8)[...]) { status.fail(row, context.sites[.textLimit]) }
            }
            return .string(builder.texts)
        }
    }

    /// Without Unicode's white space at both ends, as cel-go's `trim`.
    private func trimmed(_ bytes: [UInt8], _ extent: Extent) -> Extent {
        var range = extent.range
        let isPlain = range.isEmpty || (bytes[range.lowerBound] < 0x80 && bytes[range.upperBound - 1] < 0x80)
        while let first = range.first, isBlank(bytes[first]) { range.removeFirst() }
        while let last = range.last, isBlank(bytes[last]) { range.removeLast() }
        if !isPlain || range.first.map({ bytes[$0] >= 0x80 }) == true || range.last.map({ bytes[$0] >= 0x80 }) == true {
            let text = String(decoding: bytes[range], as: UTF8.self).unicodeScalars
            let start = text.prefix { $0.properties.isWhitespace }
            let end = text.dropFirst(start.count).reversed().prefix { $0.properties.isWhitespace }
            let (head, tail) = (String(start).utf8.count, end.reduce(0) { $0 + String($1).utf8.count })
            range = range.lowerBound + head..<range.upperBound - tail
        }
        return Extent(start: UInt32(range.lowerBound), length: UInt32(range.count))
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 9 < 5 }

    func matched(_ arguments: [Register], _ context: KernelContext, _ status: inout StatusBuilder) -> [Bool] {
        let texts = arguments[0].texts
        if let pattern = context.pattern {
            return (0..<context.count).map { row in
                status.isValue(row) && pattern.finds(in: texts.bytes, texts.extents[arguments[0].at(row)])
            }
        }
        // Patterns out of a column: each text is compiled once a batch, and not too many are kept.
        let patterns = arguments[1].texts
        var compiled: [ArraySlice<UInt8>: Pattern?] = [:]
        return (0..<context.count).map { row in
            guard status.isValue(row) else { return false }
            let text = patterns.bytes[patterns.extents[arguments[1].at(row)].range]
            if compiled[text] == nil {
                if compiled.count >= 64 { compiled.removeAll() }
                compiled[text] = .some(try? Pattern(Array(text), maximumMemory: context.limits.maximumPatternMemory))
            }
            guard case .some(.some(let pattern)) = compiled[text] else {
                status.fail(row, context.sites[.invalidPattern])
                return false
            }
            return pattern.finds(in: texts.bytes, texts.extents[arguments[0].at(row)])
        }
    }

    func joinedTexts(
        _ left: Register, _ right: Register, _ context: KernelContext, _ status: inout StatusBuilder
    ) -> Strings {
        let (a, b) = (left.texts, right.texts)
        var extents: [Extent] = []
        extents.reserveCapacity(context.count)
        // Where each text will lie is found first, so that the bytes are copied into room that is there.
        let limit = min(context.limits.maximumBatchTextBytes, Int(UInt32.max))
        var total = 0
        for row in 0..<context.count {
            let length = Int(a.extents[left.at(row)].length) + Int(b.extents[right.at(row)].length)
            let fits = total + length <= limit
            if !fits { status.fail(row, context.sites[.textLimit]) }
            extents.append(Extent(start: UInt32(total), length: fits ? UInt32(length) : 0))
            total += fits ? length : 0
        }
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: total) { target, count in
            unsafe a.bytes.withUnsafeBufferPointer { first in
                unsafe b.bytes.withUnsafeBufferPointer { second in
                    // Extents lie within their buffers: each register keeps that.
                    for row in 0..<context.count where extents[row].length > 0 {
                        let (x, y) = (a.extents[left.at(row)], b.extents[right.at(row)])
                        guard let out = target.baseAddress else { continue }
                        let place = unsafe out + Int(extents[row].start)
                        if let base = first.baseAddress {
                            unsafe place.update(from: base + Int(x.start), count: Int(x.length))
                        }
                        if let base = second.baseAddress {
                            unsafe (place + Int(x.length)).update(from: base + Int(y.start), count: Int(y.length))
                        }
                    }
                }
            }
            count = total
        }
        return Strings(bytes: bytes, extents: extents)
    }

    func character(
        _ arguments: [Register], _ context: KernelContext, _ status: inout StatusBuilder
    ) -> Register.Values {
        let texts = arguments[0].texts
        let indices = wholes(arguments[1])
        var extents: [Extent] = []
        extents.reserveCapacity(context.count)
        for row in 0..<context.count {
            let range = texts.extents[arguments[0].at(row)].range
            guard status.isValue(row) else {
                extents.append(Extent(start: 0, length: 0))
                continue
            }
            let index = indices[arguments[1].at(row)]
            guard let start = offset(ofCodePoint: index, in: texts.bytes, range) else {
                status.fail(row, context.sites[.indexOutOfRange])
                extents.append(Extent(start: 0, length: 0))
                continue
            }
            let end = offset(ofCodePoint: 1, in: texts.bytes, start..<range.upperBound) ?? start
            extents.append(Extent(start: UInt32(start), length: UInt32(end - start)))
        }
        return .string(Strings(bytes: texts.bytes, extents: extents))
    }

    func substrings(
        _ arguments: [Register], _ context: KernelContext, _ status: inout StatusBuilder
    ) -> Register.Values {
        let texts = arguments[0].texts
        let starts = wholes(arguments[1])
        let ends = arguments.count > 2 ? wholes(arguments[2]) : []
        let extents = (0..<context.count).map { row in
            let range = texts.extents[arguments[0].at(row)].range
            let first = starts[arguments[1].at(row)]
            let last = ends.isEmpty ? nil : ends[arguments[2].at(row)]
            guard status.isValue(row), let start = offset(ofCodePoint: first, in: texts.bytes, range),
                let end = last.map({ offset(ofCodePoint: $0, in: texts.bytes, range) }) ?? range.upperBound,
                start <= end
            else {
                status.fail(row, context.sites[.indexOutOfRange])
                return Extent(start: 0, length: 0)
            }
            return Extent(start: UInt32(start), length: UInt32(end - start))
        }
        return .string(Strings(bytes: texts.bytes, extents: extents))
    }

    func found(
        _ arguments: [Register], backwards: Bool, _ context: KernelContext, _ status: inout StatusBuilder
    ) -> [Int64] {
        let (texts, parts) = (arguments[0].texts, arguments[1].texts)
        let limits = arguments.count > 2 ? wholes(arguments[2]) : []
        return (0..<context.count).map { row in
            guard status.isValue(row) else { return -1 }
            var range = texts.extents[arguments[0].at(row)].range
            let whole = range
            let part = parts.bytes[parts.extents[arguments[1].at(row)].range]
            if !limits.isEmpty {
                let limit = limits[arguments[2].at(row)]
                guard let bound = offset(ofCodePoint: limit, in: texts.bytes, range),
                    bound < range.upperBound || range.isEmpty
                else {
                    status.fail(row, context.sites[.indexOutOfRange])
                    return -1
                }
                range =
                    backwards
                    ? range.lowerBound..<min(range.upperBound, bound + part.count) : bound..<range.upperBound
            }
            let at = backwards ? findLast(part, in: texts.bytes, range) : find(part, in: texts.bytes, range)
            return at.map { Int64(codePoints(texts.bytes.span, whole.lowerBound..<$0)) } ?? -1
        }
    }

    /// The last place of a text in another, by Knuth, Morris and Pratt from the end.
    private func findLast(_ needle: ArraySlice<UInt8>, in text: [UInt8], _ range: Range<Int>) -> Int? {
        guard !needle.isEmpty else { return range.upperBound }
        guard needle.count <= range.count else { return nil }
        let wanted = Array(needle.reversed())
        var borders = [Int](repeating: 0, count: wanted.count)
        var length = 0
        for index in wanted.indices.dropFirst() {
            while length > 0, wanted[index] != wanted[length] { length = borders[length - 1] }
            if wanted[index] == wanted[length] { length += 1 }
            borders[index] = length
        }
        length = 0
        for index in range.reversed() {
            while length > 0, text[index] != wanted[length] { length = borders[length - 1] }
            if text[index] == wanted[length] { length += 1 }
            if length == wanted.count { return index }
        }
        return nil
    }

    /// The values of a register of ints.
    func wholes(_ register: Register) -> [Int64] {
        guard case .int(let values) = register.values else { preconditionFailure("checked: int") }
        return values
    }
}
