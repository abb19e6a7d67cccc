import PolicyModel
import Wire

/// How an answer's messages are written.
enum AnswerFormat {
    /// One JSON document.
    case json
    /// A JSON document a line.
    case lines
    /// A JSON document an event.
    case events
    /// One JSON list of all.
    case list
    /// Bytes, with the media type that the service says.
    case bytes

    var mediaType: String {
        switch self {
        case .json, .list: "application/json"
        case .lines: "application/x-ndjson"
        case .events: "text/event-stream"
        case .bytes: "application/octet-stream"
        }
    }

    /// What a route can answer with, the preferred first.
    private static func offered(_ route: Route) -> [AnswerFormat] {
        if route.download != nil { return [.bytes] }
        guard route.call.descriptor.kind == .serverStreaming else { return [.json] }
        return route.call.stream == .events ? [.events, .lines, .list] : [.lines, .list, .events]
    }

    /// The format that `Accept` likes best.
    ///
    /// - Throws: NOT_ACCEPTABLE if it likes none.
    static func choose(_ accept: String?, _ route: Route) throws(RPCError) -> AnswerFormat {
        let offered = offered(route)
        guard let accept, accept != "*/*", offered != [.bytes] else { return offered[0] }
        if offered.count == 1, accept == "application/json" { return offered[0] }
        let ranges = MediaRange.list(accept)
        var best: (format: AnswerFormat, quality: Int)?
        for format in offered {
            let quality = MediaRange.quality(of: format.mediaType, ranges)
            if quality > best?.quality ?? 0 { best = (format, quality) }
        }
        guard let best else { throw .notAcceptable(offered.map(\.mediaType).joined(separator: " or ")) }
        return best.format
    }
}

/// One range of `Accept` (RFC 9110, section 12.5.1).
struct MediaRange {
    let type: Substring
    let subtype: Substring
    /// In thousandths.
    let quality: Int

    static func list(_ text: String) -> [MediaRange] {
        // As many as a browser sends, and some more.
        text.lowercased().split(separator: ",", maxSplits: 64).compactMap { part in
            let pieces = part.split(separator: ";").map { String($0).trimmedBlanks }
            guard let name = pieces.first, let slash = name.firstIndex(of: "/") else { return nil }
            var quality = 1_000
            for piece in pieces.dropFirst() where piece.hasPrefix("q=") {
                quality = Double(piece.dropFirst(2)).map { Int(max(0, min($0, 1)) * 1_000) } ?? 0
            }
            return MediaRange(type: name[..<slash], subtype: name[name.index(after: slash)...], quality: quality)
        }
    }

    /// How much a media type is liked: what the narrowest range says that it lies in; 0 if it lies in none.
    static func quality(of mediaType: String, _ ranges: [MediaRange]) -> Int {
        guard let slash = mediaType.firstIndex(of: "/") else { return 0 }
        let (type, subtype) = (mediaType[..<slash], mediaType[mediaType.index(after: slash)...])
        var best = (narrowness: -1, quality: 0)
        for range in ranges {
            let narrowness =
                range.type == type && range.subtype == subtype
                ? 2
                : range.type == type && range.subtype == "*" ? 1 : range.type == "*" && range.subtype == "*" ? 0 : -1
            if narrowness > best.narrowness { best = (narrowness, range.quality) }
        }
        return best.quality
    }
}

/// What requests' bodies may be.
enum RequestMedia {
    /// Whether a `Content-Type` says JSON in UTF-8.
    static func isJSON(_ contentType: String) -> Bool {
        if contentType == "application/json" { return true }
        let pieces = contentType.lowercased().split(separator: ";").map { String($0).trimmedBlanks }
        guard let name = pieces.first else { return false }
        guard name == "application/json" || name == "application/merge-patch+json" else { return false }
        for piece in pieces.dropFirst() where piece.hasPrefix("charset=") {
            let charset = piece.dropFirst(8).filter { $0 != "\"" }
            guard charset == "utf-8" || charset == "utf8" else { return false }
        }
        return true
    }

    /// - Throws: MEDIA_TYPE_UNSUPPORTED as far as the head shows it.
    static func check(_ exchange: any Exchange, _ route: Route) throws(RPCError) {
        if let encoding = exchange.known.contentEncoding, encoding.lowercased() != "identity" {
            throw .contentCodingUnsupported
        }
        guard route.upload == nil, route.body != .none else { return }
        if let type = exchange.known.contentType {
            guard isJSON(type) else { throw .mediaTypeUnsupported("application/json") }
        } else if (exchange.known.contentLength ?? 0) > 0 {
            throw .mediaTypeUnsupported("application/json, and say so in content-type")
        }
    }
}
