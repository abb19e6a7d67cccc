/// Undoes a response's `Content-Encoding`, a piece at a time, so that no input makes it hold more than a piece.
struct ContentDecoder {
    /// What requests offer.
    static let offered = "gzip, deflate, br, zstd"

    private var stages: [any DecodingStage]
    private var hasInput = false

    /// Nil if the headers name a coding that is not known, or too many: then the body is given as it came, as browsers do.
    init?(headers: HTTPHeaders, maximumStages: Int) {
        let codings = headers[all: "Content-Encoding"].flatMap { $0.split(separator: ",") }
            .map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }.filter { !$0.isEmpty && $0 != "identity" }
        guard codings.count <= maximumStages else { return nil }
        stages = []
        // The last one named was applied last.
        for coding in codings.reversed() {
            switch coding {
            case "gzip", "x-gzip": stages.append(ZlibStage(.gzip))
            case "deflate": stages.append(ZlibStage(.deflate))
            case "br": stages.append(BrotliStage())
            case "zstd": stages.append(ZstdStage())
            default: return nil
            }
        }
    }

    var isIdentity: Bool { stages.isEmpty }

    mutating func push(_ bytes: [UInt8]) {
        hasInput = hasInput || !bytes.isEmpty
        stages[0].push(bytes)
    }

    /// The next piece, or nil if more input is needed.
    mutating func pull() throws(OutboundError) -> [UInt8]? { try pull(stages.count - 1) }

    private mutating func pull(_ index: Int) throws(OutboundError) -> [UInt8]? {
        while true {
            if let piece = try stages[index].pull() { return piece }
            guard index > 0, let input = try pull(index - 1) else { return nil }
            stages[index].push(input)
        }
    }

    /// Checks that the body is complete. An empty one is, whatever its coding says, as after HEAD and 304.
    func checkEnd() throws(OutboundError) {
        guard !hasInput || stages.allSatisfy(\.isAtEnd) else {
            throw OutboundError(.decodingFailed, "the encoded body ends too early")
        }
    }
}

/// One coding's decoder.
protocol DecodingStage: AnyObject {
    /// Takes input, after `pull` has given nil.
    func push(_ bytes: [UInt8])
    /// At most `DecodingBuffer.size` bytes; nil if more input is needed, or nothing comes any more.
    func pull() throws(OutboundError) -> [UInt8]?
    /// Whether the coding's own end mark has been read.
    var isAtEnd: Bool { get }
}

enum DecodingBuffer {
    static let size = 64 << 10
}
