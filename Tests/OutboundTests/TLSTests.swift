import Testing

@testable import Outbound

@Suite struct TLSTests {
    let server: TestServer
    let client: OutboundClient

    init() throws {
        server = try TestServer.get()
        client = try makeClient()
    }

    @Test func certificatesAreVerified() async throws {
        let response = try await client.fetch(OutboundRequest(.get, server.secureURL("/hello")))
        #expect(response.text == "hello")
        #expect(response.connection.tls?.version == "TLSv1.3")
        #expect(response.connection.tls?.cipher.isEmpty == false)
        #expect(response.timings.secured >= response.timings.connected)
        // The system's authorities do not know the tests' own.
        let strangers = try makeClient { $0.tls.authorities = nil }
        #expect(
            await failure { try await strangers.fetch(OutboundRequest(.get, server.secureURL("/hello"))) }?.reason
                == .certificateInvalid)
        let wrongName = try OutboundRequest(.get, "https://localhost:\(server.httpsWrongName)/hello")
        #expect(await failure { try await client.fetch(wrongName) }?.reason == .certificateInvalid)
        // A server that does not answer the handshake.
        let hasty = try makeClient { $0.timeouts.connect = .milliseconds(300) }
        let plain = try OutboundRequest(.get, "https://localhost:\(server.http)/hello")
        #expect(await failure { try await hasty.fetch(plain) }?.reason == .connectTimeout)
    }

    @Test func clientsHaveCertificatesToo() async throws {
        var request = try OutboundRequest(.get, "https://localhost:\(server.httpsClient)/hello")
        let without = await failure { try await client.fetch(request) }
        #expect([.tlsFailed, .connectionLost].contains(without?.reason))
        var tls = OutboundTLS()
        tls.authorities = server.authority
        tls.certificate = server.clientCertificate
        tls.privateKey = server.clientKey
        request.tls = tls
        #expect(try await client.fetch(request).text == "hello")
        tls.certificate = "/none.pem"
        request.tls = tls
        #expect(await failure { try await client.fetch(request) }?.reason == .tlsFailed)
    }

    @Test func http2WhereItIsOffered() async throws {
        func url(_ path: String) -> String { "https://localhost:\(server.http2)\(path)" }
        let response = try await client.fetch(OutboundRequest(.get, url("/small")))
        #expect(response.connection.version == .http2 && response.body.count == 100)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<90 {
                group.addTask { try await client.fetch(OutboundRequest(.get, url("/small"))).body.count }
            }
            for try await count in group { #expect(count == 100) }
        }
        // All of it on one connection.
        #expect(client.openConnections == 1)
        let upload = try OutboundRequest(.post, url("/echo"), body: .bytes([UInt8](repeating: 7, count: 300_000)))
        #expect(try await client.fetch(upload).body.count == 300_000)
        // nghttpd speaks nothing else, so a client that does not offer HTTP/2 gets nothing.
        let old = try makeClient { $0.allowsHTTP2 = false }
        #expect(await failure { try await old.fetch(OutboundRequest(.get, url("/small"))) }?.reason == .connectionLost)
    }

    /// A stream that nobody reads holds up neither the others of its connection nor the memory.
    @Test func unreadStreamsHoldNobodyUp() async throws {
        func url(_ path: String) -> String { "https://localhost:\(server.http2)\(path)" }
        let unread = try await client.send(OutboundRequest(.get, url("/large")))
        for _ in 0..<50 {
            #expect(try await client.fetch(OutboundRequest(.get, url("/small"))).body.count == 100)
        }
        #expect(try await unread.body.collect().count == 24 << 20)
    }

    // MARK: Proxies

    private func proxied(_ adjust: (inout OutboundProxy) -> Void = { _ in }) throws -> OutboundClient {
        var proxy = OutboundProxy(
            url: try WebURL("http://127.0.0.1:\(server.proxy)"), username: "user", password: "secret")
        adjust(&proxy)
        return try makeClient { $0.proxy = proxy }
    }

    @Test func proxiesForHTTPAndTunnels() async throws {
        let client = try proxied()
        // A name that only the proxy knows.
        let plain = try Echo(await client.fetch(OutboundRequest(.get, server.url("/echo", host: "inside.test"))))
        #expect(plain["Via"] == "test" && plain["Proxy-Authorization"] == nil)
        let tunnel = try await client.fetch(OutboundRequest(.get, server.secureURL("/echo", host: "site.test")))
        #expect(try Echo(tunnel)["Proxy-Authorization"] == nil && tunnel.headers["X-Proxy"] == nil)
    }

    @Test func proxiesThatRefuse() async throws {
        let client = try proxied { $0.password = "wrong" }
        let error = await failure { try await client.fetch(OutboundRequest(.get, server.secureURL("/hello"))) }
        #expect(error?.reason == .proxyFailed)
        #expect(error.map { "\($0)" }?.contains("wrong") == false)
    }

    @Test func theGuardLooksAtTheProxy() async throws {
        let url = try WebURL("http://127.0.0.2:\(server.other)")
        let client = try makeClient { $0.proxy = OutboundProxy(url: url) }
        #expect(
            await failure { try await client.fetch(OutboundRequest(.get, "http://example.test/")) }?.reason
                == .addressRefused)
        // And at what it can see of targets.
        let allowed = try proxied()
        for host in ["10.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]"] {
            let error = await failure { try await allowed.fetch(OutboundRequest(.get, "http://\(host)/")) }
            #expect(error?.reason == .addressRefused)
        }
    }

    // MARK: Signatures

    @Test(arguments: [HTTPMethod.get, .put, .delete, .head, .post]) func requestsAreSigned(method: HTTPMethod)
        async throws
    {
        for (path, body) in [
            ("/bucket/key", RequestBody.none), ("/bucket/a%20b/c?list-type=2&prefix=x%2Fy", .none),
            ("/bucket/key", .bytes(Array("content".utf8))),
        ] {
            if method == .head, !body.isNone { continue }
            var request = try OutboundRequest(
                method, server.url(path), headers: ["X-Amz-Meta-Kind": "test"], body: body)
            request.signature = AWSSignature(accessKey: "test-key", secretKey: "test-secret", region: "eu-central-1")
            let response = try await client.fetch(request)
            #expect(response.status == 200, "\(method) \(path): \(response.text)")
            request.signature?.secretKey = "another"
            #expect(try await client.fetch(request).status == 403)
        }
    }

    // MARK: Secrets

    @Test func errorsHoldNoSecrets() async throws {
        var request = try OutboundRequest(
            .get, server.url("/redirect/302?to=http%3A%2F%2F10.0.0.1%2Fx%3FX-Amz-Signature%3Dhidden"),
            headers: ["Authorization": "hidden", "Cookie": "a=hidden"])
        request.signature = AWSSignature(accessKey: "hidden", secretKey: "hidden", region: "r")
        let error = await failure { try await client.fetch(request) }
        #expect(error?.reason == .addressRefused)
        #expect(error?.url == "http://10.0.0.1/x?X-Amz-Signature=***")
        #expect(
            !"\(String(describing: error))\(request.headers)\(String(describing: request.signature))".contains("hidden")
        )
        for text in ["http://u:hidden@h.test/", "http://h.test/\u{1}hidden", "hidden:x"] {
            do { _ = try WebURL(text) } catch { #expect(!"\(error)".contains("hidden@")) }
        }
    }
}
