import PolicyContract
import SwiftProtobuf

/// Scalars in canonical JSON, with the contract's bounds.
enum OpenAPIScalars {
    /// The schema of a field's value, or of one element.
    static func schema(
        _ field: Google_Protobuf_FieldDescriptorProto, _ rule: Datavault_Policy_V1_FieldRule
    ) -> JSONTree {
        switch field.type {
        case .bool: .object(("type", .text("boolean")))
        case .string: text(rule)
        case .bytes:
            .object(("type", .text("string")), ("contentEncoding", .text("base64")), ("maxLength", encoded(rule)))
        case .int64, .sint64, .sfixed64, .uint64, .fixed64:
            // As text, since JavaScript's numbers end at 2^53.
            .object(
                ("type", .text("string")), ("format", .text(isSigned(field.type) ? "int64" : "uint64")),
                ("pattern", .text(isSigned(field.type) ? "^-?[0-9]{1,19}$" : "^[0-9]{1,20}$")))
        case .int32, .sint32, .sfixed32: integer(rule, Int64(Int32.min), Int64(Int32.max))
        case .uint32, .fixed32: integer(rule, 0, Int64(UInt32.max))
        case .float, .double:
            .object(
                ("type", .text("number")),
                ("minimum", rule.realRange.hasMin ? .number(rule.realRange.min) : nil),
                ("maximum", rule.realRange.hasMax ? .number(rule.realRange.max) : nil))
        default: .object([])
        }
    }

    private static func isSigned(_ type: Google_Protobuf_FieldDescriptorProto.TypeEnum) -> Bool {
        type != .uint64 && type != .fixed64
    }

    private static func integer(_ rule: Datavault_Policy_V1_FieldRule, _ least: Int64, _ most: Int64) -> JSONTree {
        .object(
            ("type", .text("integer")), ("format", .text("int32")),
            ("minimum", .integer(rule.range.hasMin ? max(rule.range.min, least) : least)),
            ("maximum", .integer(rule.range.hasMax ? min(rule.range.max, most) : most)))
    }

    /// How long the text of so many bytes is.
    private static func encoded(_ rule: Datavault_Policy_V1_FieldRule) -> JSONTree? {
        rule.length.max == 0 ? nil : .integer((Int64(rule.length.max) + 2) / 3 * 4)
    }

    private static func text(_ rule: Datavault_Policy_V1_FieldRule) -> JSONTree {
        let (format, pattern) = form(rule)
        return .object(
            ("type", .text("string")), ("format", format.map { .text($0) }),
            ("minLength", rule.length.min > 0 ? .integer(Int64(rule.length.min)) : rule.required ? .integer(1) : nil),
            ("maxLength", rule.length.max > 0 ? .integer(Int64(rule.length.max)) : nil),
            ("pattern", pattern.map { .text($0) }))
    }

    /// A text's format, where JSON Schema has a word for it, and its pattern.
    private static func form(_ rule: Datavault_Policy_V1_FieldRule) -> (String?, String?) {
        if !rule.pattern.isEmpty { return (nil, "^(?:\(rule.pattern))$") }
        return switch rule.format {
        case .email: ("email", nil)
        case .httpURL: ("uri", nil)
        case .uuid: ("uuid", nil)
        case .hostName: ("hostname", nil)
        case .ipAddress: (nil, "^[0-9A-Fa-f.:]{2,45}$")
        case .date: ("date", nil)
        case .resourceID: (nil, "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")
        case .countryCode: (nil, "^[A-Z]{2}$")
        case .unspecified, .UNRECOGNIZED: (nil, nil)
        }
    }
}
