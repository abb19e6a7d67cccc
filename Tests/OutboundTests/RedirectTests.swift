import Testing

@testable import Outbound

@Suite struct RedirectTests {
    let server: TestServer
    let client: OutboundClient

    init() throws {
        server = try TestServer.get()
        client = try makeClient()
    }

    private func redirect(_ status: Int, to target: String) -> String {
        server.url("/redirect/\(status)?to=\(GuardedConnectionTests.escape(target))")
    }

    @Test func theChainIsTold() async throws {
        let last = server.url("/hello")
        let middle = redirect(307, to: "/hello")
        let response = try await client.fetch(OutboundRequest(.get, redirect(301, to: middle)))
        #expect(response.text == "hello" && response.url.description == last)
        #expect(response.redirects.map(\.status) == [301, 307])
        #expect(response.redirects.last?.url == (try WebURL(middle)))
    }

    @Test(arguments: [
        (301, HTTPMethod.post, HTTPMethod.get, 0), (302, .post, .get, 0), (303, .post, .get, 0), (307, .post, .post, 4),
        (308, .post, .post, 4), (301, .put, .put, 4), (302, .put, .put, 4), (303, .put, .get, 0),
        (308, .patch, .patch, 4),
        (303, .delete, .get, 0), (301, .delete, .delete, 4), (302, .get, .get, 4),
    ])
    func methodsFollowTheRules(status: Int, method: HTTPMethod, then: HTTPMethod, length: Int) async throws {
        let request = try OutboundRequest(
            method, redirect(status, to: "/echo"), headers: ["Content-Type": "text/plain"],
            body: .bytes(Array("body".utf8)))
        let echo = try Echo(await client.fetch(request))
        #expect(echo.method == then.rawValue && echo.length == length)
        #expect((echo["Content-Type"] == nil) == (length == 0))
    }

    @Test func theirNumberIsBounded() async throws {
        let endless = try OutboundRequest(.get, server.url("/loop"))
        #expect(await failure { try await client.fetch(endless) }?.reason == .tooManyRedirects)
        var none = endless
        none.redirects = .none
        #expect(try await client.fetch(none).status == 302)
    }

    @Test func statusesWithoutLocationAreResponses() async throws {
        #expect(try await client.fetch(OutboundRequest(.get, server.url("/status/302"))).status == 302)
    }

    @Test func credentialsStayWithTheirOrigin() async throws {
        let headers: HTTPHeaders = [
            "Authorization": "Bearer secret", "Cookie": "a=b", "X-Api-Key": "k", "X-Auth-Token": "t", "X-Mine": "m",
            "Accept-Language": "de",
        ]
        // Another port is another origin, and so is another name for the same server.
        var request = try OutboundRequest(
            .get, redirect(302, to: server.url("/echo", host: "localhost")), headers: headers)
        request.credentialHeaders = ["x-mine"]
        let echo = try Echo(await client.fetch(request))
        for name in ["Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "X-Mine"] { #expect(echo[name] == nil) }
        #expect(echo["Accept-Language"] == "de")
        let same = try Echo(await client.fetch(OutboundRequest(.get, redirect(302, to: "/echo"), headers: headers)))
        #expect(same["Authorization"] == "Bearer secret" && same["X-Mine"] == "m" && same["Cookie"] == "a=b")
    }

    @Test func credentialsDoNotComeBack() async throws {
        // Away and home again: what was taken off stays off.
        let home = server.url("/echo")
        let away = server.url("/redirect/302?to=\(GuardedConnectionTests.escape(home))", host: "localhost")
        let echo = try Echo(
            await client.fetch(OutboundRequest(.get, redirect(302, to: away), headers: ["Authorization": "x"])))
        #expect(echo["Authorization"] == nil)
    }

    @Test func httpsDoesNotBecomeHTTP() async throws {
        let target = server.url("/hello")
        var request = try OutboundRequest(
            .get, server.secureURL("/redirect/302?to=\(GuardedConnectionTests.escape(target))"))
        #expect(await failure { try await client.fetch(request) }?.reason == .redirectRefused)
        request.redirects.allowsDowngrade = true
        #expect(try await client.fetch(request).text == "hello")
    }

    @Test func streamsAreNotSentTwice() async throws {
        let body = RequestBody.stream(length: nil) {
            AsyncThrowingStream {
                $0.yield([1]); $0.finish()
            }
        }
        let error = await failure {
            try await client.fetch(OutboundRequest(.post, redirect(307, to: "/echo"), body: body))
        }
        #expect(error?.reason == .redirectRefused)
    }
}
