import Testing

@testable import ScrapeService

/// Pages that are made to take time or memory. Each ends, in bounds, and says which of them it reached; one that did not
/// end would hang the suite.
@Suite struct ExtractionHostileTests {
    private func extract(
        _ html: String, selector: String = "a", limits: ExtractionLimits = ExtractionLimits()
    ) throws -> ExtractedPage {
        let plan = try ExtractionPlan(
            ExtractionDefinition(fields: [FieldDefinition(name: "v", selector: selector, isList: true)]), limits: limits
        )
        return plan.extract(PageInput(bytes: Array(html.utf8), url: "http://localhost/"))
    }

    private func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    private func document(_ html: String, limits: ExtractionLimits = ExtractionLimits()) -> Document {
        HTMLParser().parse(Column(Array(html.utf8)), limits: limits)
    }

    @Test(arguments: ["div", "b", "table", "svg", "ul><li", "a", "template"])
    func deepNesting(_ tag: String) throws {
        let page = try extract("<body>" + repeated("<\(tag)>", 100_000) + "<p>end")
        #expect(page.records.count == 1)
        #expect(!page.truncations.isEmpty || ["a", "table"].contains(tag), "\(page.truncations.names)")
    }

    @Test func flattenedElementsKeepTheirOrder() throws {
        let inner = repeated("<div>", 5_000) + "<i id=x>deep</i>" + repeated("</div>", 5_000)
        let page = try extract("<body>" + inner + "<i>behind</i>", selector: "body, body > i")
        #expect(page.truncations == [.depth])
        #expect(page.records[0].values[0].map(\.text) == ["deep behind", "behind"])
    }

    @Test func everyDepthStaysWithinItsLimit() {
        for limit in [16, 100, 512] {
            var limits = ExtractionLimits()
            limits.depth = limit
            let document = document(repeated("<div><b>", 3_000), limits: limits)
            var depths = [0]
            for node in 1..<document.count { depths.append(depths[Int(document.parents[node])] + 1) }
            #expect(depths.max() ?? 0 <= limit + 1)
        }
    }

    /// Each paragraph opens again what was open before it: nodes by the square of the page's length.
    @Test func formattingIsNotMultiplied() throws {
        let page = repeated("<b id=1><i id=2><u id=3>", 1) + (0..<2_000).map { "<font size=\($0)>" }.joined()
        var limits = ExtractionLimits()
        limits.nodes = 100_000
        let result = try extract(page + repeated("<p>x", 20_000), limits: limits)
        #expect(result.truncations.contains(.depth))
    }

    /// A text that is longer than a value may be says so, wherever its bound falls.
    @Test(arguments: ["ab\u{E9}\u{E9}cd", "abcdefgh", "a b c d e"], 1...9)
    func valuesSayThatTheyAreCut(_ text: String, _ limit: Int) {
        let found = ElementText.whole(documentNode, document("<p>\(text)</p>"), limit: limit)
        let whole = Array(text.utf8)
        #expect(found.isCut == (whole.count > limit))
        #expect(found.bytes.count <= limit && whole.starts(with: found.bytes))
        #expect(String(validating: found.bytes, as: UTF8.self) != nil)
    }

    @Test func nodesEnd() throws {
        var limits = ExtractionLimits()
        limits.nodes = 1_000
        let page = try extract(repeated("<p>x", 10_000), selector: "p", limits: limits)
        #expect(page.truncations == [.nodes])
        #expect(page.records[0].values[0].count < 1_000)
    }

    @Test func attributesEnd() throws {
        let many = (0..<20_000).map { "a\($0)=1" }.joined(separator: " ")
        var limits = ExtractionLimits()
        limits.names = 500
        let tags = (0..<10).map { tag in "<a " + (0..<100).map { "x\(tag)y\($0)" }.joined(separator: " ") + ">" }
        let page = try extract(tags.joined(), limits: limits)
        #expect(page.truncations.contains(.names))
        limits = ExtractionLimits()
        #expect(try extract("<a \(many)>t</a>", limits: limits).truncations.contains(.attributes))
    }

    @Test func decodedTextEnds() throws {
        var limits = ExtractionLimits()
        limits.decodedBytes = 10_000
        // What stands wrongly in a table becomes one text before it, copied together each time.
        let page = try extract("<table>" + repeated("a&amp;<tr><td>b&amp;</td></tr>", 1_000), limits: limits)
        #expect(page.truncations.contains(.decodedBytes))
    }

    @Test func pageEnds() throws {
        var limits = ExtractionLimits()
        limits.pageBytes = 1_000
        let page = try extract(repeated("ä", 5_000) + "<a>x</a>", limits: limits)
        #expect(page.truncations == [.pageBytes])
        #expect(page.metadata.replacements == 0)
    }

    @Test(arguments: [
        ":has(~ p ~ p ~ i)", "p:nth-last-child(2n of :nth-child(3n of p))", "div:has(:has-not, p) p, p p p p p p p i",
        "p:not(:has(+ p + p + b)) ~ p ~ p ~ p ~ b", "div *:is(p ~ p ~ p ~ p ~ i)", "body:text-contains('no such')",
    ])
    func selectorsEnd(_ selector: String) throws {
        var limits = ExtractionLimits()
        limits.steps = 200_000
        guard !selector.contains("has-not") else {
            #expect(throws: ExtractionPlanError.self) { try extract("", selector: selector) }
            return
        }
        let page = try extract("<div>" + repeated("<p>x</p>", 20_000), selector: selector, limits: limits)
        let isExhausted = page.truncations.contains(.steps)
        #expect(page.records[0].issues.map(\.reason) == (isExhausted ? [.limitReached] : []))
        #expect(isExhausted || !(selector.contains("nth") || selector.hasPrefix(":has")))
    }

    /// Records inside each other, each with all the text: by the square of the page.
    @Test func nestedRecordsEnd() throws {
        let html = repeated("<div>", 400) + repeated(" ", 100_000) + repeated("</div>", 400)
        var limits = ExtractionLimits()
        limits.steps = 500_000
        let fields = [FieldDefinition(name: "a"), FieldDefinition(name: "b", selector: "*", isList: true)]
        let plan = try ExtractionPlan(ExtractionDefinition(recordSelector: "div", fields: fields), limits: limits)
        let page = plan.extract(PageInput(bytes: Array(html.utf8), url: "http://localhost/"))
        #expect(page.truncations == [.steps])
        #expect(page.records.last?.issues.contains { $0.reason == .limitReached } ?? false)
    }

    @Test func everyCutOfAPageParses() {
        let page = Array(
            """
            <!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN" 'x'><html lang=de><head><title>a&amp;b</title><script><!--
            <script></script>--></script><style>p{}</style><body class='a b'><!-- c --!><table><tr><td>x<svg viewbox=1>
            <![CDATA[x]]><foreignobject><p></svg><select><option>1<input></select><template><td></template><a href="&#x41;
            &notit;"><b><p></a></b><textarea>\n\u{0}x</textarea></table></body></html><!-- \r\n
            """.utf8)
        for length in 0...page.count {
            let document = HTMLParser().parse(Column(Array(page[..<length])), limits: ExtractionLimits())
            #expect(document.root != noNode)
        }
    }

    /// Any bytes make a tree whose columns agree with each other.
    @Test func treesAreWhole() {
        var random = SplitMix(seed: 7)
        let parts = [
            "<", ">", "/", "a", "table", "<td", "svg", "<p>", "</p>", "<b>", "</b>", "=", "\"", "'", "&", "&#", "\u{0}",
            "\r",
            "<!--", "-->", "<script>", "</script>", "<select>", "<option>", "<template>", "</template>", "<frameset>",
            " ",
            "<math>", "<mi>", "</body>", "<a>", "<nobr>", "<button>", "<form>", "</form>", "<caption>", "<col>",
            "<ruby><rt>",
        ]
        for _ in 0..<2_000 {
            let count = Int(random.next() % 40)
            let html = (0..<count).map { _ in parts[Int(random.next() % UInt64(parts.count))] }.joined()
            let document = document(html)
            for node in 1..<NodeID(document.count) {
                let parent = document.parents[node]
                #expect(parent < node && node < document.subtreeEnds[parent], "\(html)")
                #expect(document.subtreeEnds[node] <= document.subtreeEnds[parent], "\(html)")
                #expect(document.sources[node].upper <= document.sourceLength, "\(html)")
                #expect(document.contents[node].upper <= document.text.count, "\(html)")
                let previous = document.previousElements[node]
                if previous != noNode { #expect(document.parents[previous] == parent && previous < node, "\(html)") }
            }
        }
    }
}

/// A generator whose numbers are the same in every run.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
