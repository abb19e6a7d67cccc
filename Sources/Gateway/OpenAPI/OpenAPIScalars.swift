import PolicyContract
import SwiftProtobuf

/// Scalars in canonical JSON, with the contract's bounds.
enum OpenAPIScalars {
    /// The schema of a field's value, or of one element.
    static func schema(
        _ field: Google_Protobuf_FieldDescriptorProto, _ rule: Datavault_Policy_V1_FieldRule
    ) -> JSONTree {
        switch field.type {
        case .bool: .object(("type", .text("boolean")), ("const", isSet(field, rule) ? .flag(true) : nil))
        case .string: text(rule)
        case .bytes:
            .object(
                ("type", .text("string")), ("contentEncoding", .text("base64")),
                ("minLength", encodedLeast(rule).map { .integer($0) }), ("maxLength", encoded(rule)))
        case .int64, .sint64, .sfixed64: longInteger(field, rule)
        case .uint64, .fixed64: longNatural(field, rule)
        case .int32, .sint32, .sfixed32: integer(field, rule, Int64(Int32.min), Int64(Int32.max))
        case .uint32, .fixed32: integer(field, rule, 0, Int64(UInt32.max))
        case .float, .double:
            .object(
                ("type", .text("number")),
                ("minimum", rule.realRange.hasMin ? .number(rule.realRange.min) : nil),
                ("maximum", rule.realRange.hasMax ? .number(rule.realRange.max) : nil),
                ("not", isSet(field, rule) ? .object(("const", .integer(0))) : nil))
        default: .object([])
        }
    }

    /// Whether a value without presence may not be its type's zero: that would be none.
    private static func isSet(
        _ field: Google_Protobuf_FieldDescriptorProto, _ rule: Datavault_Policy_V1_FieldRule
    ) -> Bool { rule.required && !field.proto3Optional && !field.hasOneofIndex && field.label != .repeated }

    private static func integer(
        _ field: Google_Protobuf_FieldDescriptorProto, _ rule: Datavault_Policy_V1_FieldRule, _ least: Int64,
        _ most: Int64
    ) -> JSONTree {
        let low = rule.range.hasMin ? max(rule.range.min, least) : least
        let high = rule.range.hasMax ? min(rule.range.max, most) : most
        return .object(
            ("type", .text("integer")), ("format", .text(least == 0 ? "uint32" : "int32")), ("minimum", .integer(low)),
            ("maximum", .integer(high)),
            ("not", isSet(field, rule) && (low...high).contains(0) ? .object(("const", .integer(0))) : nil))
    }

    /// As text, since JavaScript's numbers end at 2^53; so its bounds are a pattern. `x-datavault-minimum` and
    /// `x-datavault-maximum` say them to whoever reads.
    private static func longInteger(
        _ field: Google_Protobuf_FieldDescriptorProto, _ rule: Datavault_Policy_V1_FieldRule
    ) -> JSONTree {
        let low = rule.range.hasMin ? rule.range.min : Int64.min
        let high = rule.range.hasMax ? rule.range.max : Int64.max
        guard low <= high else { return .object(("not", .object([]))) }
        return .object(
            ("type", .text("string")), ("format", .text("int64")),
            ("pattern", .text("^\(RangePattern.integers(low...high))$")),
            ("not", isSet(field, rule) && (low...high).contains(0) ? .object(("const", .text("0"))) : nil),
            ("x-datavault-minimum", rule.range.hasMin ? .text("\(low)") : nil),
            ("x-datavault-maximum", rule.range.hasMax ? .text("\(high)") : nil))
    }

    private static func longNatural(
        _ field: Google_Protobuf_FieldDescriptorProto, _ rule: Datavault_Policy_V1_FieldRule
    ) -> JSONTree {
        let isBounded = rule.range.hasMin || rule.range.hasMax
        let low = rule.range.hasMin ? max(rule.range.min, 0) : 0
        let pattern =
            rule.range.hasMax || isBounded && low > 0
            ? RangePattern.integers(low...(rule.range.hasMax ? max(rule.range.max, low) : Int64.max))
            : RangePattern.integers(upTo: UInt64.max)
        return .object(
            ("type", .text("string")), ("format", .text("uint64")), ("pattern", .text("^\(pattern)$")),
            ("not", isSet(field, rule) && low == 0 ? .object(("const", .text("0"))) : nil),
            ("x-datavault-minimum", rule.range.hasMin ? .text("\(low)") : nil),
            ("x-datavault-maximum", rule.range.hasMax ? .text("\(rule.range.max)") : nil))
    }

    /// The range of a duration, as a pattern of its text.
    static func duration(_ rule: Datavault_Policy_V1_FieldRule) -> JSONTree {
        let range = rule.durationRange
        let least = range.hasMin ? (range.min.seconds, range.min.nanos) : (-longestDuration, Int32(0))
        let most = range.hasMax ? (range.max.seconds, range.max.nanos) : (longestDuration, Int32(0))
        return .object(
            ("type", .text("string")), ("pattern", .text("^\(RangePattern.seconds(from: least, to: most))s$")),
            ("x-datavault-minimum", range.hasMin ? .text(range.min.shown) : nil),
            ("x-datavault-maximum", range.hasMax ? .text(range.max.shown) : nil))
    }

    /// Seconds; of google.protobuf.Duration.
    private static let longestDuration: Int64 = 315_576_000_000

    /// How long the text of so many bytes is.
    private static func encoded(_ rule: Datavault_Policy_V1_FieldRule) -> JSONTree? {
        rule.length.max == 0 ? nil : .integer((Int64(rule.length.max) + 2) / 3 * 4)
    }

    private static func encodedLeast(_ rule: Datavault_Policy_V1_FieldRule) -> Int64? {
        let least = max(Int64(rule.length.min), rule.required ? 1 : 0)
        // Padding may be left out: so many digits of 6 bits it takes at least.
        return least == 0 ? nil : (least * 8 + 5) / 6
    }

    /// A key of a map, which is a text in JSON whatever it is in protobuf.
    static func key(
        _ field: Google_Protobuf_FieldDescriptorProto?, _ rule: Datavault_Policy_V1_FieldRule
    ) -> JSONTree? {
        guard let field else { return nil }
        switch field.type {
        case .string: return text(rule)
        case .bool: return .object(("enum", .texts(["true", "false"])))
        default:
            let low = rule.range.hasMin ? rule.range.min : Int64.min
            let high = rule.range.hasMax ? rule.range.max : Int64.max
            return low > high ? nil : .object(("pattern", .text("^\(RangePattern.integers(low...high))$")))
        }
    }

    /// A text.
    static func text(_ rule: Datavault_Policy_V1_FieldRule) -> JSONTree {
        let form = OpenAPIForm(rule)
        let longest = rule.length.max > 0 ? min(Int64(rule.length.max), form.longest ?? .max) : form.longest
        return .object(
            ("type", .text("string")), ("format", form.format.map { .text($0) }),
            ("minLength", rule.length.min > 0 ? .integer(Int64(rule.length.min)) : rule.required ? .integer(1) : nil),
            ("maxLength", longest.map { .integer($0) }), ("pattern", form.pattern.map { .text($0) }))
    }
}

extension Google_Protobuf_Duration {
    /// As JSON writes it.
    fileprivate var shown: String {
        let text = (try? jsonString()) ?? ""
        return String(text.filter { $0 != "\"" })
    }
}
