import Testing

@testable import Outbound

@Suite struct CookieTests {
    let server: TestServer
    let client: OutboundClient
    let jar = CookieJar()

    init() throws {
        server = try TestServer.get()
        client = try makeClient()
    }

    private func request(_ path: String, host: String = "site.test", jar: CookieJar?) throws -> OutboundRequest {
        var request = try OutboundRequest(.get, server.url(path, host: host))
        request.cookies = jar
        return request
    }

    private func set(_ cookies: String..., host: String = "site.test") async throws {
        let query = cookies.enumerated().map { "c\($0)=\(GuardedConnectionTests.escape($1))" }.joined(separator: "&")
        _ = try await client.fetch(request("/set-cookie?\(query)", host: host, jar: jar))
    }

    private func sent(_ path: String = "/echo", host: String = "site.test", jar: CookieJar? = nil) async throws -> Set<
        String
    > {
        let echo = try Echo(await client.fetch(request(path, host: host, jar: jar ?? self.jar)))
        return Set((echo["Cookie"] ?? "").split(separator: "; ").map(String.init))
    }

    @Test func cookiesAreKeptAndSent() async throws {
        try await set("a=1", "b=2; Path=/echo; HttpOnly", "c=3; Path=/elsewhere", "d=4; Secure")
        #expect(try await sent() == ["a=1", "b=2"])
        #expect(try await sent(host: "twin.test").isEmpty)
        #expect(try await sent(jar: CookieJar()).isEmpty)
        let echo = try Echo(await client.fetch(request("/echo", jar: nil)))
        #expect(echo["Cookie"] == nil)
        // Secure ones are not even taken over http.
        #expect(jar.cookies.map(\.name).sorted() == ["a", "b", "c"])
        #expect(jar.cookies.first { $0.name == "b" }?.isHTTPOnly == true)
    }

    @Test func cookiesAreReplacedAndDeleted() async throws {
        try await set("a=1", "b=2")
        try await set("a=3", "b=; Max-Age=0")
        #expect(try await sent() == ["a=3"])
        #expect(jar.cookies.count == 1)
        jar.removeAll()
        #expect(try await sent().isEmpty)
    }

    @Test func foreignDomainsAreRefused() async throws {
        try await set("a=1; Domain=twin.test", "b=2; Domain=test", "c=3; Domain=site.test")
        #expect(try await sent() == ["c=3"])
        #expect(try await sent(host: "twin.test").isEmpty)
    }

    @Test func redirectsTakeAndGiveThem() async throws {
        let cookie = GuardedConnectionTests.escape("s=1; Path=/")
        let response = try await client.fetch(request("/redirect/302?to=%2Fecho&cookie=\(cookie)", jar: jar))
        #expect(try Echo(response)["Cookie"] == "s=1")
        // Another host gets none.
        let other = GuardedConnectionTests.escape(server.url("/echo", host: "twin.test"))
        let away = try await client.fetch(request("/redirect/302?to=\(other)&cookie=\(cookie)", jar: jar))
        #expect(try Echo(away)["Cookie"] == nil)
    }

    @Test func jarsAreBounded() throws {
        var limits = CookieJar.Limits()
        limits.perDomain = 3
        limits.total = 5
        let jar = CookieJar(limits: limits)
        for domain in ["a.test", "b.test"] {
            for number in 0..<4 { try jar.set(Cookie(domain: domain, name: "n\(number)", value: "v")) }
        }
        #expect(jar.cookies.count == 5)
        #expect(jar.cookies.filter { $0.domain == "b.test" }.map(\.name) == ["n1", "n2", "n3"])
        #expect(throws: OutboundError.self) { try jar.set(Cookie(domain: "a.test", name: "n", value: "a\tb")) }
    }

    @Test func cookiesOfTheCallersAreSent() async throws {
        try jar.set(Cookie(domain: "site.test", isSecure: false, name: "mine", value: "1"))
        try jar.set(Cookie(domain: "site.test", isSecure: true, name: "tls", value: "1"))
        #expect(try await sent() == ["mine=1"])
        #expect("\(jar.cookies)".contains("mine of site.test/") && !"\(jar.cookies)".contains("1"))
    }

    @Test func handlesKeepNothingForTheNext() async throws {
        for _ in 0..<20 {
            try await set("a=1")
            let echo = try Echo(await client.fetch(request("/echo", jar: nil)))
            #expect(echo["Cookie"] == nil)
        }
    }
}
