import Foundation
import Testing

@testable import Outbound

@Suite struct BasicTests {
    let server: TestServer
    let client: OutboundClient

    init() throws {
        server = try TestServer.get()
        client = try makeClient()
    }

    @Test func aSimpleGet() async throws {
        let response = try await client.fetch(OutboundRequest(.get, server.url("/hello")))
        #expect(response.status == 200)
        #expect(response.text == "hello")
        #expect(response.headers["content-length"] == "5")
        #expect(response.url.description == server.url("/hello"))
        #expect(response.redirects.isEmpty)
        #expect(response.connection.version == .http1_1)
        #expect(response.connection.remoteAddress == IPAddress("127.0.0.1"))
        #expect(Int(response.connection.remotePort) == server.http)
        #expect(response.connection.tls == nil)
        #expect(response.timings.firstByte > .zero)
        #expect(response.timings.total >= response.timings.firstByte)
    }

    @Test(arguments: HTTPMethod.allCases) func methodsAndBodies(method: HTTPMethod) async throws {
        let plain = try await client.fetch(OutboundRequest(method, server.url("/echo")))
        if method == .head {
            #expect(plain.body.isEmpty && plain.status == 200)
            return
        }
        #expect(try Echo(plain).method == method.rawValue)
        #expect(try Echo(plain).length == 0)
        let body = Array("body of \(method)".utf8)
        let echo = try Echo(
            await client.fetch(
                OutboundRequest(method, server.url("/echo"), headers: ["X-Test": "a"], body: .bytes(body))))
        #expect(echo.method == method.rawValue)
        #expect(echo.body == "body of \(method)")
        #expect(echo["X-Test"] == "a")
        #expect(echo["Content-Length"] == "\(body.count)")
        #expect(echo["Expect"] == nil)
        #expect(echo["Content-Type"] == nil)
    }

    @Test func theUserAgentIsTheConfigurations() async throws {
        let echo = try Echo(await client.fetch(OutboundRequest(.get, server.url("/echo"))))
        #expect(echo["User-Agent"] == "outbound-tests/1")
        #expect(echo["Accept-Encoding"] == "gzip, deflate, br, zstd")
        let own = try Echo(
            await client.fetch(OutboundRequest(.get, server.url("/echo"), headers: ["User-Agent": "mine"])))
        #expect(own["User-Agent"] == "mine")
        #expect(own.headers.count { $0[0].lowercased() == "user-agent" } == 1)
        #expect(throws: OutboundError.self) { try OutboundClient(OutboundConfiguration(userAgent: "")) }
    }

    @Test(arguments: [404, 500, 204, 304]) func everyStatusIsAResponse(status: Int) async throws {
        // 204 and 304 have no body, whatever their length says.
        let response = try await client.fetch(OutboundRequest(.get, server.url("/status/\(status)")))
        #expect(response.status == status)
    }

    @Test func interimResponsesAndTrailersPass() async throws {
        let interim = try await client.fetch(OutboundRequest(.get, server.url("/interim")))
        #expect(interim.text == "final" && interim.headers["X-Final"] == "yes" && interim.headers["Link"] == nil)
        let chunked = try await client.fetch(OutboundRequest(.get, server.url("/chunked")))
        #expect(chunked.text == "one two three")
    }

    @Test(
        arguments: [
            ["Host": "elsewhere"], ["Content-Length": "5"], ["Transfer-Encoding": "chunked"],
            ["Proxy-Authorization": "x"],
            ["X": "a\r\nY: b"], ["X": "a\0"], ["X Y": "a"], ["": "a"],
        ] as [HTTPHeaders])
    func headersThatAreNotTheCallersAreRefused(headers: HTTPHeaders) async throws {
        let error = await failure {
            try await client.fetch(OutboundRequest(.get, server.url("/hello"), headers: headers))
        }
        #expect(error?.reason == .invalidRequest)
    }

    @Test func theEnvironmentIsIgnored() async throws {
        // A proxy that is not there: whoever listened to it would fail.
        unsafe setenv("http_proxy", "http://127.0.0.1:\(server.unused)", 1)
        unsafe setenv("ALL_PROXY", "http://127.0.0.1:\(server.unused)", 1)
        defer {
            unsafe unsetenv("http_proxy")
            unsafe unsetenv("ALL_PROXY")
        }
        #expect(try await client.fetch(OutboundRequest(.get, server.url("/hello"))).text == "hello")
    }
}
