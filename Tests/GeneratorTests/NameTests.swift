import Testing

@testable import WireGenerator

/// How methods are named in Swift.
@Suite struct NameTests {
    @Test(arguments: [
        ("Say", "say"), ("SayHello", "sayHello"), ("say_hello", "sayHello"), ("Say_Hello", "sayHello"),
        ("URLFor", "urlFor"), ("GetURL", "getURL"), ("URL", "url"), ("S3Upload", "s3Upload"), ("MD5Sum", "md5Sum"),
        ("A", "a"), ("_Say", "say"), ("_2nd", "_2nd"), ("Page_2", "page2"), ("__", "__"),
    ])
    func camelCasing(_ proto: String, _ swift: String) {
        #expect(MethodName.lowerCamelCased(proto) == swift)
        #expect(MethodName.lowerCamelCased(swift) == swift)
    }

    @Test func methodsThatWouldShareANameKeepTheProtos() {
        let names = MethodName.names(forProto: ["Say", "say", "Other", "Say_"]).map(\.plain)
        #expect(names == ["Say", "say", "other", "Say_"])
    }

    @Test func addedUnderscoresMeetNoOtherName() {
        let names = MethodName.names(forProto: ["Type", "type", "Type_"]).map(\.plain)
        #expect(Set(names).count == 3)
        #expect(!names.contains("Type"))
    }

    @Test func keywordsAreQuotedWhereTheyMustBe() {
        #expect(MethodName(plain: "default").declared == "`default`")
        #expect(MethodName(plain: "default").member == "default")
        #expect(MethodName(plain: "init").declared == "`init`")
        #expect(MethodName(plain: "init").member == "`init`")
        #expect(MethodName(plain: "say").declared == "say")
    }
}
