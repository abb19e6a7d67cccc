import Foundation

extension HTMLTokenizer {
    // MARK: Attributes

    /// Reads attributes up to the tag's end, and says if it has one.
    mutating func readAttributes(isKept: Bool) -> Bool {
        let first = attributeNames.count
        defer { token.attributes = ByteRange(start: first, length: attributeNames.count - first) }
        while position < end {
            let current = text[position]
            if current.isHTMLSpace {
                position &+= 1
            } else if current == UInt8(ascii: ">") {
                position &+= 1
                return true
            } else if current == UInt8(ascii: "/") {
                position &+= 1
                if byte(position) == UInt8(ascii: ">"), position < end {
                    token.isSelfClosing = true
                    position &+= 1
                    return true
                }
            } else if !readAttribute(first, isKept) {
                return false
            }
        }
        return false
    }

    private mutating func readAttribute(_ first: Int, _ isKept: Bool) -> Bool {
        let start = position
        var index = start
        var hash = NameTable.seed
        var isPlain = true
        while index < end {
            let current = text[index]
            if current.isHTMLSpace || current == UInt8(ascii: "/") || current == UInt8(ascii: ">") { break }
            if current == UInt8(ascii: "="), index > start { break }
            if current &- 0x41 < 26 || current == 0 { isPlain = false }
            hash = NameTable.mix(hash, current)
            index &+= 1
        }
        let nameEnd = index
        while index < end, text[index].isHTMLSpace { index &+= 1 }
        guard index < end else { return false }
        var value = ByteRange(start: nameEnd, length: 0)
        if text[index] == UInt8(ascii: "=") {
            index &+= 1
            while index < end, text[index].isHTMLSpace { index &+= 1 }
            guard index < end, let found = valueEnd(&index) else { return false }
            value = found
        }
        position = index
        if isKept { keep(start, nameEnd, isPlain, hash, value, first) }
        return true
    }

    /// The range of a value as it stands in the source; leaves the index behind it.
    private func valueEnd(_ index: inout Int) -> ByteRange? {
        let quote = text[index]
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            let close = text.find(quote, from: index + 1)
            guard close < end else { return nil }
            let range = ByteRange(start: index + 1, length: close - index - 1)
            index = close + 1
            return range
        }
        let start = index
        while index < end, !text[index].isHTMLSpace, text[index] != UInt8(ascii: ">") { index &+= 1 }
        return index < end ? ByteRange(start: start, length: index - start) : nil
    }

    private mutating func keep(
        _ start: Int, _ nameEnd: Int, _ isPlain: Bool, _ hash: UInt32, _ value: ByteRange, _ first: Int
    ) {
        guard attributeNames.count - first < limits.attributesPerElement, attributeNames.count < limits.attributes,
            decoded.count < limits.decodedBytes
        else {
            truncations.insert(decoded.count < limits.decodedBytes ? .attributes : .decodedBytes)
            return
        }
        let name = name(start, nameEnd, isPlain: isPlain, hash: hash)
        guard name != .none else { return }
        // The first of a name counts.
        for index in first..<attributeNames.count where attributeNames[index] == name { return }
        attributeNames.append(name)
        attributeValues.append(text.isPlain(value) ? value : normalized(value, hasReferences: true, inAttribute: true))
    }

    // MARK: Comments and declarations

    /// Reads `<!`.
    mutating func readDeclaration() {
        let start = position + 2
        if byte(start) == UInt8(ascii: "-"), byte(start + 1) == UInt8(ascii: "-") {
            readComment(at: start + 2)
        } else if text.hasBytesIgnoringCase(Self.doctype, at: start) {
            var doctype = DoctypeReader(position: start + Self.doctype.count)
            token.kind = .doctype
            token.isQuirks = doctype.read(text)
            position = min(doctype.position, end)
            token.end = position
        } else if isForeign, text.hasBytes(Self.cdata, at: start) {
            let begin = start + Self.cdata.count
            var close = begin
            while close < end, !text.hasBytes(Self.cdataEnd, at: close) {
                close = text.find(UInt8(ascii: "]"), from: close + 1)
            }
            token.kind = .text
            token.content = normalized(ByteRange(start: begin, length: close - begin), hasReferences: false)
            position = min(close + 3, end)
            token.end = position
        } else {
            readBogusComment(at: start)
        }
    }

    private static let doctype = Array("doctype".utf8)
    private static let cdata = Array("[CDATA[".utf8)
    private static let cdataEnd = Array("]]>".utf8)
    private static let comment = Array("--!>".utf8)

    /// A comment up to `>`, as browsers make of what is no markup.
    mutating func readBogusComment(at start: Int) {
        let close = text.find(UInt8(ascii: ">"), from: start)
        finishComment(ByteRange(start: start, length: close - start), behind: min(close + 1, end))
    }

    /// Sections 13.2.5.43 to 13.2.5.51.
    private mutating func readComment(at start: Int) {
        if byte(start) == UInt8(ascii: ">"), start < end {
            return finishComment(ByteRange(start: start, length: 0), behind: start + 1)
        }
        if byte(start) == UInt8(ascii: "-"), byte(start + 1) == UInt8(ascii: ">") {
            return finishComment(ByteRange(start: start, length: 0), behind: start + 2)
        }
        var index = text.find(UInt8(ascii: "-"), from: start)
        while index < end {
            if text.hasBytes(Self.commentEnd, at: index) {
                return finishComment(ByteRange(start: start, length: index - start), behind: index + 3)
            }
            if text.hasBytes(Self.comment, at: index) {
                return finishComment(ByteRange(start: start, length: index - start), behind: index + 4)
            }
            index = text.find(UInt8(ascii: "-"), from: index + 1)
        }
        // What could have been the beginning of the end is no part of it.
        var last = end
        if last - start >= 3, text.hasBytes(Array("--!".utf8), at: last - 3) {
            last -= 3
        } else if last - start >= 2, text.hasBytes(Array("--".utf8), at: last - 2) {
            last -= 2
        } else if last > start, text[last - 1] == UInt8(ascii: "-") {
            last -= 1
        }
        finishComment(ByteRange(start: start, length: last - start), behind: end)
    }

    private mutating func finishComment(_ content: ByteRange, behind index: Int) {
        token.kind = .comment
        token.content = normalized(content, hasReferences: false)
        token.end = index
        position = index
    }
}

extension Column<UInt8> {
    /// The index of the next such byte, or the end.
    func find(_ byte: UInt8, from start: Int) -> Int {
        guard start < count else { return count }
        return unsafe withUnsafeBuffer { all in
            guard let base = all.baseAddress, let found = unsafe memchr(base + start, Int32(byte), all.count - start)
            else { return all.count }
            return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }

    /// If a range has no character reference, carriage return or NUL.
    @inline(__always)
    func isPlain(_ range: ByteRange) -> Bool {
        precondition(range.upper <= count, "range out of bounds")
        return unsafe withUnsafeBuffer { all in
            for index in range.lower..<range.upper {
                let byte = unsafe all[index]
                if byte == 0x26 || byte == 0x0D || byte == 0 { return false }
            }
            return true
        }
    }
}
