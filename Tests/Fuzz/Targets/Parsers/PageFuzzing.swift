@testable import ScrapeService

/// A page in HTML: the first byte says how tight its bounds are and how its encoding is named, the rest is the body.
///
/// Every page becomes a document within its bounds, whose nodes stand in the source, and extraction ends.
func fuzzPage(_ input: [UInt8]) {
    let shape = input.first ?? 0
    var limits = ExtractionLimits()
    if shape & 1 == 1 { limits.tighten() }
    let types = [nil, "text/html; charset=utf-8", "text/html;charset=\"windows-1252\"", "text/html; charset=shift_jis"]
    let page = PageInput(
        bytes: Array(input.dropFirst()), url: "https://example.com/a/b?c", contentType: types[Int(shape >> 1 & 3)])
    let text = PageText(page, limit: limits.pageBytes)
    precondition(text.text.count <= limits.pageBytes, "a page's text has \(text.text.count) bytes")
    checkUTF8(text.text.array, "the text")
    let document = HTMLParser().parse(text.takeText(), limits: limits)
    checkDocument(document, limits)
    checkSerializer(document, limits)
    checkExtraction(page, limits)
}

extension ExtractionLimits {
    /// Bounds that small pages reach.
    mutating func tighten() {
        pageBytes = 600
        depth = 6
        nodes = 24
        attributesPerElement = 3
        attributes = 8
        names = 3
        decodedBytes = 40
        steps = 400
        records = 3
        values = 6
        valuesPerField = 2
        valueBytes = 30
        pageValueBytes = 90
        links = 2
        urlBytes = 40
    }
}

func checkUTF8(_ bytes: [UInt8], _ what: String) {
    precondition(String(validating: bytes, as: UTF8.self) != nil, "\(what) is no UTF-8: \(bytes)")
}

/// A document's tree is one, and lies in its text.
private func checkDocument(_ document: borrowing Document, _ limits: ExtractionLimits) {
    // The root, head and body stand in every document, the document's node in front of them.
    precondition(document.count <= limits.nodes + 4, "a document has \(document.count) nodes")
    precondition(document.attributeNames.count <= limits.attributes, "\(document.attributeNames.count) attributes")
    precondition(document.names.count <= limits.names + KnownName.allCases.count, "\(document.names.count) names")
    let decoded = document.text.count - document.sourceLength
    precondition(decoded >= 0 && decoded <= limits.decodedBytes, "\(decoded) decoded bytes")
    precondition(document.subtreeEnds[documentNode] == NodeID(document.count), "the document does not hold its nodes")
    var depths = [0]
    for index in 1..<max(document.count, 1) {
        let node = NodeID(index)
        let parent = document.parents[node]
        precondition(parent >= 0 && parent < node, "node \(node) is below \(parent)")
        precondition(document.subtreeEnds[node] > node, "node \(node) ends before itself")
        precondition(document.subtreeEnds[node] <= document.subtreeEnds[parent], "node \(node) outlives its parent")
        depths.append(depths[Int(parent)] + 1)
        let source = document.sources[node]
        precondition(source.upper <= document.sourceLength, "node \(node) stands beyond the source")
        precondition(document.contents[node].upper <= document.text.count, "node \(node) says more than there is")
        checkUTF8(Array(document.text.array[document.contents[node].lower..<document.contents[node].upper]), "a text")
        let previous = document.previousElements[node]
        precondition(previous < node && (previous < 0 || document.parents[previous] == parent), "no sibling of \(node)")
        if document.isElement(node) {
            // The limit is on elements that are open; misnested formatting is closed into copies a little below it.
            precondition(depths[index] <= limits.depth + 16, "an element at depth \(depths[index])")
            let attributes = document.attributes(node)
            precondition(attributes.count <= limits.attributesPerElement, "\(attributes.count) attributes")
            for attribute in attributes {
                let value = document.attributeValues[attribute]
                precondition(value.upper <= document.text.count, "an attribute beyond the text")
                checkUTF8(Array(document.text.array[value.lower..<value.upper]), "an attribute")
            }
        } else {
            precondition(document.subtreeEnds[node] == node + 1, "a text has children")
        }
    }
}

/// What is written can be read, and is not longer than it may be.
private func checkSerializer(_ document: borrowing Document, _ limits: ExtractionLimits) {
    let root = document.root
    guard root != noNode else { return }
    var serializer = HTMLSerializer(limit: limits.valueBytes)
    serializer.writeOuter(root, document)
    checkUTF8(serializer.bytes, "what is written")
    let text = ElementText.whole(root, document, limit: limits.valueBytes)
    precondition(text.bytes.count <= limits.valueBytes, "a text of \(text.bytes.count) bytes")
    if !text.isCut { checkUTF8(text.bytes, "a text") }
    let again = HTMLParser().parse(Column(serializer.bytes), limits: limits)
    precondition(again.count > 0, "what is written is no document")
}

private let pagePlan: [Bool: ExtractionPlan] = [false: makePlan(isTight: false), true: makePlan(isTight: true)]

private func makePlan(isTight: Bool) -> ExtractionPlan {
    var limits = ExtractionLimits()
    if isTight { limits.tighten() }
    limits.fields = 20
    limits.selectorBytes = 4_096
    let fields = [
        FieldDefinition(name: "text", selector: "p, li, td", isList: true),
        FieldDefinition(name: "own", selector: "div > :nth-child(2n+1 of :not(br))", take: .ownText, isRequired: true),
        FieldDefinition(name: "inner", selector: ":is(table, ul):has(> *)", take: .innerHTML),
        FieldDefinition(name: "outer", selector: "svg, math, select", take: .outerHTML, isList: true),
        FieldDefinition(name: "link", selector: "a", take: .attribute("href"), type: .url, isList: true),
        FieldDefinition(name: "price", selector: "[class~=price]", capture: "[0-9.,]+", type: .decimal),
        FieldDefinition(name: "day", selector: "time:last-of-type", type: .date),
        FieldDefinition(name: "sum", selector: "b", type: .money, pattern: ".*EUR", maximumLength: 10),
    ]
    do {
        return try ExtractionPlan(ExtractionDefinition(recordSelector: "body, div, tr", fields: fields), limits: limits)
    } catch {
        fatalError("the plan is none: \(error)")
    }
}

private func checkExtraction(_ page: PageInput, _ limits: ExtractionLimits) {
    guard let plan = pagePlan[limits.depth < 100] else { return }
    let result = plan.extract(page)
    precondition(result == plan.extract(page), "the same page gives something else")
    precondition(result.records.count <= limits.records, "\(result.records.count) records")
    precondition(result.links.count <= limits.links, "\(result.links.count) links")
    let values = result.records.flatMap { $0.values.flatMap { $0 } }
    precondition(values.count <= limits.values, "\(values.count) values")
    let isBody = result.metadata.sourceIsBody
    let issues = result.records.flatMap { $0.issues.compactMap(\.source) }
    for source in result.records.map(\.source) + values.map(\.source) + result.links.map(\.source) + issues {
        precondition(source.offset >= 0 && source.length >= 0, "a place before the page")
        if isBody { precondition(source.offset + source.length <= page.bytes.count, "a place beyond the page") }
    }
    for link in result.links { precondition(WebAddress(link.url) != nil, "a link that is none: \(link.url)") }
}
