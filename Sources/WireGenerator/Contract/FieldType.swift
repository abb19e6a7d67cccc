import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// What kind of value a field holds, or each element or value of it.
enum FieldType {
    case text
    case bytes
    case integer(range: ClosedRange<Int64>, isUnsigned: Bool)
    case real
    case bool
    case enumeration
    case duration
    case timestamp
    /// A message of the suite, which has rules of its own.
    case contract
    /// Any other message.
    case foreign

    init(_ field: FieldDescriptor) {
        let field = field.valueField
        self =
            switch field.type {
            case .string: .text
            case .bytes: .bytes
            case .int32, .sint32, .sfixed32:
                .integer(range: Int64(Int32.min)...Int64(Int32.max), isUnsigned: false)
            case .int64, .sint64, .sfixed64: .integer(range: .min ... .max, isUnsigned: false)
            case .uint32, .fixed32: .integer(range: 0...Int64(UInt32.max), isUnsigned: true)
            case .uint64, .fixed64: .integer(range: 0 ... .max, isUnsigned: true)
            case .float, .double: .real
            case .bool: .bool
            case .enum: .enumeration
            case .message, .group: Self.ofMessage(field.messageType)
            }
    }

    private static func ofMessage(_ message: Descriptor) -> FieldType {
        switch message.fullName {
        case "google.protobuf.Duration": .duration
        case "google.protobuf.Timestamp": .timestamp
        default: message.file.hasMessageRules ? .contract : .foreign
        }
    }

    /// What the type is called where a rule does not fit it.
    var name: String {
        switch self {
        case .text: "a string"
        case .bytes: "bytes"
        case .integer: "an integer"
        case .real: "a floating-point number"
        case .bool: "a bool"
        case .enumeration: "an enum"
        case .duration: "a duration"
        case .timestamp: "a timestamp"
        case .contract, .foreign: "a message"
        }
    }
}
