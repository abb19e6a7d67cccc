/// Finds a page's encoding: HTML standard, section 13.2.3.
struct CharsetDetector {
    /// How much of a page is looked through for `meta`.
    private static let prescanLength = 1_024

    let charset: Charset
    let source: CharsetSource
    /// Bytes of the byte order mark.
    let markLength: Int

    init(_ bytes: [UInt8], contentType: String?) {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            (charset, source, markLength) = (.utf8, .byteOrderMark, 3)
        } else if bytes.starts(with: [0xFE, 0xFF]) {
            (charset, source, markLength) = (.utf16(isBigEndian: true), .byteOrderMark, 2)
        } else if bytes.starts(with: [0xFF, 0xFE]) {
            (charset, source, markLength) = (.utf16(isBigEndian: false), .byteOrderMark, 2)
        } else if let found = contentType.flatMap(Self.charset(ofContentType:)) {
            (charset, source, markLength) = (found, .contentType, 0)
        } else if let found = MetaPrescan.charset(in: bytes.prefix(Self.prescanLength)) {
            (charset, source, markLength) = (found, .meta, 0)
        } else {
            (charset, source, markLength) = (UTF8Check.isValid(bytes) ? .utf8 : .windows1252, .fallback, 0)
        }
    }

    /// The `charset` of a Content-Type: RFC 9110, section 8.3.
    private static func charset(ofContentType value: String) -> Charset? {
        for parameter in value.split(separator: ";").dropFirst() {
            let pair = parameter.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0].lowercased().filter({ !$0.isWhitespace }) == "charset" else { continue }
            return Charset(label: pair[1].utf8.filter { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") })
        }
        return nil
    }
}

/// HTML standard, section 13.2.3.2: the prescan of a byte stream for its encoding.
struct MetaPrescan {
    private let bytes: [UInt8]
    private var position = 0

    static func charset(in bytes: some Sequence<UInt8>) -> Charset? {
        var scan = MetaPrescan(bytes: Array(bytes))
        return scan.run()
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func byte(_ offset: Int = 0) -> UInt8? { position + offset < bytes.count ? bytes[position + offset] : nil }

    private func isAt(_ text: String) -> Bool {
        bytes.dropFirst(position).prefix(text.utf8.count).map(\.asciiLowercased) == Array(text.utf8)
    }

    private mutating func run() -> Charset? {
        while let current = byte() {
            guard current == UInt8(ascii: "<") else {
                position += 1
                continue
            }
            if isAt("<!--") {
                position += 2
                while byte() != nil, !isAt("-->") { position += 1 }
                position += 3
            } else if isAt("<meta"), let after = byte(5), after.isHTMLSpace || after == UInt8(ascii: "/") {
                position += 6
                if let charset = meta() { return charset }
            } else if byte(1)?.isASCIILetter ?? false || (isAt("</") && byte(2)?.isASCIILetter ?? false) {
                while let next = byte(), !next.isHTMLSpace, next != UInt8(ascii: ">") { position += 1 }
                while attribute() != nil {}
            } else if isAt("<!") || isAt("</") || isAt("<?") {
                while let next = byte(), next != UInt8(ascii: ">") { position += 1 }
                position += 1
            } else {
                position += 1
            }
        }
        return nil
    }

    private mutating func meta() -> Charset? {
        var seen: Set<[UInt8]> = []
        var isPragma = false
        var needsPragma: Bool?
        var charset: Charset?
        while let (name, value) = attribute() {
            guard seen.insert(name).inserted else { continue }
            switch String(decoding: name, as: UTF8.self) {
            case "http-equiv": isPragma = isPragma || value == Array("content-type".utf8)
            case "content":
                if charset == nil, let found = Self.charset(ofContent: value) {
                    charset = found
                    needsPragma = true
                }
            case "charset":
                charset = Charset(label: value)
                needsPragma = false
            default: break
            }
        }
        guard let needsPragma, let charset, !needsPragma || isPragma else { return nil }
        return charset.asDeclaredInPage
    }

    /// The encoding that a `content` names behind `charset=`.
    private static func charset(ofContent value: [UInt8]) -> Charset? {
        let word = Array("charset".utf8)
        var index = 0
        while index + word.count <= value.count {
            guard Array(value[index..<(index + word.count)]) == word else {
                index += 1
                continue
            }
            index += word.count
            while index < value.count, value[index].isHTMLSpace { index += 1 }
            guard index < value.count, value[index] == UInt8(ascii: "=") else { continue }
            index += 1
            while index < value.count, value[index].isHTMLSpace { index += 1 }
            guard index < value.count else { return nil }
            let quote = value[index]
            if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
                guard let end = value[(index + 1)...].firstIndex(of: quote) else { return nil }
                return Charset(label: value[(index + 1)..<end])
            }
            return Charset(label: value[index...].prefix { !$0.isHTMLSpace && $0 != UInt8(ascii: ";") })
        }
        return nil
    }

    /// The next attribute, in lower case; nil at the tag's end.
    private mutating func attribute() -> (name: [UInt8], value: [UInt8])? {
        while let next = byte(), next.isHTMLSpace || next == UInt8(ascii: "/") { position += 1 }
        guard let first = byte(), first != UInt8(ascii: ">") else { return nil }
        var name: [UInt8] = []
        while let next = byte() {
            if next == UInt8(ascii: "="), !name.isEmpty { break }
            if next == UInt8(ascii: "/") || next == UInt8(ascii: ">") { return (name, []) }
            if next.isHTMLSpace {
                while byte()?.isHTMLSpace ?? false { position += 1 }
                guard byte() == UInt8(ascii: "=") else { return (name, []) }
                break
            }
            name.append(next.asciiLowercased)
            position += 1
        }
        guard byte() != nil else { return nil }
        position += 1
        while byte()?.isHTMLSpace ?? false { position += 1 }
        guard let opening = byte() else { return nil }
        var value: [UInt8] = []
        if opening == UInt8(ascii: "\"") || opening == UInt8(ascii: "'") {
            position += 1
            while let next = byte(), next != opening {
                value.append(next.asciiLowercased)
                position += 1
            }
            guard byte() != nil else { return nil }
            position += 1
            return (name, value)
        }
        while let next = byte(), !next.isHTMLSpace, next != UInt8(ascii: ">") {
            value.append(next.asciiLowercased)
            position += 1
        }
        return byte() == nil ? nil : (name, value)
    }
}
