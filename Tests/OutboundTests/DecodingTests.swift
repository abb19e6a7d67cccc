import Testing

@testable import Outbound

@Suite struct DecodingTests {
    let server: TestServer
    let client: OutboundClient
    static let text = String(repeating: "All work and no play. ", count: 50)

    init() throws {
        server = try TestServer.get()
        client = try makeClient()
    }

    @Test(arguments: ["gzip", "gzip-members", "deflate", "raw-deflate", "br", "zstd", "gzip-of-br", "unknown-coding"])
    func bodiesAreDecoded(path: String) async throws {
        let response = try await client.fetch(OutboundRequest(.get, server.url("/\(path)")))
        #expect(response.text == Self.text)
        let head = try await client.fetch(OutboundRequest(.head, server.url("/\(path)")))
        #expect(head.status == 200 && head.body.isEmpty)
    }

    @Test func bodiesStayEncodedIfAsked() async throws {
        var request = try OutboundRequest(.get, server.url("/gzip"))
        request.decodesBody = false
        #expect(try await client.fetch(request).body.starts(with: [0x1F, 0x8B]))
        request.url = try WebURL(server.url("/echo"))
        #expect(try Echo(await client.fetch(request))["Accept-Encoding"] == nil)
    }

    @Test(arguments: ["cut-gzip", "false-coding/gzip", "false-coding/deflate", "false-coding/br", "false-coding/zstd"])
    func brokenEncodingsAreErrors(path: String) async throws {
        let error = await failure { try await client.fetch(OutboundRequest(.get, server.url("/\(path)"))) }
        #expect(error?.reason == .decodingFailed)
    }

    /// A few kilobytes that would be 64 MiB: given up at the bound, with one piece of 64 KiB at a time in memory.
    @Test(arguments: ["gzip", "deflate", "br"]) func bombsAreBounded(kind: String) async throws {
        var request = try OutboundRequest(.get, server.url("/bomb/\(kind)"))
        var limits = OutboundLimits()
        limits.bodyBytes = 1 << 20
        request.limits = limits
        #expect(await failure { try await client.fetch(request) }?.reason == .bodyTooLarge)
        let response = try await client.send(request)
        var longest = 0
        var all = 0
        let error = await failure {
            for try await piece in response.body {
                longest = max(longest, piece.count)
                all += piece.count
            }
        }
        #expect(error?.reason == .bodyTooLarge)
        #expect(all <= 1 << 20 && longest <= 64 << 10)
    }

    @Test func stagesTakeInputInAnyPieces() throws {
        // "abc" thrice over, packed by zlib in the three forms; brotli's and zstd's go over the server.
        let forms: [([UInt8], String)] = [
            ([0x78, 0x9C, 0x4B, 0x4C, 0x4A, 0x4E, 0x04, 0x23, 0x00, 0x11, 0x3D, 0x03, 0x73], "deflate"),
            ([0x4B, 0x4C, 0x4A, 0x4E, 0x04, 0x23, 0x00], "deflate"),
        ]
        for (bytes, coding) in forms {
            var decoder = try #require(ContentDecoder(headers: ["Content-Encoding": coding], maximumStages: 1))
            var text: [UInt8] = []
            for byte in bytes {
                decoder.push([byte])
                while let piece = try decoder.pull() { text += piece }
            }
            try decoder.checkEnd()
            #expect(String(decoding: text, as: UTF8.self) == "abcabcabc")
        }
    }

    @Test func codingsInARowAreBounded() {
        #expect(ContentDecoder(headers: ["Content-Encoding": "gzip, gzip, gzip"], maximumStages: 2) == nil)
    }
}
