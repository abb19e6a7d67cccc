import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Gateway

/// What the edge reads by itself is what NIO's parser makes of the same bytes; what it does not is left to that.
@Suite struct PlainHeadTests {
    private static let heads = [
        "GET /livez HTTP/1.1\r\nhost: edge.test\r\n\r\n",
        "GET /api/v1/items?page_size=10&filter=a%20b HTTP/1.1\r\nHost: edge.test:8080\r\nAccept: */*\r\n"
            + "User-Agent: curl/8.5.0\r\nAuthorization: Bearer dv_live_abc\r\n\r\n",
        "POST /api/v1/sinks:echo HTTP/1.1\r\nHost: edge.test\r\nContent-Type: application/json\r\n"
            + "Content-Length: 12\r\nConnection: keep-alive\r\nX-Request-Id:\tabc \r\n\r\n",
        "DELETE /a/b HTTP/1.1\r\nHost: [::1]\r\nx: \r\ny:z\r\ncontent-length: 0\r\n\r\n",
        "PATCH /a HTTP/1.1\r\nHost: a\r\nAccept: a\r\naccept: b\r\n\r\n",
    ]

    /// Pieces that turn a plain head into one that is not, or is in another way.
    private static let pieces = [
        "\r", "\n", "\r\n", " ", "\t", ":", "\0", "\u{80}", "x: y\r\n", "content-length: 3\r\n",
        "Content-Length: +1\r\n",
        "transfer-encoding: chunked\r\n", "Transfer-Encoding: identity\r\n", "expect: 100-continue\r\n", "host: b\r\n",
        "connection: close\r\n", "Connection: Keep-Alive\r\n", "upgrade: h2c\r\n", " folded\r\n", "#", "?", "/", "\"",
        "%",
        "proxy-connection: close\r\n", "HTTP/1.0", "HTTP/1.1", "GET", "OPTIONS", "0", "a", "A", ",", "\\", "|", "^",
    ]

    /// What NIO's parser makes of bytes.
    private struct Parsed: Equatable {
        var requests: [String] = []
        var isRefused = false
    }

    /// A request as text: its method, target, fields, and the number of bytes of its body.
    private static func text(_ method: String, _ target: String, _ fields: [(String, String)], _ body: Int) -> String {
        "\(method) \(target) \(fields.map { "\($0.0.lowercased())=\($0.1)" }) \(body)"
    }

    private static func parse(_ bytes: [UInt8]) -> Parsed {
        let channel = EmbeddedChannel(
            handler: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        var parsed = Parsed()
        do { try channel.writeInbound(ByteBuffer(bytes: bytes)) } catch { parsed.isRefused = true }
        var (head, body): (HTTPRequestHead?, Int) = (nil, 0)
        while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let next): (head, body) = (next, 0)
            case .body(let bytes): body += bytes.readableBytes
            case .end:
                guard let head else { continue }
                let fields = head.headers.map { ($0.name, $0.value.trimmedBlanks) }
                parsed.requests.append(text(head.method.rawValue, head.uri, fields, body))
            }
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return parsed
    }

    private static func mutated(_ head: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = head
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            switch Int.random(in: 0...3, using: &generator) {
            case 0 where place < bytes.count: bytes.remove(at: place)
            case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            default:
                let piece = pieces[Int.random(in: 0..<pieces.count, using: &generator)]
                // At a line's beginning a field is one.
                let line = bytes[..<place].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
                bytes.insert(contentsOf: Array(piece.utf8), at: piece.hasSuffix("\r\n") ? line : place)
            }
        }
        return bytes
    }

    private static let next = "GET /next HTTP/1.1\r\nhost: next\r\n\r\n"

    @Test("What is plain means the same to NIO's parser, and ends where that ends it")
    func agrees() throws {
        var generator = SeededGenerator(seed: 20)
        var plain = 0
        for round in 0..<6_000 {
            let original = Array(Self.heads[round % Self.heads.count].utf8)
            let bytes = Self.mutated(original, &generator)
            let text = String(decoding: bytes, as: UTF8.self)
            var fresh = PlainHeadReader(EdgeConfiguration())
            let outcome = fresh.read(ByteBuffer(bytes: bytes))
            // Behind another head, of which this one's fields may be a part.
            var used = PlainHeadReader(EdgeConfiguration())
            _ = used.read(ByteBuffer(bytes: original))
            #expect(Self.describe(used.read(ByteBuffer(bytes: bytes))) == Self.describe(outcome), "\(text)")
            switch outcome {
            case .head(let head):
                plain += 1
                let length = head.fields.known.contentLength ?? 0
                let whole = bytes.prefix(head.size) + [UInt8](repeating: 0x2E, count: min(length, 1_000))
                guard length <= 1_000 else { continue }
                let target = head.path + (head.query.map { "?\($0)" } ?? "")
                let expected = Parsed(requests: [
                    Self.text(head.method, target, head.fields.list.map { ($0.name, $0.value) }, length),
                    Self.text("GET", "/next", [("host", "next")], 0),
                ])
                #expect(Self.parse(Array(whole) + Array(Self.next.utf8)) == expected, "\(text)")
            case .partial: #expect(Self.parse(bytes) == Parsed(), "\(text)")
            case .notPlain: break
            }
        }
        // Otherwise this would have tested nothing.
        #expect(plain > 1_000)
    }

    private static func describe(_ outcome: PlainHeadReader.Outcome) -> String {
        switch outcome {
        case .head(let head):
            let fields = head.fields.list.map { ($0.name, $0.value) }
            return "\(text(head.method, head.path, fields, head.size)) \(head.query ?? "-") \(head.authority)"
        case .partial: return "partial"
        case .notPlain: return "not plain"
        }
    }

    @Test("Each beginning of a plain head is one, whatever the connection has read before")
    func beginnings() {
        for head in Self.heads {
            let bytes = Array(head.utf8)
            var used = PlainHeadReader(EdgeConfiguration())
            _ = used.read(ByteBuffer(bytes: bytes))
            for count in 1..<bytes.count {
                var fresh = PlainHeadReader(EdgeConfiguration())
                let beginning = ByteBuffer(bytes: bytes[..<count])
                #expect(Self.describe(fresh.read(beginning)) == "partial", "\(count) of \(head)")
                #expect(Self.describe(used.read(beginning)) == "partial", "\(count) of \(head)")
            }
        }
    }

    @Test("One set of fields serves all heads that have it, until the connection is idle")
    func remembered() throws {
        func fields(_ reader: inout PlainHeadReader, _ text: String) throws -> RequestFields {
            guard case .head(let head) = reader.read(ByteBuffer(string: text)) else { throw CancellationError() }
            return head.fields
        }
        var reader = PlainHeadReader(EdgeConfiguration())
        let first = try fields(&reader, "GET /a HTTP/1.1\r\nhost: a\r\nx-api-key: k\r\n\r\n")
        #expect(try fields(&reader, "POST /b?c HTTP/1.1\r\nhost: a\r\nx-api-key: k\r\n\r\n") === first)
        let other = try fields(&reader, "GET /a HTTP/1.1\r\nhost: a\r\nx-api-key: l\r\n\r\n")
        #expect(other !== first)
        #expect(other.first("x-api-key") == "l")
        reader.forget()
        #expect(try fields(&reader, "GET /a HTTP/1.1\r\nhost: a\r\nx-api-key: l\r\n\r\n") !== other)
    }

    @Test("What is over a bound is not plain, so that the answer names the bound")
    func bounded() {
        var configuration = EdgeConfiguration()
        (configuration.maxTargetLength, configuration.maxHeaderCount, configuration.maxHeaderBytes) = (10, 3, 60)
        let heads = [
            ("GET /123456789 HTTP/1.1\r\nhost: a\r\n\r\n", true),
            ("GET /1234567890 HTTP/1.1\r\nhost: a\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nhost: a\r\nb: 1\r\nc: 1\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nhost: a\r\nb: 1\r\nc: 1\r\nd: 1\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nhost: a\r\nb: \(String(repeating: "x", count: 54))\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nhost: a\r\nb: \(String(repeating: "x", count: 55))\r\n\r\n", false),
        ]
        for (head, isPlain) in heads {
            var reader = PlainHeadReader(configuration)
            let outcome = Self.describe(reader.read(ByteBuffer(string: head)))
            #expect((outcome != "not plain") == isPlain, "\(head): \(outcome)")
        }
    }
}
