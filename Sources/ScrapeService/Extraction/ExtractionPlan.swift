/// A definition made ready for work: compiled once, shared by threads.
///
/// ```swift
/// let plan = try ExtractionPlan(definition)
/// let page = plan.extract(PageInput(bytes: body, url: url, contentType: header))
/// for record in page.records where record.issues.isEmpty { … }
/// ```
package final class ExtractionPlan: Sendable {
    package let definition: ExtractionDefinition
    package let limits: ExtractionLimits
    /// Names the definition in evidence: the same for the same definition, on every machine and in every release that
    /// reads definitions alike.
    package let version: String

    let program: SelectorProgram
    let recordSelector: SelectorListID?
    let fields: [CompiledField]
    private let parser: any DocumentParser

    /// Compiles a definition, or says what is wrong with which part of it.
    package convenience init(
        _ definition: ExtractionDefinition, limits: ExtractionLimits = ExtractionLimits()
    ) throws(ExtractionPlanError) {
        try self.init(definition, limits: limits, parser: HTMLParser())
    }

    init(
        _ definition: ExtractionDefinition, limits: ExtractionLimits, parser: any DocumentParser
    ) throws(ExtractionPlanError) {
        self.definition = definition
        self.limits = limits
        self.parser = parser
        version = definition.version
        var compiler = PlanCompiler(limits: limits)
        recordSelector = try definition.recordSelector.map { selector throws(ExtractionPlanError) in
            try compiler.selector(selector, "record_selector")
        }
        fields = try compiler.fields(definition.fields)
        program = SelectorProgram(compiler.selectors)
    }

    /// Reads a page. Never fails: what is wrong stands with the record that it concerns, or in `truncations`. Takes
    /// milliseconds of computing, so it belongs on a pool and not on an event loop.
    package func extract(_ page: PageInput) -> ExtractedPage {
        let text = PageText(page, limit: limits.pageBytes)
        var result = ExtractedPage()
        result.planVersion = version
        result.metadata.charset = text.charset.name
        result.metadata.charsetSource = text.source
        result.metadata.replacements = text.replacements
        result.metadata.sourceIsBody = text.bodyOffset != nil
        if text.isCut { result.truncations.insert(.pageBytes) }
        let offset = text.bodyOffset ?? 0
        let document = parser.parse(text.takeText(), limits: limits)
        result.truncations.formUnion(document.truncations)
        var reader = PageReader(limits: limits, sourceOffset: offset, pageURL: page.url)
        reader.read(document, into: &result)
        var run = ExtractionRun(self, document, base: reader.base, sourceOffset: offset)
        run.run(into: &result)
        return result
    }

    /// Parses a page and gives its number of nodes: what benchmarks ask for.
    package func parseOnly(_ page: PageInput) -> Int {
        parser.parse(PageText(page, limit: limits.pageBytes).takeText(), limits: limits).count
    }
}

/// A field made ready for work.
struct CompiledField: Sendable {
    /// Nil takes the record's own element.
    let selector: SelectorListID?
    let take: FieldSource
    let capture: CompiledPattern?
    let reader: ValueReader
    let isList: Bool
    let isRequired: Bool
    let pattern: CompiledPattern?
    let maximumLength: Int?
    /// Of `take`, its attribute's name in lower case (for HTML) and as it was written.
    let attribute: (lower: [UInt8], exact: [UInt8])?
}
