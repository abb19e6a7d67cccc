extension TraceContext {
    /// Reads `traceparent` and `tracestate` (W3C Trace Context, section 3).
    ///
    /// - Returns: nil if `traceparent` is not well-formed, after which a trace begins anew. A `tracestate` that is not
    ///   well-formed is left out.
    public init?(traceparent: String, tracestate: String?) {
        let bytes = Array(traceparent.utf8.prefix(Self.length + 1))
        let dash = UInt8(ascii: "-")
        guard bytes.count >= Self.length, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let version = Hexadecimal.value(bytes[0..<2]), version != 255,
            // A later version may go on after a dash; the first does not.
            bytes.count == Self.length || (version != 0 && bytes[Self.length] == dash),
            let high = Hexadecimal.value(bytes[3..<19]), let low = Hexadecimal.value(bytes[19..<35]),
            let span = Hexadecimal.value(bytes[36..<52]), let flags = Hexadecimal.value(bytes[53..<55]),
            let traceID = TraceID(high: high, low: low), let spanID = SpanID(span)
        else { return nil }
        self.init(
            traceID: traceID,
            spanID: spanID,
            isSampled: flags & Self.sampledFlag != 0,
            hasRandomID: flags & Self.randomFlag != 0,
            state: tracestate.flatMap(Self.state),
            isRemote: true
        )
    }

    private static let length = 55
    private static let sampledFlag: UInt64 = 1
    private static let randomFlag: UInt64 = 2

    /// The flags of `traceparent`.
    var flags: UInt8 {
        (isSampled ? UInt8(Self.sampledFlag) : 0) | (hasRandomID ? UInt8(Self.randomFlag) : 0)
    }

    /// As it goes out: version 00.
    public var traceparent: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.length)
        bytes += [UInt8(ascii: "0"), UInt8(ascii: "0"), UInt8(ascii: "-")]
        Hexadecimal.append(traceID.high, to: &bytes)
        Hexadecimal.append(traceID.low, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Hexadecimal.append(spanID.value, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Hexadecimal.append(UInt64(flags), count: 2, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: tracestate

    /// Bytes of a `tracestate` that is handed on; the standard asks for at least 512.
    static let maxStateLength = 512
    /// Members of a `tracestate`.
    static let maxStateMembers = 32

    /// A `tracestate` as it may be handed on; nil if it is empty or breaks a rule.
    static func state(_ text: String) -> String? {
        guard !text.isEmpty, text.utf8.count <= maxStateLength else { return nil }
        var keys: Set<[UInt8]> = []
        for member in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let member = trimmed(Array(member))
            if member.isEmpty { continue }
            guard let sign = member.firstIndex(of: UInt8(ascii: "=")), isKey(member[..<sign]),
                isValue(member[(sign + 1)...]), keys.insert(Array(member[..<sign])).inserted
            else { return nil }
        }
        return keys.isEmpty || keys.count > maxStateMembers ? nil : text
    }

    private static func trimmed(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var slice = bytes.drop(while: isSpace)
        while let last = slice.last, isSpace(last) { slice.removeLast() }
        return slice
    }

    /// A name in lower case, or a tenant's name, `@` and a system's (section 3.3.1.3.1).
    private static func isKey(_ bytes: ArraySlice<UInt8>) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return isName(parts[0], maxLength: 256, mayBeginWithDigit: false)
        case 2:
            return isName(parts[0], maxLength: 241, mayBeginWithDigit: true)
                && isName(parts[1], maxLength: 14, mayBeginWithDigit: false)
        default: return false
        }
    }

    private static func isName(_ bytes: ArraySlice<UInt8>, maxLength: Int, mayBeginWithDigit: Bool) -> Bool {
        guard let first = bytes.first, bytes.count <= maxLength,
            isLetter(first) || (mayBeginWithDigit && isDigit(first))
        else { return false }
        return bytes.allSatisfy { byte in isLetter(byte) || isDigit(byte) || "_-*/".utf8.contains(byte) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Printable ASCII but `,` and `=`, not ending with a blank (section 3.3.1.3.2).
    private static func isValue(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let last = bytes.last, bytes.count <= 256, last != UInt8(ascii: " ") else { return false }
        return bytes.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") }
    }
}
