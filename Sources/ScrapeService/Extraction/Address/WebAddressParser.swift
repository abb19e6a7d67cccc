/// The URL standard's parser (section 4.4), for schemes of the web.
struct WebAddressParser {
    private let input: [UInt8]
    private let base: WebAddress?
    private var output: [UInt8] = []
    private var position = 0

    init(_ input: [UInt8], _ base: WebAddress?) {
        var lower = 0
        var upper = input.count
        while lower < upper, input[lower] <= 0x20 { lower += 1 }
        while upper > lower, input[upper - 1] <= 0x20 { upper -= 1 }
        let trimmed = input[lower..<upper]
        let isClean = !trimmed.contains { $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        self.input = isClean ? Array(trimmed) : trimmed.filter { $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        self.base = base
        output.reserveCapacity(self.input.count + (base?.bytes.count ?? 0))
    }

    mutating func parse() -> WebAddress? {
        guard let schemeEnd = schemeEnd() else { return relative() }
        let scheme = input[..<schemeEnd].map(\.asciiLowercased)
        guard let port = Self.webSchemes[scheme] else { return opaque(scheme, schemeEnd) }
        position = schemeEnd + 1
        if !isSlash(position), let base, base.isWeb, base.bytes[..<base.schemeEnd].elementsEqual(scheme) {
            return relative()
        }
        while isSlash(position) { position += 1 }
        return withAuthority(scheme, port)
    }

    /// Schemes with hosts, and their usual ports.
    private static let webSchemes: [[UInt8]: Int] = [
        Array("http".utf8): 80, Array("https".utf8): 443, Array("ws".utf8): 80, Array("wss".utf8): 443,
        Array("ftp".utf8): 21,
    ]

    private func schemeEnd() -> Int? {
        guard let first = input.first, first.isASCIILetter else { return nil }
        for index in input.indices {
            let byte = input[index]
            if byte == UInt8(ascii: ":") { return index }
            let isPart =
                byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: ".")
            if !isPart { return nil }
        }
        return nil
    }

    private func isSlash(_ index: Int) -> Bool {
        index < input.count && (input[index] == UInt8(ascii: "/") || input[index] == UInt8(ascii: "\\"))
    }

    /// `mailto:` and the like: no parts that could be resolved.
    private mutating func opaque(_ scheme: [UInt8], _ schemeEnd: Int) -> WebAddress? {
        output = scheme + [UInt8(ascii: ":")]
        let pathStart = output.count
        var fragment: Int?
        for byte in input[(schemeEnd + 1)...] {
            if byte == UInt8(ascii: "#"), fragment == nil { fragment = output.count }
            append(byte, encoding: .control)
        }
        let end = fragment ?? output.count
        return WebAddress(
            bytes: output, schemeEnd: schemeEnd, pathStart: pathStart, queryStart: end, fragmentStart: end,
            isWeb: false)
    }

    private mutating func relative() -> WebAddress? {
        guard let base, base.isWeb else { return nil }
        if isSlash(position), isSlash(position + 1) {
            let scheme = Array(base.bytes[..<base.schemeEnd])
            while isSlash(position) { position += 1 }
            return withAuthority(scheme, Self.webSchemes[scheme] ?? 0)
        }
        let next = position < input.count ? input[position] : nil
        switch next {
        case nil, UInt8(ascii: "#"):
            output += base.bytes[..<base.fragmentStart]
            return finish(base.schemeEnd, base.pathStart, queryStart: base.queryStart)
        case UInt8(ascii: "?"):
            output += base.bytes[..<base.queryStart]
            return withQuery(base.schemeEnd, base.pathStart)
        default:
            output += base.bytes[..<base.pathStart]
            if !isSlash(position) {
                let path = base.bytes[base.pathStart..<base.queryStart]
                output += path[...(path.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex)]
            } else {
                output.append(UInt8(ascii: "/"))
                position += 1
            }
            return withPath(base.schemeEnd, base.pathStart)
        }
    }

    private mutating func withAuthority(_ scheme: [UInt8], _ usualPort: Int) -> WebAddress? {
        output += scheme + Array("://".utf8)
        var end = position
        while end < input.count, !isSlash(end), input[end] != UInt8(ascii: "?"), input[end] != UInt8(ascii: "#") {
            end += 1
        }
        var authority = input[position..<end]
        position = end
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) {
            let colon = authority[..<at].firstIndex(of: UInt8(ascii: ":"))
            for index in authority.startIndex..<at {
                if index == colon {
                    output.append(UInt8(ascii: ":"))
                } else {
                    append(authority[index], encoding: .userInfo)
                }
            }
            if at > authority.startIndex { output.append(UInt8(ascii: "@")) }
            authority = authority[(at + 1)...]
        }
        var port: Int?
        if let colon = authority.lastIndex(of: UInt8(ascii: ":")),
            !authority[colon...].contains(UInt8(ascii: "]"))
        {
            let digits = authority[(colon + 1)...]
            guard digits.allSatisfy(\.isASCIIDigit), digits.count <= 8 else { return nil }
            port = digits.isEmpty ? nil : digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            guard (port ?? 0) <= 65_535 else { return nil }
            authority = authority[..<colon]
        }
        guard let host = WebHost.parse(authority) else { return nil }
        output += host
        if let port, port != usualPort { output += Array(":\(port)".utf8) }
        let pathStart = output.count
        output.append(UInt8(ascii: "/"))
        if isSlash(position) { position += 1 }
        return withPath(scheme.count, pathStart)
    }

    /// Reads a path behind the `/` that the output ends with.
    private mutating func withPath(_ schemeEnd: Int, _ pathStart: Int) -> WebAddress? {
        while true {
            let start = output.count
            while position < input.count, !isSlash(position), input[position] != UInt8(ascii: "?"),
                input[position] != UInt8(ascii: "#")
            {
                append(input[position], encoding: .path)
                position += 1
            }
            let isLast = !isSlash(position)
            switch Self.dots(output[start...]) {
            case 1: output.removeSubrange(start...)
            case 2:
                output.removeSubrange(start...)
                // The slash before stays if it is the path's first.
                if start - 1 > pathStart {
                    output.removeLast()
                    while output.last != UInt8(ascii: "/") { output.removeLast() }
                }
            default: if !isLast { output.append(UInt8(ascii: "/")) }
            }
            if isLast { return withQuery(schemeEnd, pathStart) }
            position += 1
        }
    }

    /// 1 for `.`, 2 for `..`, also where a dot is written as `%2e`; else 0.
    private static func dots(_ segment: ArraySlice<UInt8>) -> Int {
        guard let first = segment.first, first == UInt8(ascii: ".") || first == UInt8(ascii: "%"), segment.count <= 6
        else { return 0 }
        var rest = segment
        var dots = 0
        while let byte = rest.first {
            if byte == UInt8(ascii: ".") {
                rest = rest.dropFirst()
            } else if rest.count >= 3, rest.prefix(3).map(\.asciiLowercased) == [0x25, 0x32, 0x65] {
                rest = rest.dropFirst(3)
            } else {
                return 0
            }
            dots += 1
        }
        return dots <= 2 ? dots : 0
    }

    private mutating func withQuery(_ schemeEnd: Int, _ pathStart: Int) -> WebAddress? {
        let queryStart = output.count
        while position < input.count, input[position] != UInt8(ascii: "#") {
            // The first character is the question mark itself.
            if output.count == queryStart {
                output.append(input[position])
            } else {
                append(input[position], encoding: .query)
            }
            position += 1
        }
        return finish(schemeEnd, pathStart, queryStart: queryStart)
    }

    private mutating func finish(_ schemeEnd: Int, _ pathStart: Int, queryStart: Int) -> WebAddress? {
        let fragmentStart = output.count
        if position < input.count {
            output.append(UInt8(ascii: "#"))
            for byte in input[(position + 1)...] { append(byte, encoding: .fragment) }
        }
        return WebAddress(
            bytes: output, schemeEnd: schemeEnd, pathStart: pathStart, queryStart: queryStart,
            fragmentStart: fragmentStart, isWeb: true)
    }

    // MARK: Percent-encoding (section 1.3)

    /// Characters of ASCII that are encoded in some part of a URL, as bits of their codes.
    private struct EncodeSet {
        let low: UInt64
        let high: UInt64

        private init(_ characters: String) {
            // Controls and DEL are in all of them.
            var low: UInt64 = 0xFFFF_FFFF
            var high: UInt64 = 1 << 63
            for byte in characters.utf8 {
                if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
            }
            self.low = low
            self.high = high
        }

        @inline(__always)
        func contains(_ byte: UInt8) -> Bool {
            byte < 64 ? low >> UInt64(byte) & 1 == 1 : byte >= 128 || high >> UInt64(byte & 63) & 1 == 1
        }

        static let control = EncodeSet(" ")
        static let fragment = EncodeSet(" \"<>`")
        static let query = EncodeSet(" \"#<>'")
        static let path = EncodeSet(" \"#<>?^`{}")
        static let userInfo = EncodeSet(" \"#<>?^`{}/:;=@[\\]|")
    }

    @inline(__always)
    private mutating func append(_ byte: UInt8, encoding set: EncodeSet) {
        if !set.contains(byte) { return output.append(byte) }
        output.append(UInt8(ascii: "%"))
        output.append(Self.digit(byte >> 4))
        output.append(Self.digit(byte & 15))
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }
}
