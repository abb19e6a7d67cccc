/// A request's path, cut into segments and decoded: what routes are matched with.
struct RequestPath {
    /// Why a path is refused before any route is looked for.
    enum Fault: Error {
        /// A `%` without two hexadecimal digits, or what they make is no UTF-8 or a control character.
        case encoding
        /// A segment is `.` or `..`: a proxy before us may have seen another path.
        case dots
        /// It does not begin with a slash.
        case relative
    }

    /// As they came.
    let raw: [Substring]
    /// Decoded; the same where nothing was encoded.
    private(set) var decoded: [Substring]
    /// The last segment before its last colon, decoded, and what follows it; nil without a colon.
    private(set) var verb: (head: Substring, name: Substring)?
    private let isEncoded: Bool

    init(_ path: String) throws(Fault) {
        guard path.utf8.first == UInt8(ascii: "/") else { throw .relative }
        let bytes = path.utf8
        var segments: [Substring] = []
        segments.reserveCapacity(8)
        var (start, index) = (bytes.index(after: bytes.startIndex), bytes.startIndex)
        var (isEncoded, hasColon) = (false, false)
        index = start
        while index != bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "/"):
                segments.append(path[start..<index])
                start = bytes.index(after: index)
                hasColon = false
            case UInt8(ascii: "%"): isEncoded = true
            case UInt8(ascii: ":"): hasColon = true
            default: break
            }
            index = bytes.index(after: index)
        }
        segments.append(path[start..<bytes.endIndex])
        raw = segments
        self.isEncoded = isEncoded
        decoded = segments
        if isEncoded {
            for place in segments.indices {
                guard let text = PercentDecoding.decode(segments[place]) else { throw .encoding }
                decoded[place] = Substring(text)
            }
        }
        for segment in decoded where segment == "." || segment == ".." { throw .dots }
        if hasColon, let last = segments.last, let colon = last.utf8.lastIndex(of: UInt8(ascii: ":")) {
            let (head, name) = (last[..<colon], last[last.utf8.index(after: colon)...])
            if isEncoded {
                guard let head = PercentDecoding.decode(head), let name = PercentDecoding.decode(name) else {
                    throw .encoding
                }
                verb = (Substring(head), Substring(name))
            } else {
                verb = (head, name)
            }
        }
    }

    /// What the path gives a variable.
    ///
    /// - Parameter hasVerb: Whether the template has one, which belongs to no variable.
    func value(of variable: PathTemplate.Variable, hasVerb: Bool) -> String {
        let end = variable.end ?? raw.count
        guard variable.start < end else { return "" }
        let takesVerb = hasVerb && end == raw.count
        if !variable.hasSeveralSegments {
            return String(takesVerb ? verb?.head ?? "" : decoded[variable.start])
        }
        if !isEncoded {
            let first = raw[variable.start]
            let last = takesVerb ? verb?.head ?? raw[end - 1] : raw[end - 1]
            return String(first.base[first.startIndex..<last.endIndex])
        }
        // An encoded slash is part of a segment's text, and would become another segment if it were decoded.
        var text = ""
        for place in variable.start..<end {
            if place > variable.start { text += "/" }
            var segment = raw[place]
            if takesVerb, place == end - 1, let colon = segment.utf8.lastIndex(of: UInt8(ascii: ":")) {
                segment = segment[..<colon]
            }
            text += PercentDecoding.decode(segment, keepingSlashes: true) ?? ""
        }
        return text
    }
}

/// Percent-encoding of URLs (RFC 3986, section 2.1).
enum PercentDecoding {
    /// The text that is meant; nil if an escape is malformed, or the bytes are no UTF-8 or hold a control character.
    ///
    /// - Parameters:
    ///   - plusIsSpace: As in queries.
    ///   - keepingSlashes: Leaves `%2F` as it is, as google/api/http.proto says of variables of several segments.
    static func decode(
        _ text: Substring, plusIsSpace: Bool = false, keepingSlashes: Bool = false
    ) -> String? {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count)
        var bytes = text.utf8.makeIterator()
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let first = bytes.next(), let second = bytes.next(), let high = digit(first),
                    let low = digit(second)
                else { return nil }
                let value = high << 4 | low
                if value < 0x20 || value == 0x7F { return nil }
                if keepingSlashes, value == UInt8(ascii: "/") {
                    output += [byte, first, second]
                } else {
                    output.append(value)
                }
            case UInt8(ascii: "+") where plusIsSpace: output.append(UInt8(ascii: " "))
            default: output.append(byte)
            }
        }
        return String(validating: output, as: UTF8.self)
    }

    /// As `decode`, for queries: tabs and line ends may be meant there.
    static func decodeQuery(_ text: Substring) -> String? {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(text)
        }
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count)
        var bytes = text.utf8.makeIterator()
        while let byte = bytes.next() {
            if byte == UInt8(ascii: "%") {
                guard let first = bytes.next(), let second = bytes.next(), let high = digit(first),
                    let low = digit(second)
                else { return nil }
                output.append(high << 4 | low)
            } else {
                output.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(validating: output, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
