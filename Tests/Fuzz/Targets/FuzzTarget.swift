/// What can be fuzzed; the raw value names its corpus.
enum FuzzTarget: String, CaseIterable, Sendable {
    /// Bytes from a client into a server's connection.
    case server
    /// Bytes from a server into a client's connection with open calls.
    case client
    /// gRPC messages and gzip.
    case framing
    /// Header blocks and the fields of gRPC.
    case metadata
    /// JSON that becomes a message.
    case json
    /// Protobuf bytes that become JSON.
    case wire
    /// Comma-separated values.
    case csv
    /// Newline-delimited JSON.
    case ndjson
    /// Segments of datasets, and blocks of columns.
    case segment
    /// Expressions in CEL.
    case expression
    /// Pages in HTML, from their bytes to records.
    case page
    /// A CSS selector and a page.
    case selector
    /// Texts of pages as values of a type.
    case value
    /// Bytes in any encoding.
    case charset
    /// URLs of pages.
    case url
    /// robots.txt and a path.
    case robots
    /// Sitemaps.
    case sitemap
    /// Tokens of pages of lists.
    case token
    /// Leaves of the audit log.
    case leaf
    /// Checkpoints, keys and exports of the audit log.
    case checkpoint

    /// A function that takes one input after another, on one thread, and traps if something is wrong.
    func makeBody() -> (_ input: [UInt8]) -> Void {
        switch self {
        case .server:
            let server = ServerFuzzing()
            return { server.run($0) }
        case .client:
            let client = ClientFuzzing()
            return { client.run($0) }
        case .framing: return fuzzFraming
        case .metadata: return fuzzMetadata
        case .json: return fuzzJSON
        case .wire: return fuzzProtobuf
        case .csv: return fuzzCSV
        case .ndjson: return fuzzNDJSON
        case .segment: return fuzzSegment
        case .expression: return fuzzExpression
        case .page: return fuzzPage
        case .selector: return fuzzSelector
        case .value: return fuzzValue
        case .charset: return fuzzCharset
        case .url: return fuzzURL
        case .robots: return fuzzRobots
        case .sitemap: return fuzzSitemap
        case .token: return fuzzToken
        case .leaf: return fuzzLeaf
        case .checkpoint: return fuzzCheckpoint
        }
    }
}

/// How an input of connection bytes is delivered: its first byte says it, so that the fuzzer finds all ways.
struct Delivery {
    let chunk: Int
    /// Whether what every connection begins with is put before the input.
    let hasOpening: Bool
    /// Whether the transport takes nothing until all was delivered.
    let isBlocked: Bool
    let bytes: ArraySlice<UInt8>

    init(_ input: [UInt8]) {
        let options = input.first ?? 0
        chunk = [Int.max, 1, 7, 64][Int(options & 3)]
        hasOpening = options & 4 != 0
        isBlocked = options & 8 != 0
        bytes = input.dropFirst()
    }

    func chunks(after opening: [UInt8]) -> [ArraySlice<UInt8>] {
        let all = hasOpening ? (opening + bytes)[...] : bytes
        var result: [ArraySlice<UInt8>] = []
        var rest = all
        while !rest.isEmpty {
            result.append(rest.prefix(chunk))
            rest = rest.dropFirst(chunk)
        }
        return result
    }
}
