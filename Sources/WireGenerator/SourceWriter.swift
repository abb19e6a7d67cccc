/// Collects Swift source, indented and broken into lines as a person would.
struct SourceWriter {
    private static let width = 120
    private static let indent = "    "

    private(set) var text = ""
    private var depth = 0

    /// Writes a line, or an empty one.
    mutating func line(_ content: String = "") {
        if !content.isEmpty { text += String(repeating: Self.indent, count: depth) + content }
        text += "\n"
    }

    /// Writes a documentation comment.
    mutating func doc(_ comment: DocComment) {
        for content in comment.lines { line(content.isEmpty ? "///" : "/// \(content)") }
    }

    /// Writes what `body` writes, one step further in.
    mutating func indented(_ body: (inout SourceWriter) -> Void) {
        depth += 1
        body(&self)
        depth -= 1
    }

    /// Writes `head { body }` over several lines, or `head {}` where the body writes nothing.
    mutating func block(_ head: String, _ body: (inout SourceWriter) -> Void) {
        let before = self
        line("\(head) {")
        let start = text.utf8.count
        indented(body)
        if text.utf8.count == start {
            self = before
            line("\(head) {}")
        } else {
            line("}")
        }
    }

    /// Whether `content` fits into a line here.
    func fits(_ content: String) -> Bool { depth * Self.indent.count + content.count <= Self.width }

    /// Writes `head(items)tail`, with each item on a line of its own where one line would be too long.
    mutating func list(_ head: String, _ items: [String], _ tail: String = "") {
        let joined = "\(head)(\(items.joined(separator: ", ")))\(tail)"
        if fits(joined) {
            line(joined)
        } else {
            broken(head, items, tail)
        }
    }

    /// Writes `head(items)tail` with each item on a line of its own.
    mutating func broken(_ head: String, _ items: [String], _ tail: String = "") {
        line("\(head)(")
        lines(items)
        line(")\(tail)")
    }

    /// Writes items one step further in, with commas between them.
    mutating func lines(_ items: [String]) {
        indented { writer in
            for (index, item) in items.enumerated() {
                writer.line(index == items.count - 1 ? item : "\(item),")
            }
        }
    }
}
