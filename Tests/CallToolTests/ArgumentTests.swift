import NIOCore
import Testing
import Wire

@testable import CallTool

@Suite struct ArgumentTests {
    @Test func targets() throws {
        func text(_ argument: String) throws -> String { "\(try Arguments.target(argument))" }
        #expect(try text("localhost:1") == #"dns(host: "localhost", port: 1)"#)
        #expect(try text("[::1]:65535") == #"dns(host: "::1", port: 65535)"#)
        #expect(try text("unix:a/b") == #"unix(path: "a/b")"#)
        #expect(try text("unix:///a/b") == #"unix(path: "/a/b")"#)
        for wrong in [
            "", "host", "host:", ":1", "host:0", "host:65536", "host:x", "::1:5", "unix:", "http://a:1", "[]:1",
        ] {
            #expect(throws: CallToolError.self, "\(wrong)") { try Arguments.target(wrong) }
        }
    }

    @Test func durations() throws {
        let expected: [(String, Int64)] = [
            ("500ms", 500_000_000), ("5s", 5_000_000_000), ("1.5s", 1_500_000_000), ("2m", 120_000_000_000),
            ("1h", 3_600_000_000_000),
        ]
        for (text, nanoseconds) in expected {
            #expect(try Arguments.duration(text, flag: "--timeout").nanoseconds == nanoseconds)
        }
        for wrong in ["", "5", "s", "0s", "-1s", "5 s", "1e3s", "9999999h", "1.2.3s", "nan", "١s"] {
            #expect(throws: CallToolError.self, "\(wrong)") { try Arguments.duration(wrong, flag: "--timeout") }
        }
    }

    @Test func metadata() throws {
        let metadata = try Arguments.metadata(["Who: me", "who:you", "empty:", "a-bin: AP8", "b-bin:_-8="])
        #expect(metadata.values("who") == [.text("me"), .text("you")])
        #expect(metadata["empty"] == "")
        #expect(metadata[bytes: "a-bin"] == [0x00, 0xFF])
        #expect(metadata[bytes: "b-bin"] == [0xFF, 0xEF])
        for wrong in ["novalue", ": x", "", "x-bin: %"] {
            #expect(throws: CallToolError.self, "\(wrong)") { try Arguments.metadata([wrong]) }
        }
    }

    @Test func nearestNames() {
        let names = ["GetBook", "CreateBook", "DeleteBook", "WatchBooks"]
        #expect(NearestNames.of("GetBok", among: names) == ["GetBook"])
        #expect(NearestNames.of("getbook", among: names).first == "GetBook")
        #expect(NearestNames.of("eGtBook", among: names) == ["GetBook"])
        #expect(NearestNames.of("Zebra", among: names) == [])
        #expect(NearestNames.of("", among: names) == [])
        #expect(NearestNames.distance(Array("kitten".utf8), Array("sitting".utf8)) == 3)
        #expect(NearestNames.distance(Array("ab".utf8), Array("ba".utf8)) == 1)
        #expect(NearestNames.distance([], Array("abc".utf8)) == 3)
    }

    @Test(arguments: [
        (#"{}"#, "{}"), (#"[]"#, "[]"), (#"{"a":[]}"#, "{\n  \"a\": []\n}"),
        (
            #"{"a":{"b":[1,"x,{\"y"]},"c":null}"#,
            "{\n  \"a\": {\n    \"b\": [\n      1,\n      \"x,{\\\"y\"\n    ]\n  },\n  \"c\": null\n}"
        ),
        (#""\\""#, #""\\""#),
    ])
    func indentation(_ json: String, _ expected: String) {
        #expect(String(decoding: JSONIndenter.indent(Array(json.utf8)), as: UTF8.self) == expected)
    }

    @Test func whatServersSayMovesNoCursor() {
        let report = FailureReport(RPCError(code: .aborted, message: "a\u{1B}[2Jb\u{7F}\nc", origin: .peer))
        #expect(report.text == "ABORTED: a [2Jb  c")
        #expect(report.json.contains(#""message":"a\u001b[2Jb\u007f\nc""#))
    }
}
