/// A URL in the one form in which a crawl knows it: as browsers normalize it, without fragment, and without what does not
/// change a page.
///
/// Read from absolute http and https URLs as the URL Standard resolves them. Scheme and host are in lower case, the
/// default port goes, dot segments are resolved, percent-encodings of unreserved characters are undone and others written
/// in upper case, what may not stand in a URL is encoded, and an empty path is `/`. The query keeps its order.
struct CrawlURL: Sendable, Hashable, CustomStringConvertible {
    /// The whole.
    let text: String
    /// Bytes of the scheme: `http` or `https`.
    private let schemeLength: Int
    /// Bytes before the path.
    private let originLength: Int
    /// Bytes before the question mark, or of the whole.
    private let pathEnd: Int

    var description: String { text }
    /// `https://example.org:8443`.
    var origin: String { slice(0, originLength) }
    /// What politeness is counted for: `example.org`, with the port where it is not the scheme's own.
    var host: String { slice(schemeLength + 3, originLength) }
    /// The host without its port.
    var hostName: String {
        let host = host
        if host.hasPrefix("[") { return String(host.prefix { $0 != "]" }.dropFirst()) }
        return String(host.prefix { $0 != ":" })
    }
    var isSecure: Bool { schemeLength == 5 }
    /// Without the query.
    var path: String { slice(originLength, pathEnd) }
    /// Without its question mark.
    var query: String? { pathEnd < text.utf8.count ? slice(pathEnd + 1, text.utf8.count) : nil }
    /// Path and query: what rules of sites and scopes are matched with.
    var target: String { slice(originLength, text.utf8.count) }

    /// Bytes beyond which nothing is a page's URL.
    static let maximumBytes = 8_192

    private func slice(_ start: Int, _ end: Int) -> String {
        let view = text.utf8
        return String(text[view.index(view.startIndex, offsetBy: start)..<view.index(view.startIndex, offsetBy: end)])
    }

    /// Reads an absolute URL; nil if it is none of http or https, has user information, or a port that is none.
    ///
    /// - Parameter ignored: Parameters to leave out.
    init?(_ url: String, ignoring ignored: IgnoredParameters = .none) {
        guard let parsed = Self.read(Array(url.utf8), ignored) else { return nil }
        text = String(decoding: parsed.bytes, as: UTF8.self)
        (schemeLength, originLength, pathEnd) = (parsed.schemeLength, parsed.originLength, parsed.pathEnd)
    }

    private struct Parsed {
        var bytes: [UInt8] = []
        var schemeLength = 0
        var originLength = 0
        var pathEnd = 0
    }

    private static func read(_ all: [UInt8], _ ignored: IgnoredParameters) -> Parsed? {
        guard all.count <= maximumBytes, let colon = all.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        var parsed = Parsed()
        parsed.bytes.reserveCapacity(all.count + 8)
        for index in 0..<colon { parsed.bytes.append(lowered(all[index])) }
        let isSecure: Bool
        switch parsed.bytes {
        case Array("http".utf8): isSecure = false
        case Array("https".utf8): isSecure = true
        default: return nil
        }
        parsed.schemeLength = colon
        guard colon + 2 < all.count, isSlash(all[colon + 1]), isSlash(all[colon + 2]) else { return nil }
        parsed.bytes += Array("://".utf8)
        var index = colon + 3
        let hostStart = index
        while index < all.count, !isEndOfHost(all[index]) { index += 1 }
        guard appendHost(all[hostStart..<index], isSecure: isSecure, to: &parsed.bytes) else { return nil }
        parsed.originLength = parsed.bytes.count
        let pathStart = index
        while index < all.count, all[index] != UInt8(ascii: "?"), all[index] != UInt8(ascii: "#") {
            index += 1
        }
        appendPath(all[pathStart..<index], to: &parsed.bytes)
        parsed.pathEnd = parsed.bytes.count
        if index < all.count, all[index] == UInt8(ascii: "?") {
            let queryStart = index + 1
            while index < all.count, all[index] != UInt8(ascii: "#") { index += 1 }
            appendQuery(all[queryStart..<index], ignored, to: &parsed.bytes)
        }
        return parsed.bytes.count <= maximumBytes ? parsed : nil
    }

    private static func isSlash(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") }

    private static func isEndOfHost(_ byte: UInt8) -> Bool {
        isSlash(byte) || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    private static func appendHost(
        _ host: ArraySlice<UInt8>, isSecure: Bool, to bytes: inout [UInt8]
    ) -> Bool {
        let start = bytes.count
        for byte in host {
            switch byte {
            case UInt8(ascii: "@"), UInt8(ascii: "%"), 0...0x20, 0x7F...: return false
            default: bytes.append(lowered(byte))
            }
        }
        // The port: behind the last colon that is not within brackets.
        var end = bytes.count
        let bracket = bytes[start...].lastIndex(of: UInt8(ascii: "]")) ?? start
        if let colon = bytes[bracket...].lastIndex(of: UInt8(ascii: ":")) {
            let digits = bytes[(colon + 1)...]
            guard digits.count <= 5, digits.allSatisfy({ $0 &- 0x30 < 10 }) else { return false }
            let port = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            guard port <= 65_535, digits.isEmpty || port > 0 else { return false }
            bytes.removeSubrange(colon...)
            end = bytes.count
            if !digits.isEmpty, port != (isSecure ? 443 : 80) { bytes += Array(":\(port)".utf8) }
        }
        // A dot behind the name means the same host, and many servers do not know it.
        while end - start > 1, bytes[end - 1] == UInt8(ascii: ".") {
            end -= 1
            bytes.remove(at: end)
        }
        return end > start && isHost(bytes[start..<end])
    }

    /// Whether brackets stand around an address of IPv6 only, and colons within them only.
    private static func isHost(_ host: ArraySlice<UInt8>) -> Bool {
        var inner = host
        if host.first == UInt8(ascii: "[") {
            guard host.last == UInt8(ascii: "]") else { return false }
            inner = host.dropFirst().dropLast()
            return inner.allSatisfy { digit($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
                && inner.contains(UInt8(ascii: ":"))
        }
        return !inner.contains { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]") }
    }

    private static func appendPath(_ path: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(UInt8(ascii: "/"))
        var segment = bytes.count
        var index = path.startIndex
        if index < path.endIndex { index += 1 }
        while index < path.endIndex {
            let byte = path[index]
            if isSlash(byte) {
                endSegment(&bytes, start, &segment, isLast: false)
            } else {
                append(byte, path, &index, &bytes, isQuery: false)
            }
            index += 1
        }
        endSegment(&bytes, start, &segment, isLast: true)
    }

    /// Ends a segment: one dot goes, two take the segment before along.
    private static func endSegment(_ bytes: inout [UInt8], _ start: Int, _ segment: inout Int, isLast: Bool) {
        let length = bytes.count - segment
        let isDots = (1...2).contains(length) && bytes[segment...].allSatisfy { $0 == UInt8(ascii: ".") }
        guard isDots else {
            if !isLast { bytes.append(UInt8(ascii: "/")) }
            segment = bytes.count
            return
        }
        bytes.removeSubrange(segment...)
        if length == 2, segment > start + 1 {
            let before = bytes[start..<(segment - 1)].lastIndex(of: UInt8(ascii: "/")) ?? start
            bytes.removeSubrange((before + 1)...)
        }
        segment = bytes.count
    }

    private static func appendQuery(
        _ query: ArraySlice<UInt8>, _ ignored: IgnoredParameters, to bytes: inout [UInt8]
    ) {
        let start = bytes.count
        bytes.append(UInt8(ascii: "?"))
        var parameter = bytes.count
        var index = query.startIndex
        while index <= query.endIndex {
            if index == query.endIndex || query[index] == UInt8(ascii: "&") {
                if ignored.contains(bytes[parameter...]) {
                    bytes.removeSubrange(parameter...)
                    if index == query.endIndex, bytes.last == UInt8(ascii: "&") { bytes.removeLast() }
                } else if index < query.endIndex {
                    bytes.append(UInt8(ascii: "&"))
                }
                parameter = bytes.count
            } else {
                append(query[index], query, &index, &bytes, isQuery: true)
            }
            index += 1
        }
        if bytes.count == start + 1 { bytes.removeLast() }
    }

    /// Appends a byte in its normal form; moves on over a percent-encoding.
    private static func append(
        _ byte: UInt8, _ text: ArraySlice<UInt8>, _ index: inout Int, _ bytes: inout [UInt8],
        isQuery: Bool
    ) {
        switch byte {
        case UInt8(ascii: "%"):
            guard index + 2 < text.endIndex, let high = digit(text[index + 1]),
                let low = digit(text[index + 2])
            else { return bytes.append(byte) }
            index += 2
            let decoded = high << 4 | low
            // Behind a percent sign that begins no encoding, a digit must not complete one.
            let isHeld = digit(decoded) != nil && bytes.suffix(2).contains(UInt8(ascii: "%"))
            if isUnreserved(decoded), !isHeld { bytes.append(decoded) } else { appendEncoded(decoded, to: &bytes) }
        case 0...0x20, 0x7F..., UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"):
            appendEncoded(byte, to: &bytes)
        case UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "^"):
            if isQuery { bytes.append(byte) } else { appendEncoded(byte, to: &bytes) }
        default: bytes.append(byte)
        }
    }

    private static func appendEncoded(_ byte: UInt8, to bytes: inout [UInt8]) {
        let digits = Array("0123456789ABCDEF".utf8)
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    /// RFC 3986, 2.3.
    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}

/// Parameters of queries that do not change what a page is.
struct IgnoredParameters: Sendable, Hashable {
    static let none = IgnoredParameters([])

    private var names: Set<[UInt8]> = []
    private var prefixes: [[UInt8]] = []

    /// - Parameter names: `utm_source`, or `utm_*` for all that begin so.
    init(_ names: [String]) {
        for name in names {
            if name.hasSuffix("*") {
                prefixes.append(Array(name.utf8.dropLast()))
            } else {
                self.names.insert(Array(name.utf8))
            }
        }
    }

    /// Whether a parameter, with its value, is one of them.
    func contains(_ parameter: ArraySlice<UInt8>) -> Bool {
        if names.isEmpty, prefixes.isEmpty { return false }
        let name = parameter.prefix { $0 != UInt8(ascii: "=") }
        return names.contains(Array(name)) || prefixes.contains { name.starts(with: $0) }
    }
}
