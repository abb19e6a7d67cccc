/// A way from a message to a field in it, `filter.owner`: resolved once, used for every call.
public struct FieldPath: Sendable, Hashable, CustomStringConvertible {
    /// The message type that it starts from.
    public let root: MessageType
    /// At least one; all but the last are singular messages.
    public let fields: [MessageField]

    /// Names as the proto has them, joined by dots.
    public var description: String { fields.map(\.name).joined(separator: ".") }
}

extension MessageType {
    /// Resolves a path of original or JSON names, joined by dots.
    ///
    /// Throws `TranscodingError` (`unknownField`, `invalidPath`) naming the part that leads nowhere.
    public func path(_ text: String) throws(TranscodingError) -> FieldPath {
        var fields: [MessageField] = []
        var current: MessageType? = self
        var walked = ""
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            let name = String(part)
            guard let type = current else {
                throw TranscodingError(
                    .invalidPath, path: text, "\(walked) is no single message, so nothing can be set inside it")
            }
            walked += walked.isEmpty ? name : ".\(name)"
            guard let field = type.field(named: name) else {
                throw TranscodingError(.unknownField, path: text, "\(type.fullName) has no field \"\(name)\"")
            }
            fields.append(field)
            current = field.isRepeated ? nil : field.messageType
        }
        return FieldPath(root: self, fields: fields)
    }
}
