internal import CSimdJSON

#if canImport(Glibc)
    internal import Glibc
#endif

/// Bytes of a string, in the text itself: escapes have been resolved in place.
@safe struct TextSlice {
    var start: UnsafeMutablePointer<UInt8>
    var count: Int

    func equals(_ text: StaticString) -> Bool {
        unsafe count == text.utf8CodeUnitCount && equalBytes(start, text.utf8Start, count)
    }

    var excerpt: String { unsafe Transcoding.excerpt(start, count) }
}

/// Goes from token to token of a JSON text, over the offsets that simdjson has found.
///
/// The text is a copy of its own, followed by zeros: strings stay in it, unescaped in place, and whoever reads at its end
/// meets a zero instead of what is not his. Its UTF-8, the ends of its strings and its control characters are checked
/// already.
@safe struct JSONReader {
    let text: UnsafeMutablePointer<UInt8>
    let length: Int
    /// The offset of the next token.
    var next: UnsafePointer<UInt32>
    private let last: UnsafePointer<UInt32>
    /// Whether a string may hold an escape: most texts have none at all, and their strings need not be searched.
    private let hasEscapes: Bool

    /// Zeros behind the text.
    private static let padding = 64

    init(_ input: UnsafeRawBufferPointer, _ workspace: borrowing Workspace) throws(TranscodingError) {
        length = input.count
        let copy = unsafe try workspace.arena.allocate(input.count + Self.padding)
        if let start = input.baseAddress { unsafe memcpy(copy, start, input.count) }
        unsafe memset(copy + input.count, 0, Self.padding)
        unsafe text = unsafe copy.assumingMemoryBound(to: UInt8.self)
        var offsets: UnsafePointer<UInt32>?
        var count = 0
        let status = unsafe datavault_json_index_build(workspace.index, text, length, &offsets, &count)
        guard status == datavault_json_ok, let offsets = unsafe offsets else { throw Self.refusal(status) }
        unsafe next = unsafe offsets
        unsafe last = unsafe offsets + count
        hasEscapes = unsafe memchr(text, Int32(UInt8(ascii: "\\")), length) != nil
    }

    private static func refusal(_ status: datavault_json_status) -> TranscodingError {
        switch status {
        case datavault_json_empty: TranscodingError(.malformedJSON, "there is no JSON value")
        case datavault_json_not_utf8: TranscodingError(.invalidUTF8, "the text is not UTF-8")
        case datavault_json_unclosed_string: TranscodingError(.malformedJSON, "a string does not end")
        case datavault_json_control_character:
            TranscodingError(.malformedJSON, "a string holds a control character that is not escaped")
        case datavault_json_too_long: .exceeded("maxBytes", "the text is too long to be indexed")
        case datavault_json_no_memory: .exceeded("maxMemory", "there is no memory for the text's index")
        default: TranscodingError(.malformedJSON, "the text is not JSON")
        }
    }

    /// The first byte of the next token; 0 at the end.
    @inline(__always)
    var peek: UInt8 { unsafe text[Int(next.pointee)] }

    /// Where the next token starts; steps over it.
    @inline(__always)
    mutating func advance() -> UnsafeMutablePointer<UInt8> {
        let token = unsafe text + Int(next.pointee)
        unsafe next += 1
        return unsafe token
    }

    /// The end of the text is reached, and nothing is left.
    func expectEnd() throws(TranscodingError) {
        guard unsafe next == last else { throw TranscodingError(.malformedJSON, "something follows the JSON value") }
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8) throws(TranscodingError) {
        guard unsafe advance().pointee == byte else {
            unsafe next -= 1
            throw unexpected("'\(Character(Unicode.Scalar(byte)))'")
        }
    }

    /// The next token is not what the grammar wants here.
    @inline(never)
    func unexpected(_ wanted: String) -> TranscodingError {
        let offset = unsafe min(Int(next.pointee), length)
        if offset == length { return TranscodingError(.malformedJSON, "the text ends where \(wanted) should stand") }
        return TranscodingError(.malformedJSON, "\(wanted) should stand at byte \(offset)")
    }

    /// What the next token begins, for an error.
    var nextKind: String {
        switch peek {
        case UInt8(ascii: "\""): "a string"
        case UInt8(ascii: "{"): "an object"
        case UInt8(ascii: "["): "a list"
        case UInt8(ascii: "t"), UInt8(ascii: "f"): "a boolean"
        case UInt8(ascii: "n"): "null"
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): "a number"
        default: "no value"
        }
    }

    /// The value is of another JSON type than the field.
    @inline(never)
    func wrongType(_ wanted: String) -> TranscodingError {
        if nextKind == "no value" { return unexpected("a value") }
        return TranscodingError(.wrongType, "this is \(nextKind), and \(wanted) is wanted")
    }

    /// After a scalar that is no string: it ends here.
    @inline(__always)
    func expectBoundary(_ end: UnsafePointer<UInt8>) throws(TranscodingError) {
        switch unsafe end.pointee {
        case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), 0x20, 0x09, 0x0A, 0x0D: return
        case 0 where unsafe end == UnsafePointer(text + length): return
        default:
            throw TranscodingError(
                .malformedJSON, unsafe "the value that ends at byte \(end - UnsafePointer(text)) is no JSON")
        }
    }

    /// Steps over `true`, `false` or `null`, whose first letter has been seen.
    @inline(__always)
    mutating func literal(_ text: StaticString) throws(TranscodingError) {
        let token = unsafe advance()
        let count = text.utf8CodeUnitCount
        guard unsafe equalBytes(token, text.utf8Start, count) else {
            unsafe next -= 1
            throw unexpected("a value")
        }
        unsafe try expectBoundary(token + count)
    }

    /// Steps over a number.
    @inline(__always)
    mutating func number() throws(TranscodingError) -> JSONNumber {
        guard let number = unsafe JSONNumber(advance()) else {
            unsafe next -= 1
            throw unexpected("a value")
        }
        unsafe try expectBoundary(number.end)
        return number
    }

    /// Steps over a string, whose quote has been seen, and resolves its escapes in place.
    @inline(__always)
    mutating func string() throws(TranscodingError) -> TextSlice {
        let start = unsafe advance() + 1
        if !hasEscapes {
            // Between a string and the next token, or the end, there is nothing but white space.
            var end = unsafe text + Int(next.pointee) - 1
            while unsafe end.pointee != UInt8(ascii: "\"") {
                guard unsafe end > start else { throw unexpected("'\"'") }
                unsafe end -= 1
            }
            return unsafe TextSlice(start: start, count: end - start)
        }
        let end = unsafe Self.findSpecial(start)
        if unsafe end.pointee == UInt8(ascii: "\"") { return unsafe TextSlice(start: start, count: end - start) }
        return unsafe TextSlice(start: start, count: try Self.unescape(from: end, to: end) - start)
    }

    /// The string that starts at a token, its escapes resolved elsewhere: for what is read a second time.
    func stringCopy(_ token: UnsafeMutablePointer<UInt8>, _ arena: Arena) throws(TranscodingError) -> TextSlice {
        let start = unsafe token + 1
        let end = unsafe Self.findSpecial(start)
        if unsafe end.pointee == UInt8(ascii: "\"") { return unsafe TextSlice(start: start, count: end - start) }
        // The string's raw bytes, to the quote that no backslash escapes.
        var close = unsafe end
        while unsafe close.pointee != UInt8(ascii: "\"") { unsafe close += close.pointee == UInt8(ascii: "\\") ? 2 : 1 }
        let count = unsafe close - start + 1
        let copy = unsafe try arena.allocate(count + 8).assumingMemoryBound(to: UInt8.self)
        unsafe memcpy(copy, start, count)
        let first = unsafe copy + (end - start)
        return unsafe TextSlice(start: copy, count: try Self.unescape(from: first, to: first) - copy)
    }

    /// The first quote or backslash. There is one: strings end, and zeros follow the text.
    @inline(__always)
    private static func findSpecial(_ start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        var cursor = unsafe start
        while true {
            let word = unsafe loadWord(cursor)
            let found = zeroBytes(word ^ repeated(UInt8(ascii: "\""))) | zeroBytes(word ^ repeated(UInt8(ascii: "\\")))
            if found != 0 { return unsafe cursor + found.trailingZeroBitCount / 8 }
            unsafe cursor += 8
        }
    }

    /// Resolves escapes up to the closing quote, and returns the end of what was written.
    private static func unescape(
        from source: UnsafeMutablePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>
    ) throws(TranscodingError) -> UnsafeMutablePointer<UInt8> {
        var source = unsafe source
        var target = unsafe target
        while true {
            let byte = unsafe source.pointee
            if byte == UInt8(ascii: "\"") { return unsafe target }
            if byte != UInt8(ascii: "\\") {
                unsafe target.pointee = byte
                unsafe target += 1
                unsafe source += 1
                continue
            }
            let escape = unsafe source[1]
            unsafe source += 2
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unsafe target.pointee = escape
            case UInt8(ascii: "b"): unsafe target.pointee = 0x08
            case UInt8(ascii: "f"): unsafe target.pointee = 0x0C
            case UInt8(ascii: "n"): unsafe target.pointee = 0x0A
            case UInt8(ascii: "r"): unsafe target.pointee = 0x0D
            case UInt8(ascii: "t"): unsafe target.pointee = 0x09
            case UInt8(ascii: "u"):
                unsafe target = unsafe try unescapeUnit(&source, target)
                continue
            default: throw TranscodingError(.malformedJSON, "a string has an escape that JSON does not know")
            }
            unsafe target += 1
        }
    }

    /// Resolves the escape whose four digits `source` points to, with its second half if it is of two.
    private static func unescapeUnit(
        _ source: inout UnsafeMutablePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>
    ) throws(TranscodingError) -> UnsafeMutablePointer<UInt8> {
        var scalar = unsafe try hexadecimal(source)
        unsafe source += 4
        if scalar >= 0xD800, scalar < 0xE000 {
            guard scalar < 0xDC00, unsafe source[0] == UInt8(ascii: "\\"), unsafe source[1] == UInt8(ascii: "u") else {
                throw TranscodingError(.invalidUTF8, "a string has half of a surrogate pair")
            }
            let low = unsafe try hexadecimal(source + 2)
            guard low >= 0xDC00, low < 0xE000 else {
                throw TranscodingError(.invalidUTF8, "a string has half of a surrogate pair")
            }
            unsafe source += 6
            scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
        }
        // Never longer than the escape was.
        if scalar < 0x80 {
            unsafe target[0] = UInt8(scalar)
            return unsafe target + 1
        }
        if scalar < 0x800 {
            unsafe target[0] = UInt8(0xC0 | scalar >> 6)
            unsafe target[1] = UInt8(0x80 | scalar & 0x3F)
            return unsafe target + 2
        }
        if scalar < 0x10000 {
            unsafe target[0] = UInt8(0xE0 | scalar >> 12)
            unsafe target[1] = UInt8(0x80 | scalar >> 6 & 0x3F)
            unsafe target[2] = UInt8(0x80 | scalar & 0x3F)
            return unsafe target + 3
        }
        unsafe target[0] = UInt8(0xF0 | scalar >> 18)
        unsafe target[1] = UInt8(0x80 | scalar >> 12 & 0x3F)
        unsafe target[2] = UInt8(0x80 | scalar >> 6 & 0x3F)
        unsafe target[3] = UInt8(0x80 | scalar & 0x3F)
        return unsafe target + 4
    }

    private static func hexadecimal(_ start: UnsafeMutablePointer<UInt8>) throws(TranscodingError) -> UInt32 {
        var value: UInt32 = 0
        for place in 0..<4 {
            let byte = unsafe start[place]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw TranscodingError(.malformedJSON, "a string has \\u without four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// Steps over any value, which must be JSON; containers may lie `depth` deep.
    mutating func skipValue(depth: Int) throws(TranscodingError) {
        switch peek {
        case UInt8(ascii: "\""):
            // Resolved so that a wrong escape is found, and in place: nobody reads it again.
            _ = try string()
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        case UInt8(ascii: "{"):
            guard depth > 0 else { throw WireReader.tooDeep() }
            unsafe next += 1
            if peek == UInt8(ascii: "}") {
                unsafe next += 1
                return
            }
            while true {
                guard peek == UInt8(ascii: "\"") else { throw unexpected("a key") }
                _ = try string()
                try expect(UInt8(ascii: ":"))
                try skipValue(depth: depth - 1)
                if try !anotherElement(UInt8(ascii: "}")) { return }
            }
        case UInt8(ascii: "["):
            guard depth > 0 else { throw WireReader.tooDeep() }
            unsafe next += 1
            if peek == UInt8(ascii: "]") {
                unsafe next += 1
                return
            }
            repeat { try skipValue(depth: depth - 1) } while try anotherElement(UInt8(ascii: "]"))
        default: _ = try number()
        }
    }

    /// Steps over a comma or the closing bracket, and tells which it was.
    @inline(__always)
    mutating func anotherElement(_ close: UInt8) throws(TranscodingError) -> Bool {
        let byte = unsafe advance().pointee
        if byte == UInt8(ascii: ",") { return true }
        if byte == close { return false }
        unsafe next -= 1
        throw unexpected("',' or '\(Character(Unicode.Scalar(close)))'")
    }
}
