import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A request's head in the form that nearly all have.
struct PlainHead {
    /// As `POST`.
    let method: String
    let path: String
    let query: String?
    let authority: String
    let fields: RequestFields
    /// Bytes that it takes.
    let size: Int
}

/// Reads heads of HTTP/1.1 requests that are plain: one of six methods, a path, `HTTP/1.1`, fields of printable ASCII whose
/// lines end in CR LF, one `Host`, a length or none, and nothing that changes how a message is framed or how a connection
/// goes on. Every parser reads such a head in the same way.
///
/// It refuses nothing. What is not plain in any way is NIO's parser's to judge (docs/decisions/0020).
struct PlainHeadReader {
    enum Outcome {
        case head(PlainHead)
        /// All that is there is plain, and the end is not there.
        case partial
        case notPlain
    }

    private let maxTarget: Int
    private let maxCount: Int
    private let maxBytes: Int
    /// The last head's fields as they came, from the first one's first byte to the end of the head.
    private var lastBlock: [UInt8] = []
    private var last: (fields: RequestFields, authority: String)?

    init(_ configuration: EdgeConfiguration) {
        maxTarget = configuration.maxTargetLength
        (maxCount, maxBytes) = (configuration.maxHeaderCount, configuration.maxHeaderBytes)
    }

    /// Forgets the last head: it may hold credentials, which are not kept for a connection that is idle.
    mutating func forget() {
        guard last != nil else { return }
        lastBlock = []
        last = nil
    }

    /// Reads the head at the beginning of `bytes`.
    mutating func read(_ bytes: ByteBuffer) -> Outcome {
        let line: PlainRequestLine
        switch PlainRequestLine.read(bytes.readableBytesUInt8Span, maxTarget: maxTarget) {
        case .whole(let whole): line = whole
        case .partial: return .partial
        case .notPlain: return .notPlain
        }
        var size = line.end + lastBlock.count
        if let last, isLastBlock(bytes, at: line.end) {
            return .head(head(line, bytes, last.fields, last.authority, size))
        }

        var block = PlainFieldBlock(maxCount: maxCount, maxBytes: maxBytes)
        switch block.read(bytes, from: line.end) {
        case .whole(let end): size = end
        case .partial: return .partial
        case .notPlain: return .notPlain
        }
        guard let host = block.known.host, let authority = FieldText.authority(host) else { return .notPlain }
        let fields = RequestFields(block.list, block.known)
        lastBlock.removeAll(keepingCapacity: true)
        lastBlock.append(
            contentsOf: bytes.readableBytesView[(bytes.readerIndex + line.end)..<(bytes.readerIndex + size)])
        last = (fields, authority)
        return .head(head(line, bytes, fields, authority, size))
    }

    private func isLastBlock(_ bytes: ByteBuffer, at start: Int) -> Bool {
        guard !lastBlock.isEmpty, lastBlock.count <= bytes.readableBytes - start else { return false }
        return unsafe bytes.withUnsafeReadableBytes { bytes in
            unsafe lastBlock.withUnsafeBytes { block in
                guard let old = block.baseAddress, let new = bytes.baseAddress else { return false }
                return unsafe memcmp(old, new + start, block.count) == 0
            }
        }
    }

    private func head(
        _ line: PlainRequestLine, _ bytes: ByteBuffer, _ fields: RequestFields, _ authority: String, _ size: Int
    ) -> PlainHead {
        PlainHead(
            method: line.method, path: bytes.plainText(line.path), query: line.query.map(bytes.plainText),
            authority: authority, fields: fields, size: size)
    }
}

/// `POST /path?query HTTP/1.1` and its line's end; places count from the request's first byte.
private struct PlainRequestLine {
    enum Outcome {
        case whole(PlainRequestLine)
        case partial
        case notPlain
    }

    let method: String
    let path: Range<Int>
    let query: Range<Int>?
    let end: Int

    private static let version: StaticString = " HTTP/1.1\r\n"

    static func read(_ bytes: Span<UInt8>, maxTarget: Int) -> Outcome {
        // A method takes eight bytes at most; of a shorter beginning the first one has to do.
        guard bytes.count > 8 else {
            return bytes.isEmpty || "DGHP".utf8.contains(bytes[0]) ? .partial : .notPlain
        }
        guard let (method, start) = method(bytes) else { return .notPlain }
        guard bytes[start] == UInt8(ascii: "/") else { return .notPlain }
        var place = start
        var mark: Int?
        while place < bytes.count, isOfTarget(bytes[place]) {
            if mark == nil, bytes[place] == UInt8(ascii: "?") { mark = place }
            place += 1
        }
        guard place - start <= maxTarget else { return .notPlain }
        let pathEnd = mark ?? place
        let line = PlainRequestLine(
            method: method, path: start..<pathEnd, query: mark.map { ($0 + 1)..<place },
            end: place + version.utf8CodeUnitCount)
        var offset = 0
        while offset < version.utf8CodeUnitCount {
            guard place + offset < bytes.count else { return .partial }
            guard unsafe bytes[place + offset] == version.utf8Start[offset] else { return .notPlain }
            offset += 1
        }
        return .whole(line)
    }

    /// The method, and where the target begins: within the first eight bytes.
    private static func method(_ bytes: Span<UInt8>) -> (String, Int)? {
        func isNext(_ text: StaticString) -> Bool {
            for offset in 0..<text.utf8CodeUnitCount where unsafe bytes[offset] != text.utf8Start[offset] {
                return false
            }
            return true
        }
        return switch bytes[0] {
        case UInt8(ascii: "G"): isNext("GET ") ? ("GET", 4) : nil
        case UInt8(ascii: "H"): isNext("HEAD ") ? ("HEAD", 5) : nil
        case UInt8(ascii: "D"): isNext("DELETE ") ? ("DELETE", 7) : nil
        case UInt8(ascii: "P"):
            if isNext("POST ") {
                ("POST", 5)
            } else if isNext("PUT ") {
                ("PUT", 4)
            } else {
                isNext("PATCH ") ? ("PATCH", 6) : nil
            }
        default: nil
        }
    }

    /// What RFC 3986 lets paths and queries consist of; others may come, and are not plain.
    private static func isOfTarget(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21, 0x24...0x3B, 0x3D, 0x3F...0x5B, 0x5D, 0x5F, 0x61...0x7A, 0x7E: true
        default: false
        }
    }
}

/// The fields of a head, to its end.
private struct PlainFieldBlock {
    enum Outcome {
        /// Where the head ends.
        case whole(Int)
        case partial
        case notPlain
    }

    let maxCount: Int
    let maxBytes: Int
    private(set) var list: [(name: String, value: String)] = []
    private(set) var known = KnownHeaders()

    init(maxCount: Int, maxBytes: Int) {
        (self.maxCount, self.maxBytes) = (maxCount, maxBytes)
        list.reserveCapacity(12)
    }

    mutating func read(_ buffer: ByteBuffer, from start: Int) -> Outcome {
        let bytes = buffer.readableBytesUInt8Span
        var place = start
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "\r") {
                guard place + 1 < bytes.count else { return .partial }
                return bytes[place + 1] == UInt8(ascii: "\n") ? .whole(place + 2) : .notPlain
            }
            let nameStart = place
            while place < bytes.count, Self.isOfName(bytes[place]) { place += 1 }
            guard place < bytes.count else { return .partial }
            guard place > nameStart, bytes[place] == UInt8(ascii: ":") else { return .notPlain }
            let name = buffer.plainText(nameStart..<place).lowercased()
            place += 1
            while place < bytes.count, Self.isBlank(bytes[place]) { place += 1 }
            let valueStart = place
            while place < bytes.count, Self.isOfValue(bytes[place]) { place += 1 }
            guard place + 1 < bytes.count else { return .partial }
            guard bytes[place] == UInt8(ascii: "\r"), bytes[place + 1] == UInt8(ascii: "\n") else { return .notPlain }
            var valueEnd = place
            while valueEnd > valueStart, Self.isBlank(bytes[valueEnd - 1]) { valueEnd -= 1 }
            place += 2
            guard take(name, buffer.plainText(valueStart..<valueEnd)) else { return .notPlain }
        }
        return .partial
    }

    /// Takes a field in; false if it makes the head one that is not plain.
    private mutating func take(_ name: String, _ value: String) -> Bool {
        switch name.utf8.count {
        case 6: if name == "expect" { return false }
        case 7: if name == "upgrade" { return false }
        case 10: if name == "connection", value.lowercased() != "keep-alive" || known.connection != nil { return false }
        case 16: if name == "proxy-connection" { return false }
        case 17: if name == "transfer-encoding" { return false }
        default: break
        }
        list.append((name, value))
        do { try known.add(name, value) } catch { return false }
        return list.count <= maxCount && known.size <= maxBytes
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x30...0x39, 0x41...0x5A, 0x5E...0x7A, 0x7C, 0x7E: true
        default: false
        }
    }

    private static func isOfValue(_ byte: UInt8) -> Bool { byte >= 0x20 && byte < 0x7F || byte == 0x09 }
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

extension ByteBuffer {
    /// Readable bytes that are known to be ASCII, counted from the first.
    fileprivate func plainText(_ range: Range<Int>) -> String {
        getString(at: readerIndex + range.lowerBound, length: range.count) ?? ""
    }
}
