/// Makes a document of a page's text.
protocol DocumentParser: Sendable {
    /// Parses by the HTML standard; every text gives a document. Where a limit is reached, the document ends there or
    /// becomes flatter, and `truncations` says so.
    ///
    /// - Parameter text: UTF-8 without byte order mark.
    func parse(_ text: consuming Column<UInt8>, limits: ExtractionLimits) -> Document
}
