import FoundationEssentials
public import SwiftProtobuf

/// Writes messages for logs, traces and errors: public fields as they are, others as `[personal]` and `[secret]`.
///
/// A message of which nothing is known shows its name only.
public struct MaskedText: Sendable {
    /// How much of a message is written.
    public struct Limits: Sendable {
        /// Bytes of the whole text.
        public var length = 2_048
        /// Characters of one text in it.
        public var text = 128
        /// Messages within messages.
        public var depth = 8
        /// Elements of one repeated field.
        public var elements = FieldList.defaultElementLimit

        public init() {}
    }

    private let limits: Limits
    private var output = ""

    /// The text of a message.
    public static func of(_ message: any Message, limits: Limits = Limits()) -> String {
        var writer = MaskedText(limits: limits)
        if let message = message as? any ContractMessage {
            writer.write(message, depth: 0)
        } else {
            writer.write(foreign: message)
        }
        return writer.output
    }

    private init(limits: Limits) { self.limits = limits }

    private var isFull: Bool { output.utf8.count >= limits.length }

    private mutating func write(_ message: any ContractMessage, depth: Int) {
        guard depth < limits.depth else { return output += "{…}" }
        var list = FieldList(elementLimit: limits.elements)
        message.list(&list)
        output += depth == 0 ? "\(type(of: message).protoMessageName){" : "{"
        for (index, field) in list.fields.enumerated() {
            if index > 0 { output += ", " }
            guard !isFull else {
                output += "…"
                break
            }
            output += "\(field.name): "
            switch field.sensitivity {
            case .public: write(field.value, depth: depth)
            case .personal: output += "[personal]"
            case .secret: output += "[secret]"
            }
        }
        output += "}"
    }

    private mutating func write(_ value: FieldValue, depth: Int) {
        switch value {
        case .text(let text): write(text: text)
        case .bytes(let bytes): output += "[\(bytes.count) bytes]"
        case .integer(let number): output += "\(number)"
        case .unsigned(let number): output += "\(number)"
        case .real(let number): output += "\(number)"
        case .bool(let flag): output += "\(flag)"
        case .enumeration(let name): output += name
        case .message(let message): write(message, depth: depth + 1)
        case .foreign(let message): write(foreign: message)
        case .list(let values, let count):
            write(values, count: count, "[", "]") { $0.write($1, depth: depth) }
        case .map(let entries, let count):
            write(entries, count: count, "{", "}") { writer, entry in
                writer.write(text: entry.key)
                writer.output += ": "
                writer.write(entry.value, depth: depth)
            }
        }
    }

    private mutating func write<Element>(
        _ elements: [Element],
        count: Int,
        _ open: String,
        _ close: String,
        _ writeElement: (inout MaskedText, Element) -> Void
    ) {
        output += open
        for (index, element) in elements.enumerated() {
            if index > 0 { output += ", " }
            guard !isFull else { break }
            writeElement(&self, element)
        }
        if elements.count < count || isFull { output += ", … \(count) in all" }
        output += close
    }

    /// Quoted, cut, and without control characters, which could pretend to be further lines of a log.
    private mutating func write(text: String) {
        output += "\""
        for scalar in text.unicodeScalars.prefix(limits.text) {
            switch scalar {
            case "\"", "\\": output += "\\\(scalar)"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}": output += " "
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += text.unicodeScalars.dropFirst(limits.text).isEmpty ? "\"" : "…\""
    }

    private mutating func write(foreign message: any Message) {
        switch message {
        case let time as Google_Protobuf_Timestamp: output += (try? time.jsonString()) ?? "[no time]"
        case let duration as Google_Protobuf_Duration: output += (try? duration.jsonString()) ?? "[no duration]"
        case let mask as Google_Protobuf_FieldMask: write(text: mask.paths.joined(separator: ","))
        default: output += "\(type(of: message).protoMessageName){…}"
        }
    }
}
