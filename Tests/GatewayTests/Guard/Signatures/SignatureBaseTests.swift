import Crypto
import Foundation
import Testing

@testable import Gateway

/// The base of signatures (RFC 9421, section 2) and the vector of appendix B for shared secrets.
struct SignatureBaseTests {
    /// The request of appendix B.2.
    private let request = RequestSummary(
        method: "POST", scheme: "https", authority: "example.com", path: "/foo", query: "param=Value&Pet=dog",
        headers: [
            ("host", "example.com"), ("date", "Tue, 20 Apr 2021 02:07:55 GMT"), ("content-type", "application/json"),
            (
                "content-digest",
                "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
            ), ("content-length", "18"),
        ], sourceAddress: "192.0.2.1", requestID: "1")

    @Test("The vector of RFC 9421, B.2.5, holds to the letter")
    func vector() throws {
        let input =
            "sig-b25=(\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\""
        let dictionary = try StructuredFieldParser.dictionary(input)
        guard case .list(let list) = dictionary[0].member else {
            Issue.record("no list")
            return
        }
        let components = list.items.compactMap { item -> String? in
            if case .string(let name) = item.value { name } else { nil }
        }
        let base = try SignatureBase.make(components, parameters: list.serialized, of: request)
        #expect(
            base == """
                "date": Tue, 20 Apr 2021 02:07:55 GMT
                "@authority": example.com
                "content-type": application/json
                "@signature-params": ("date" "@authority" "content-type");created=1618884473;\
                keyid="test-shared-secret"
                """)
        let secret = try #require(
            Data(
                base64Encoded:
                    "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="))
        let code = HMAC<SHA256>.authenticationCode(for: Data(base.utf8), using: SymmetricKey(data: secret))
        #expect(Data(code).base64EncodedString() == "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=")
    }

    private func value(_ component: String, _ request: RequestSummary) throws -> String {
        let base = try SignatureBase.make([component], parameters: "()", of: request)
        return String(base.split(separator: "\n", omittingEmptySubsequences: false)[0].dropFirst(component.count + 4))
    }

    @Test("Each derived component has the RFC's value")
    func derived() throws {
        #expect(try value("@method", request) == "POST")
        #expect(try value("@authority", request) == "example.com")
        #expect(try value("@scheme", request) == "https")
        #expect(try value("@path", request) == "/foo")
        #expect(try value("@query", request) == "?param=Value&Pet=dog")
        #expect(try value("@request-target", request) == "/foo?param=Value&Pet=dog")
        #expect(try value("@target-uri", request) == "https://example.com/foo?param=Value&Pet=dog")
    }

    @Test("No query is a question mark, as is an empty one; no path is a slash; a scheme's own port is left out")
    func edges() throws {
        var bare = request
        (bare.query, bare.path, bare.authority) = (nil, "", "EXAMPLE.com:443")
        #expect(try value("@query", bare) == "?")
        #expect(try value("@path", bare) == "/")
        #expect(try value("@authority", bare) == "example.com")
        #expect(try value("@request-target", bare) == "/")
        bare.query = ""
        #expect(try value("@query", bare) == "?")
        #expect(try value("@request-target", bare) == "/?")
        (bare.scheme, bare.authority) = ("http", "example.com:443")
        #expect(try value("@authority", bare) == "example.com:443")
        bare.authority = "[2001:db8::1]:80"
        #expect(try value("@authority", bare) == "[2001:db8::1]")
    }

    @Test("Lines of a field are joined; one that is missing makes the signature fit nothing")
    func fields() throws {
        var request = request
        request.headers += [("x-list", "a"), ("x-other", "z"), ("x-list", ""), ("x-list", "b, c")]
        #expect(try value("x-list", request) == "a, , b, c")
        #expect(throws: SignatureFault.invalid) { try value("x-none", request) }
    }

    @Test(
        "Components that are not known, or not names of fields, are not supported",
        arguments: ["@status", "@query-param", "@signature-params", "@", "", "Content-Type", "a b", "a\"b", "é"])
    func unsupported(name: String) { #expect(!SignatureBase.supports(name)) }
}
