/// Fills documents by tokenizing and building the tree in columns: HTML standard, section 13.2.
///
/// Every limit holds while parsing, so that no page takes time or memory beyond them.
struct HTMLParser: DocumentParser {
    func parse(_ text: consuming Column<UInt8>, limits: ExtractionLimits) -> Document {
        var builder = HTMLTreeBuilder(text, limits: limits)
        builder.run()
        return builder.finish()
    }
}
