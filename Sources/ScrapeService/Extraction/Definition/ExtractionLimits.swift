/// Bounds on what a definition may ask and on what a page may take. A page that reaches one of its bounds is cut there,
/// and says so in `ExtractedPage.truncations`.
package struct ExtractionLimits: Sendable, Hashable {
    /// Of a definition: fields, bytes of one selector, steps of one compiled selector, bytes of one pattern.
    package var fields = 200
    package var selectorBytes = 4_096
    package var selectorParts = 256
    package var patternBytes = 4_096
    /// Of a compiled pattern and its automata, in bytes.
    package var patternMemory = 8 << 20
    /// Of a page's text in UTF-8.
    package var pageBytes = 16 << 20
    /// Elements inside each other; deeper ones become siblings of the deepest.
    package var depth = 512
    /// Elements, texts and comments of a document.
    package var nodes = 1_000_000
    /// Attributes of one element.
    package var attributesPerElement = 256
    /// Attributes of a document.
    package var attributes = 4_000_000
    /// Different names of elements and attributes beside HTML's own.
    package var names = 20_000
    /// Bytes of decoded text that do not stand in the page as they are.
    package var decodedBytes = 32 << 20
    /// Visits of nodes by all selectors of a plan: what bounds their time.
    package var steps = 50_000_000
    package var records = 10_000
    package var values = 200_000
    /// Values of one field of one record.
    package var valuesPerField = 10_000
    /// Bytes of one value.
    package var valueBytes = 1 << 20
    /// Bytes of all values of a page.
    package var pageValueBytes = 32 << 20
    package var links = 20_000
    /// Bytes of one URL.
    package var urlBytes = 8_192

    package init() {}
}
