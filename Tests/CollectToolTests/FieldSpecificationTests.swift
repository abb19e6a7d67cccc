import Testing

@testable import CollectTool

@Suite("Fields as they are given on a command line") struct FieldSpecificationTests {
    @Test("Each part is read") func parts() throws {
        let plain = try FieldSpecification("title=h1")
        #expect(plain.name == "title" && plain.kind == .text && plain.selector == "h1" && plain.attribute == nil)
        #expect(!plain.isList && !plain.isRequired)
        let full = try FieldSpecification("links:url[]!=nav a[href]@href")
        #expect(full.name == "links" && full.kind == .url && full.isList && full.isRequired)
        #expect(full.selector == "nav a[href]" && full.attribute == "href")
        #expect(try FieldSpecification("price:number=.p").kind == .decimal)
        #expect(try FieldSpecification("when:time=time@datetime").kind == .time)
        // The element itself.
        #expect(try FieldSpecification("id=@data-id").selector == "")
    }

    @Test(
        "A selector keeps what only looks like more",
        arguments: [
            ("mail=a[href*=\"@\"]", "a[href*=\"@\"]", nil), ("x=a[title='@b']@title", "a[title='@b']", "title"),
            ("x=a[href='=']", "a[href='=']", nil), ("x=p:not([data-a=\"@\"])", "p:not([data-a=\"@\"])", nil),
            ("x= h1 , h2 ", "h1 , h2", nil), ("x=a@", "a@", nil), ("x=.a\\@b", ".a\\@b", nil),
        ] as [(String, String, String?)])
    func selectors(text: String, selector: String, attribute: String?) throws {
        let field = try FieldSpecification(text)
        #expect(field.selector == selector && field.attribute == attribute)
    }

    @Test(
        "What is none is refused, and it is said why",
        arguments: [
            ("title", "NAME=SELECTOR"), ("=h1", "name"), ("1a=h1", "name"), ("a-b=h1", "name"), ("a:big=h1", "type"),
            ("a=", "selector"), ("a= ", "selector"), (String(repeating: "a", count: 64) + "=h1", "name"),
            ("a!!=h1", "name"), ("é=h1", "name"),
        ])
    func refused(text: String, word: String) throws {
        let error = #expect(throws: FieldSpecification.Malformed.self) { try FieldSpecification(text) }
        #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    }
}
