/// Why a descriptor set cannot be used.
public struct DescriptorError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: String, Hashable, Sendable {
        /// The bytes are no google.protobuf.FileDescriptorSet.
        case malformed
        /// A file imports one that the set lacks.
        case missingImport
        /// A field's type stands nowhere in the set.
        case unknownType
        /// Two definitions have one name, or two fields of a message one name or number.
        case duplicate
        /// A definition breaks protobuf's rules.
        case invalid
        /// Groups and editions, which this module does not know.
        case unsupported
    }

    /// What kind of fault it is.
    public let reason: Reason
    /// The file, message, field or enum that it is about.
    public let subject: String
    /// What is wrong, in a sentence.
    public let message: String

    public var description: String { "\(subject): \(message)" }

    init(_ reason: Reason, _ subject: String, _ message: String) {
        self.reason = reason
        self.subject = subject
        self.message = message
    }
}
