import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// The text of a documentation comment, without its slashes.
struct DocComment {
    let lines: [String]

    /// What the proto says of `element` before it and behind it, or `fallback` where it says nothing.
    init(of element: some ProvidesSourceCodeLocation, fallback: String) {
        let location = element.sourceCodeInfoLocation
        let paragraphs = [location?.leadingComments, location?.trailingComments]
            .compactMap { $0 }
            .map(Self.trimmedLines)
            .filter { !$0.isEmpty }
        lines = paragraphs.isEmpty ? [fallback] : Array(paragraphs.joined(separator: [""]))
    }

    private init(lines: [String]) {
        self.lines = lines
    }

    /// The comment with a paragraph more.
    func appending(_ paragraph: String) -> DocComment {
        DocComment(lines: lines + ["", paragraph])
    }

    /// The comment's lines, less the space that follows comment marks and the blank lines around the whole.
    private static func trimmedLines(_ comment: String) -> [String] {
        var lines = comment.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { line in
            // A control character in a proto's comment is none that a Swift file may hold.
            var text = String(String.UnicodeScalarView(line.unicodeScalars.filter { $0 == "\t" || $0.value >= 0x20 }))
            if text.hasPrefix(" ") { text.removeFirst() }
            while text.last?.isWhitespace == true { text.removeLast() }
            return text
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return Array(lines.drop(while: \.isEmpty))
    }
}
