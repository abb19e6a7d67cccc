/// What the tokenizer found last: HTML standard, section 13.2.5.
struct HTMLToken: BitwiseCopyable {
    enum Kind: UInt8 {
        case startTag
        case endTag
        case text
        case comment
        case doctype
        case end
    }

    var kind = Kind.end
    var name = NameID.none
    var isSelfClosing = false
    /// Of a document type: if it asks for quirks mode.
    var isQuirks = false
    /// Where the token stands in the source.
    var start = 0
    var end = 0
    /// Of text and comments.
    var content = ByteRange.empty
    /// A start tag's attributes, in the tokenizer's columns.
    var attributes = ByteRange.empty
}
