/// One JSON object on one line, of a bounded length: what no longer fits is cut or left out, and `"cut": true` says so.
struct JSONLine {
    private var bytes: [UInt8] = []
    private let limit: Int
    private var isCut = false
    private var needsComma = false
    /// Set while what is written belongs to something that no longer fits.
    private var depth = 0

    /// Kept free for what closes the line.
    private static let reserve = 64

    init(limit: Int) {
        self.limit = max(limit, 256)
        bytes.reserveCapacity(256)
    }

    private var room: Int { limit - Self.reserve - depth - bytes.count }

    mutating func open() {
        bytes.append(UInt8(ascii: "{"))
        depth = 1
    }

    mutating func field(_ name: String, _ text: String) {
        self.name(name)
        self.text(text)
    }

    /// Begins a member of an object.
    mutating func name(_ name: String) {
        element()
        string(name, at: 128)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Begins an element of a list.
    mutating func element() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    mutating func text(_ text: String) {
        string(text, at: max(room, 0))
        needsComma = true
    }

    mutating func begin(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        depth += 1
        needsComma = false
    }

    mutating func end(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        depth -= 1
        needsComma = true
    }

    mutating func closed() -> [UInt8] {
        // Many small members can pass the limit by their names alone; such a line is replaced as a whole.
        if bytes.count > limit + Self.reserve {
            return Array(
                "{\"level\":\"warning\",\"message\":\"a log line of \(bytes.count) bytes was left out\",\"cut\":true}"
                    .utf8)
        }
        bytes.append(contentsOf: Array(isCut ? ",\"cut\":true}".utf8 : "}".utf8))
        return bytes
    }

    private mutating func string(_ text: String, at limit: Int) {
        bytes.append(UInt8(ascii: "\""))
        var utf8 = Array(text.utf8)
        if utf8.count > limit {
            isCut = true
            utf8 = Self.cut(utf8, to: limit)
        }
        let start = bytes.count
        for byte in utf8 {
            // What is escaped is longer: the bound holds for what is written.
            guard bytes.count - start < limit || byte >= 0x80 && byte < 0xC0 else {
                isCut = true
                break
            }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case UInt8(ascii: "\n"): bytes.append(contentsOf: Array("\\n".utf8))
            case 0..<0x20, 0x7F:
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: Array("\\u00".utf8))
                bytes.append(contentsOf: [digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The first bytes, without half a character at their end.
    static func cut(_ bytes: [UInt8], to count: Int) -> [UInt8] {
        guard bytes.count > count else { return bytes }
        var end = count
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return Array(bytes[..<end])
    }
}
