import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// A path of fields from a message, as `book.author.name`.
struct FieldPath {
    let fields: [FieldDescriptor]

    /// Why there is no such path, as a clause.
    struct Missing: Error {
        let reason: String
    }

    /// Follows a path; all fields but the last are single messages.
    init(_ text: String, in message: Descriptor) throws(Missing) {
        var fields: [FieldDescriptor] = []
        var current: Descriptor? = message
        for name in text.split(separator: ".", omittingEmptySubsequences: false) {
            guard let container = current else {
                throw Missing(reason: "'\(fields.last?.name ?? "")' is no message that could have a field '\(name)'")
            }
            guard let field = container.fields.first(where: { $0.name == name }) else {
                throw Missing(reason: "'\(container.fullName)' has no field '\(name)'")
            }
            guard !field.isRepeated else { throw Missing(reason: "'\(field.fullName)' is repeated") }
            fields.append(field)
            current = field.type == .message || field.type == .group ? field.messageType : nil
        }
        self.fields = fields
    }

    var last: FieldDescriptor? { fields.last }

    /// Whether the field's value is a message.
    var endsInMessage: Bool { last.map { $0.type == .message || $0.type == .group } ?? true }
}
