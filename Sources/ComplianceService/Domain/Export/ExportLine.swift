import Foundation

/// The lines of an export: JSON, each value of which a verifier checks, in one form only, so that a changed byte is always
/// a changed value.
package enum ExportLine: Sendable, Hashable {
    /// What is exported: first of all lines.
    case head(Head)
    /// An entry.
    case entry(Entry)
    /// The signed checkpoint: last of all lines.
    case checkpoint(String)

    package struct Head: Sendable, Hashable {
        package let origin: String
        /// The entries that follow, and the tree's size.
        package let first, end, size: Int64
        /// Hashes of the perfect subtrees that cover the leaves before the first entry, and those behind the last one.
        package let before, after: [[UInt8]]

        package init(
            origin: String, first: Int64, end: Int64, size: Int64, before: [[UInt8]], after: [[UInt8]]
        ) {
            (self.origin, self.first, self.end, self.size) = (origin, first, end, size)
            (self.before, self.after) = (before, after)
        }
    }

    package struct Entry: Sendable, Hashable {
        package let index: Int64
        package let leaf: [UInt8]
        /// For each of the leaf's personal values what opens its commitment; nil where it is masked or erased.
        package let opened: [OpenedPersonalValue?]

        package init(index: Int64, leaf: [UInt8], opened: [OpenedPersonalValue?] = []) {
            (self.index, self.leaf, self.opened) = (index, leaf, opened)
        }
    }

    /// The line, without its line feed.
    package var text: String {
        switch self {
        case .head(let head):
            """
            {"datavault_audit_export":1,"origin":"\(head.origin)","first":\(head.first),"end":\(head.end),\
            "size":\(head.size),"before":\(Self.list(head.before)),"after":\(Self.list(head.after))}
            """
        case .entry(let entry):
            #"{"index":\#(entry.index),"leaf":"\#(StrictBase64.encode(entry.leaf))""#
                + (entry.opened.isEmpty ? "" : #","opened":[\#(entry.opened.map(Self.opened).joined(separator: ","))]"#)
                + "}"
        case .checkpoint(let text):
            #"{"checkpoint":"\#(text.replacing("\n", with: "\\n"))"}"#
        }
    }

    private static func list(_ hashes: [[UInt8]]) -> String {
        "[\(hashes.map { "\"\(StrictBase64.encode($0))\"" }.joined(separator: ","))]"
    }

    private static func opened(_ value: OpenedPersonalValue?) -> String {
        guard let value else { return "null" }
        return #"{"salt":"\#(StrictBase64.encode(value.salt))","value":"\#(StrictBase64.encode(value.value))"}"#
    }
}

/// Reads lines.
extension ExportLine {
    private struct Raw: Decodable {
        struct Opened: Decodable {
            let salt, value: String
        }

        let version: Int64?
        let origin: String?
        let first, end, size, index: Int64?
        let before, after: [String]?
        let leaf: String?
        let opened: [Opened?]?
        let checkpoint: String?

        enum CodingKeys: String, CodingKey {
            case version = "datavault_audit_export"
            case origin, first, end, size, index, before, after, leaf, opened, checkpoint
        }
    }

    /// Reads a line; nil if it is none, or not written as `text` writes it.
    package init?(_ text: String) {
        guard let raw = try? JSONDecoder().decode(Raw.self, from: Data(text.utf8)), let line = Self.line(raw),
            line.text.utf8.elementsEqual(text.utf8)
        else { return nil }
        self = line
    }

    private static func line(_ raw: Raw) -> ExportLine? {
        if raw.version == 1, let origin = raw.origin, let first = raw.first, let end = raw.end, let size = raw.size,
            let before = raw.before, let after = raw.after
        {
            let (before, after) = (before.compactMap(StrictBase64.decode), after.compactMap(StrictBase64.decode))
            return .head(Head(origin: origin, first: first, end: end, size: size, before: before, after: after))
        }
        if let index = raw.index, let leaf = raw.leaf.flatMap(StrictBase64.decode) {
            let opened = (raw.opened ?? []).map { value -> OpenedPersonalValue? in
                guard let value, let salt = StrictBase64.decode(value.salt),
                    let bytes = StrictBase64.decode(value.value)
                else { return nil }
                return OpenedPersonalValue(salt: salt, value: bytes)
            }
            return .entry(Entry(index: index, leaf: leaf, opened: opened))
        }
        return raw.checkpoint.map { .checkpoint($0) }
    }
}
