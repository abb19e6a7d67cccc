/// Reads objects from tokens. Texts are unescaped in place, so that cells are ranges of the file's own bytes.
struct JSONRecord {
    /// What a value is, and where.
    enum Value {
        case null
        case bool(Bool)
        /// The digits.
        case number(Range<Int>)
        /// The content, unescaped.
        case text(Range<Int>)
        /// The contents of an array that holds nothing but texts.
        case texts([Range<Int>])
        /// An object, or an array of other things, as it stands there.
        case other(Range<Int>)
    }

    struct Fault: Error {
        let reason: RejectedRecord.Reason
        let message: String
        /// The field, where it is one value's fault.
        var field: String?
    }

    var bytes: [UInt8]
    private var tokens: ArraySlice<UInt32> = []
    private var end = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    private static let malformed = Fault(reason: .invalidJSON, message: "the record is not valid JSON")

    /// Reads the object whose tokens these are, and which ends before `end`.
    mutating func read(
        _ tokens: ArraySlice<UInt32>, end: Int, _ body: (inout [UInt8], Range<Int>, Value) throws(Fault) -> Void
    ) throws(Fault) {
        self.tokens = tokens
        self.end = end
        guard take(UInt8(ascii: "{")) else {
            throw Fault(reason: .notAnObject, message: "the record is no JSON object")
        }
        if !take(UInt8(ascii: "}")) {
            repeat {
                guard peek() == UInt8(ascii: "\""), let start = self.tokens.popFirst() else { throw Self.malformed }
                let name = try text(Int(start))
                guard take(UInt8(ascii: ":")) else { throw Self.malformed }
                let value = try value()
                try body(&bytes, name, value)
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw Self.malformed }
        }
        guard self.tokens.isEmpty else { throw Self.malformed }
    }

    private func peek() -> UInt8? { tokens.first.map { bytes[Int($0)] } }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        tokens.removeFirst()
        return true
    }

    private mutating func value() throws(Fault) -> Value {
        guard let first = peek(), let start = tokens.popFirst().map({ Int($0) }) else { throw Self.malformed }
        switch first {
        case UInt8(ascii: "\""): return .text(try text(start))
        case UInt8(ascii: "["): return try array(start)
        case UInt8(ascii: "{"): return .other(start..<(try skip(from: start)))
        case UInt8(ascii: "t"): try word("true", start); return .bool(true)
        case UInt8(ascii: "f"): try word("false", start); return .bool(false)
        case UInt8(ascii: "n"): try word("null", start); return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let range = scalar(start)
            guard Self.isNumber(bytes[range]) else { throw Self.malformed }
            return .number(range)
        default: throw Self.malformed
        }
    }

    /// A scalar without the blanks behind it.
    private func scalar(_ start: Int) -> Range<Int> {
        var last = tokens.first.map { Int($0) } ?? end
        while last > start, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[last - 1]) { last -= 1 }
        return start..<last
    }

    private func word(_ word: String, _ start: Int) throws(Fault) {
        guard bytes[scalar(start)].elementsEqual(word.utf8) else { throw Self.malformed }
    }

    /// RFC 8259, section 6.
    private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        func digits() -> Int {
            let count = rest.prefix { $0 &- UInt8(ascii: "0") <= 9 }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let startsWithZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !startsWithZero || whole == 1 else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() > 0 else { return false }
        }
        if rest.first.map({ $0 | 0x20 }) == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    private mutating func array(_ start: Int) throws(Fault) -> Value {
        let before = tokens
        var texts: [Range<Int>] = []
        if take(UInt8(ascii: "]")) { return .texts([]) }
        repeat {
            guard peek() == UInt8(ascii: "\""), let next = tokens.popFirst() else {
                // Not texts alone. What was read is as it was: nothing is unescaped before the array's end.
                tokens = before
                return .other(start..<(try skip(from: start)))
            }
            texts.append(Int(next)..<Int(next))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw Self.malformed }
        var contents: [Range<Int>] = []
        for text in texts { contents.append(try self.text(text.lowerBound)) }
        return .texts(contents)
    }

    /// Goes to the end of what opened at `start`, checking that brackets match and that it is JSON.
    private mutating func skip(from start: Int) throws(Fault) -> Int {
        var open = [bytes[start]]
        while let token = tokens.popFirst().map({ Int($0) }) {
            switch bytes[token] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                open.append(bytes[token])
                guard open.count <= 64 else {
                    throw Fault(reason: .invalidJSON, message: "the record nests deeper than 64 levels")
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // The codes of an opening and its closing bracket differ by two.
                guard open.popLast().map({ $0 + 2 }) == bytes[token] else { throw Self.malformed }
                if open.isEmpty {
                    guard CellText.isJSON(bytes[start...token]) else { throw Self.malformed }
                    return token + 1
                }
            default: break
            }
        }
        throw Self.malformed
    }

    // MARK: - Texts

    /// The content of the string that opens at `start`, unescaped in place.
    private mutating func text(_ start: Int) throws(Fault) -> Range<Int> {
        var at = start + 1
        // Most strings have no escapes, and end at their first quote.
        while at < end, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\") { at += 1 }
        guard at < end else { throw Self.malformed }
        if bytes[at] == UInt8(ascii: "\"") { return start + 1..<at }
        var out = at
        while at < end {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                // No byte behind the content is looked at again, save by who checks the text as UTF-8.
                for rest in out..<at { bytes[rest] = UInt8(ascii: " ") }
                return start + 1..<out
            }
            if byte != UInt8(ascii: "\\") {
                bytes[out] = byte
                out += 1
                at += 1
                continue
            }
            guard at + 1 < end else { throw Self.malformed }
            let simple: UInt8
            switch bytes[at + 1] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): simple = bytes[at + 1]
            case UInt8(ascii: "b"): simple = 0x08
            case UInt8(ascii: "f"): simple = 0x0C
            case UInt8(ascii: "n"): simple = 0x0A
            case UInt8(ascii: "r"): simple = 0x0D
            case UInt8(ascii: "t"): simple = 0x09
            case UInt8(ascii: "u"):
                let scalar = try unicode(&at)
                for unit in String(scalar).utf8 {
                    bytes[out] = unit
                    out += 1
                }
                continue
            default: throw Self.malformed
            }
            bytes[out] = simple
            out += 1
            at += 2
        }
        throw Self.malformed
    }

    /// A scalar from one escape, or from two that are a pair of surrogates.
    private func unicode(_ at: inout Int) throws(Fault) -> Unicode.Scalar {
        let first = try hex(at + 2)
        at += 6
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, at + 1 < end, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
            throw Fault(reason: .invalidUTF8, message: "an escape is half of a surrogate pair")
        }
        let second = try hex(at + 2)
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw Fault(reason: .invalidUTF8, message: "an escape is half of a surrogate pair") }
        at += 6
        return scalar
    }

    private func hex(_ at: Int) throws(Fault) -> UInt32 {
        guard at + 4 <= end, let value = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16),
            bytes[at] != UInt8(ascii: "+"), bytes[at] != UInt8(ascii: "-")
        else { throw Self.malformed }
        return value
    }
}
