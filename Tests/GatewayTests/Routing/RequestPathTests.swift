import Testing

@testable import Gateway

@Suite struct RequestPathTests {
    private static func values(_ template: String, _ path: String) throws -> [String] {
        let template = try PathTemplate(template)
        let path = try RequestPath(path)
        return template.variables.map { path.value(of: $0, hasVerb: template.verb != nil) }
    }

    @Test func givesVariablesTheirText() throws {
        #expect(try Self.values("/v1/{name=users/*}", "/v1/users/7") == ["users/7"])
        #expect(try Self.values("/v1/{name=users/*}:rotate", "/v1/users/7:rotate") == ["users/7"])
        #expect(try Self.values("/v1/{a}/x/{b}", "/v1/1/x/2") == ["1", "2"])
        #expect(try Self.values("/v1/{rest=**}", "/v1/a/b/c") == ["a/b/c"])
        #expect(try Self.values("/v1/{rest=**}", "/v1") == [""])
    }

    @Test func decodesAsTheRuleSays() throws {
        // One segment: all of it. Several: an encoded slash is no separator, and stays what it is.
        #expect(try Self.values("/v1/{a}", "/v1/x%2Fy%20z") == ["x/y z"])
        #expect(try Self.values("/v1/{name=users/*}", "/v1/users/x%2Fy%20z") == ["users/x%2Fy z"])
        #expect(try Self.values("/v1/{name=users/*}:rotate", "/v1/users/x%3Ay:rotate") == ["users/x:y"])
        #expect(try Self.values("/v1/{a}", "/v1/%C3%A9") == ["é"])
    }

    @Test(arguments: ["v1", "/a%2", "/a%zz", "/a%00", "/a%0d%0a", "/%ff", "/a/../b", "/a/%2e%2E/b", "/./a"])
    func refuses(_ path: String) {
        #expect(throws: RequestPath.Fault.self) { _ = try RequestPath(path) }
    }

    @Test(arguments: ["", "a", "/", "/a/", "/{x", "/{}", "/{x=}", "/a/**/b", "/a:", "/{x={y}}", "/a b"])
    func refusesTemplates(_ text: String) {
        #expect(throws: RouteError.self) { _ = try PathTemplate(text) }
    }

    @Test func writesDates() {
        #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(CivilDate.seconds("2026-03-31") == 1_774_915_200)
        #expect(WallClock.text(1_774_915_200_007) == "2026-03-31T00:00:00.007Z")
    }
}
