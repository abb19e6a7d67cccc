import Testing

@testable import ScrapeService

/// The compiled matcher beside one that follows the definitions word by word.
@Suite struct ExtractionMatcherTests {
    @Test func compiledIsAsDefined() throws {
        var random = SplitMix(seed: 42)
        var matched = 0
        for _ in 0..<40 {
            var generator = SelectorGenerator(random: random)
            let html = generator.page()
            let document = HTMLParser().parse(Column(Array(html.utf8)), limits: ExtractionLimits())
            let lists = (0..<8).map { _ in generator.list(depth: 0) }
            random = generator.random
            var compiler = SelectorCompiler()
            let numbers = lists.map { compiler.add($0) }
            let naive = NaiveMatcher(document)
            let expected = lists.map { naive.matches($0) }
            var matcher = SelectorMatcher(naive.finish(), SelectorProgram(compiler), steps: 100_000_000)
            for (index, number) in numbers.enumerated() {
                var found: [NodeID] = []
                var node = matcher.first(number, below: documentNode)
                while node != noNode {
                    found.append(node)
                    node = matcher.next(number, after: node, below: documentNode)
                }
                #expect(found == expected[index], "\(lists[index]) in \(html)")
                matched += found.count
            }
        }
        #expect(matched > 500)
    }

    /// More classes, ids and names than there are bits for them.
    @Test func keysBeyondTheBits() throws {
        let names = (0..<100).map { "c\($0)" }
        let html = names.map { "<p class='\($0) x'><\($0) id=\($0)></\($0)></p>" }.joined()
        let fields = names.map { FieldDefinition(name: $0, selector: "p.\($0) > \($0)#\($0)", take: .outerHTML) }
        let plan = try ExtractionPlan(ExtractionDefinition(fields: fields))
        let page = plan.extract(PageInput(bytes: Array(html.utf8), url: "http://localhost/"))
        #expect(page.records[0].values.map { $0.map(\.text) } == names.map { ["<\($0) id=\"\($0)\"></\($0)>"] })
    }

    @Test(arguments: [
        ("<!doctype html><p class=A>1", ".a", 0), ("<!doctype html><p class=A>1", ".A", 1), ("<p class=A>1", ".a", 1),
        ("<p id=A>1", "#a", 1), ("<!doctype html><p id=A>1", "#a", 0), ("<DIV>", "dIv", 1),
        ("<svg><foreignObject>", "foreignObject", 1), ("<svg><foreignObject>", "foreignobject", 0),
        ("<svg viewBox=1>", "[viewBox]", 1), ("<svg viewBox=1>", "[viewbox]", 0), ("<p DATA-X=1>", "[data-X]", 1),
        ("<input type=TEXT>", "[type=text]", 1), ("<p title=TEXT>", "[title=text]", 0),
        ("<p title=TEXT>", "[title=text i]", 1), ("<input type=TEXT>", "[type=text s]", 0),
        ("<svg><a type=TEXT>", "[type=text]", 0), ("<p class='1a'>", ".\\31 a", 1), ("<p id='a.b'>", "#a\\.b", 1),
        ("<option selected>", ":checked", 1),
        ("<fieldset disabled><legend><input></legend><input>", "input:disabled", 1),
        ("<a href=x><area href=y><link href=z>", ":any-link", 2), ("<p>a<b>bc</b>", "p:text-contains('abc')", 1),
        ("<p> </p><p><!--c--></p>", "p:empty", 1), ("<p>", ":root > body", 1), ("<p>", ":scope > head", 1),
    ])
    func rulesOfHTML(_ html: String, _ selector: String, _ count: Int) throws {
        let plan = try ExtractionPlan(
            ExtractionDefinition(fields: [
                FieldDefinition(name: "v", selector: selector, take: .outerHTML, isList: true)
            ]))
        let page = plan.extract(PageInput(bytes: Array(html.utf8), url: "http://localhost/"))
        #expect(page.records[0].values[0].count == count)
    }
}
