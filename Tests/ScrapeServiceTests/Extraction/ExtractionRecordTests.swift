import Testing

@testable import ScrapeService

/// Records of whole pages: values, issues, what is required, and what a page says of itself.
@Suite struct ExtractionRecordTests {
    private static let shop = """
        <!doctype html><html lang=en><head><title> A  shop </title><base href="/shop/"><link rel=canonical href=all>
        <meta name=robots content="noindex, Follow"><meta http-equiv=Refresh content="5; URL='next.html'">
        </head><body><ul>
        <li class=item><h2>First &amp; best</h2><b>$1,234.50</b><a href="one#top">more</a><i>new</i><i>red</i></li>
        <li class=item><h2></h2><b>n/a</b><a href="one">more</a></li>
        <li class=item><h2>Third<br>one</h2><b>€ 5</b><a rel=nofollow href="http://else/x">more</a><a href="javascript:x">y</a></li>
        </ul>
        """

    private func extract(
        _ fields: [FieldDefinition], records: String? = "li.item", page: String = shop,
        limits: ExtractionLimits = ExtractionLimits()
    ) throws -> ExtractedPage {
        let plan = try ExtractionPlan(ExtractionDefinition(recordSelector: records, fields: fields), limits: limits)
        return plan.extract(
            PageInput(bytes: Array(page.utf8), url: "http://localhost/index", contentType: "text/html; charset=utf-8"))
    }

    @Test func recordsAndIssues() throws {
        let page = try extract([
            FieldDefinition(name: "name", selector: "h2", isRequired: true, maximumLength: 12),
            FieldDefinition(name: "price", selector: "b", type: .money, options: FieldOptions(defaultCurrency: "USD")),
            FieldDefinition(name: "link", selector: "a", take: .attribute("HREF"), type: .url),
            FieldDefinition(name: "tags", selector: "i", isList: true, pattern: "[a-z]+"),
        ])
        #expect(page.records.count == 3)
        #expect(
            page.records.map { $0.values.map { $0.map(\.text) } } == [
                [["First & best"], ["1234.50 USD"], ["http://localhost/shop/one#top"], ["new", "red"]],
                [[], [], ["http://localhost/shop/one"], []],
                [["Third one"], ["5 EUR"], ["http://else/x"], []],
            ])
        #expect(page.records[0].issues.isEmpty && page.records[2].issues.isEmpty)
        #expect(page.records[1].issues.map(\.field) == [0, 1])
        #expect(page.records[1].issues.map(\.reason) == [.missing, .notMoney])
        #expect(page.records[1].issues[1].text == "n/a")
        #expect(page.planVersion.count == 32)
    }

    @Test func sourcesAreBytesOfThePage() throws {
        let page = try extract([FieldDefinition(name: "name", selector: "h2")])
        let bytes = Array(Self.shop.utf8)
        let source = page.records[0].values[0][0].source
        let text = String(decoding: bytes[source.offset..<(source.offset + source.length)], as: UTF8.self)
        #expect(text == "<h2>First &amp; best</h2>")
        let record = page.records[1].source
        let item = String(decoding: bytes[record.offset..<(record.offset + record.length)], as: UTF8.self)
        #expect(item.hasPrefix("<li class=item><h2></h2>") && item.hasSuffix("</li>"))
        #expect(page.metadata.sourceIsBody)
    }

    @Test func whatThePageSays() throws {
        let page = try extract([FieldDefinition(name: "name", selector: "h2")])
        #expect(page.metadata.title == "A shop")
        #expect(page.metadata.language == "en")
        #expect(page.metadata.baseURL == "http://localhost/shop/")
        #expect(page.metadata.canonicalURL == "http://localhost/shop/all")
        #expect(page.metadata.robots == [.noIndex])
        #expect(page.metadata.refresh == PageRefresh(delay: 5, url: "http://localhost/shop/next.html"))
        #expect(page.links.map(\.url) == ["http://localhost/shop/one", "http://else/x"])
        #expect(page.links.map(\.isNoFollow) == [false, true])
    }

    @Test func whatIsTaken() throws {
        let html = "<p id=a>one <b>two &lt;</b> three<script>x</script><!--c--></p><p title='  t '>q</p>"
        let fields = [
            FieldDefinition(name: "text", selector: "p"), FieldDefinition(name: "own", selector: "p", take: .ownText),
            FieldDefinition(name: "inner", selector: "p", take: .innerHTML),
            FieldDefinition(name: "outer", selector: "b", take: .outerHTML),
            FieldDefinition(name: "title", selector: "p", take: .attribute("title"), isList: true),
            FieldDefinition(name: "captured", selector: "p", capture: "t(\\w)o"),
            FieldDefinition(name: "whole", selector: "p", capture: "t\\w+e+"),
            FieldDefinition(name: "none", selector: "p", capture: "[0-9]+", isRequired: true),
            FieldDefinition(name: "pattern", selector: "p", pattern: "one"),
            FieldDefinition(name: "long", selector: "p", maximumLength: 3),
        ]
        let record = try extract(fields, records: nil, page: html).records[0]
        #expect(
            record.values.map { $0.map(\.text) } == [
                ["one two < three"], ["one three"], ["one <b>two &lt;</b> three<script>x</script><!--c-->"],
                ["<b>two &lt;</b>"], ["t"], ["w"], ["three"], [], [], [],
            ])
        #expect(record.issues.map(\.reason) == [.missing, .patternMismatch, .tooLong])
    }

    @Test func selectorsAreRelativeToTheRecord() throws {
        let html = "<div class=r><p>1</p><div class=r><p>2</p></div></div>"
        let page = try extract(
            [
                FieldDefinition(name: "own", selector: "> p"), FieldDefinition(name: "scoped", selector: ":scope > p"),
                FieldDefinition(name: "all", selector: "p", isList: true),
                FieldDefinition(name: "self", take: .ownText),
            ], records: ".r", page: html)
        #expect(
            page.records.map { $0.values.map { $0.map(\.text) } } == [
                [["1"], ["1"], ["1", "2"], []], [["2"], ["2"], ["2"], []],
            ])
    }

    @Test func boundsOfResults() throws {
        var limits = ExtractionLimits()
        limits.records = 2
        limits.valuesPerField = 2
        limits.links = 1
        let field = FieldDefinition(name: "all", selector: "*", isList: true)
        let page = try extract([field], limits: limits)
        #expect(page.records.count == 2 && page.links.count == 1)
        #expect(page.truncations.isSuperset(of: [.records, .values, .links]))
        #expect(page.records[0].issues.map(\.reason) == [.tooManyValues])
        limits = ExtractionLimits()
        limits.valueBytes = 4
        let cut = try extract([FieldDefinition(name: "name", selector: "h2")], limits: limits)
        #expect(cut.records[0].issues.map(\.reason) == [.tooLong] && cut.truncations == [.valueBytes])
    }

    @Test(arguments: [
        ([FieldDefinition](), "fields", ExtractionPlanError.Reason.noFields, nil as Int?),
        ([FieldDefinition(name: "a"), FieldDefinition(name: "a")], "fields[1].name", .duplicateField, nil),
        ([FieldDefinition(name: "1a")], "fields[0].name", .invalidName, nil),
        ([FieldDefinition(name: "a", selector: "p >")], "fields[0].selector", .invalidSelector, 3),
        ([FieldDefinition(name: "a", capture: "(")], "fields[0].capture", .invalidPattern, nil),
        ([FieldDefinition(name: "a", pattern: "a(?=b)")], "fields[0].pattern", .invalidPattern, nil),
        ([FieldDefinition(name: "a", take: .attribute("a b"))], "fields[0].attribute", .invalidAttribute, nil),
        (
            [FieldDefinition(name: "a", type: .date, options: FieldOptions(dateFormat: "yyyy-MM-Q"))],
            "fields[0].date_format", .invalidDateFormat, 8
        ),
        (
            [FieldDefinition(name: "a", type: .money, options: FieldOptions(defaultCurrency: "XXX"))],
            "fields[0].default_currency", .invalidCurrency, nil
        ),
        (
            [FieldDefinition(name: "a", options: FieldOptions(decimalMark: .comma))], "fields[0].decimal_mark",
            .invalidOption, nil
        ),
        (
            [FieldDefinition(name: "a", selector: String(repeating: "p ", count: 300))], "fields[0].selector",
            .selectorTooLarge, 512
        ),
    ])
    func errorsNameTheField(
        _ fields: [FieldDefinition], _ path: String, _ reason: ExtractionPlanError.Reason, _ position: Int?
    ) throws {
        let error = try #require(throws: ExtractionPlanError.self) {
            try ExtractionPlan(ExtractionDefinition(fields: fields))
        }
        #expect(error.path == path && error.reason == reason && error.position == position, "\(error)")
    }

    @Test func versionsTellDefinitionsApart() throws {
        func version(_ field: FieldDefinition, _ records: String? = nil) -> String {
            ExtractionDefinition(recordSelector: records, fields: [field]).version
        }
        let base = FieldDefinition(name: "a", selector: "p")
        #expect(version(base) == version(FieldDefinition(name: "a", selector: "p")))
        let others = [
            version(FieldDefinition(name: "ap", selector: "")), version(base, "a"),
            version(FieldDefinition(name: "a", selector: "p", isList: true)),
            version(FieldDefinition(name: "a", selector: "p", take: .attribute("text"))),
            version(FieldDefinition(name: "a", selector: "p", capture: "x")),
            version(FieldDefinition(name: "a", selector: "p", pattern: "x")),
        ]
        #expect(Set(others + [version(base)]).count == others.count + 1)
    }
}
