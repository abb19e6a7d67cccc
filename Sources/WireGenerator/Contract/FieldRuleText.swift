import PolicyContract
import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// How a field's rule is written in Swift.
struct FieldRuleText {
    let field: FieldDescriptor
    /// What the constant of the field's pattern is called, and that of its keys' pattern.
    let patternName: String
    let keyPatternName: String

    /// The rule of the field's values; nil if there is nothing to check, as for bool.
    var values: String? { Self.text(field.rule, field.valueField, patternName) }

    /// The rule of a map's keys.
    var keys: String? {
        field.mapKeyAndValue.map { key, _ in
            Self.text(field.rule.keys, key, keyPatternName) ?? Self.emptyText(key)
        }
    }

    /// A rule that asks for nothing, where something has to stand.
    var emptyValues: String { Self.emptyText(field.valueField) }

    var count: String { Self.bounds(field.rule.count) }

    private static func text(
        _ rule: Datavault_Policy_V1_FieldRule,
        _ field: FieldDescriptor,
        _ patternName: String
    ) -> String? {
        switch FieldType(field) {
        case .text:
            var arguments: [String] = []
            if rule.hasLength { arguments.append("length: \(bounds(rule.length))") }
            if !rule.pattern.isEmpty { arguments.append("pattern: Self.\(patternName)") }
            if let format = format(rule.format) { arguments.append("format: \(format)") }
            return arguments.isEmpty ? nil : "TextRule(\(arguments.joined(separator: ", ")))"
        case .bytes: return rule.hasLength ? "BytesRule(length: \(bounds(rule.length)))" : nil
        case .integer: return rule.hasRange ? "IntegerRule(\(range(rule.range, swiftType(field))))" : nil
        case .real: return rule.hasRealRange ? "RealRule(\(range(rule.realRange)))" : nil
        case .enumeration: return "EnumRule()"
        case .duration: return "DurationRule(\(range(rule.durationRange)))"
        case .timestamp: return "TimestampRule()"
        case .bool, .contract, .foreign: return nil
        }
    }

    private static func emptyText(_ field: FieldDescriptor) -> String {
        switch FieldType(field) {
        case .text: "TextRule()"
        case .bytes: "BytesRule()"
        case .integer: "IntegerRule()"
        case .real: "RealRule()"
        case .bool: "BoolRule()"
        case .enumeration: "EnumRule()"
        case .duration: "DurationRule()"
        case .timestamp: "TimestampRule()"
        case .contract, .foreign: ""
        }
    }

    private static func bounds(_ count: Datavault_Policy_V1_Count) -> String {
        let max = count.max == 0 ? "Int.max" : NumberText.grouped(count.max)
        return "\(NumberText.grouped(count.min))...\(max)"
    }

    private static func range(_ range: Datavault_Policy_V1_IntegerRange, _ type: String) -> String {
        let min = range.hasMin ? NumberText.grouped(range.min) : "\(type).min"
        let max = range.hasMax ? NumberText.grouped(range.max) : "\(type).max"
        return "\(min)...\(max)"
    }

    private static func range(_ range: Datavault_Policy_V1_RealRange) -> String {
        func text(_ value: Double) -> String {
            value.isInfinite ? (value < 0 ? "-.infinity" : ".infinity") : "\(value)"
        }
        let min = range.hasMin ? text(range.min) : "-.infinity"
        let max = range.hasMax ? text(range.max) : ".infinity"
        return max.hasPrefix(".") || max.hasPrefix("-") ? "\(min) ... \(max)" : "\(min)...\(max)"
    }

    private static func range(_ range: Datavault_Policy_V1_DurationRange) -> String {
        func text(_ value: Google_Protobuf_Duration) -> String {
            "(seconds: \(NumberText.grouped(value.seconds)), nanos: \(NumberText.grouped(value.nanos)))"
        }
        var arguments: [String] = []
        if range.hasMin { arguments.append("min: \(text(range.min))") }
        if range.hasMax { arguments.append("max: \(text(range.max))") }
        return arguments.joined(separator: ", ")
    }

    private static func swiftType(_ field: FieldDescriptor) -> String {
        switch field.type {
        case .int32, .sint32, .sfixed32: "Int32"
        case .uint32, .fixed32: "UInt32"
        case .uint64, .fixed64: "UInt64"
        default: "Int64"
        }
    }

    private static func format(_ format: Datavault_Policy_V1_Format) -> String? {
        switch format {
        case .email: ".email"
        case .httpURL: ".httpURL"
        case .uuid: ".uuid"
        case .hostName: ".hostName"
        case .ipAddress: ".ipAddress"
        case .date: ".date"
        case .resourceID: ".resourceID"
        case .countryCode: ".countryCode"
        case .unspecified, .UNRECOGNIZED: nil
        }
    }
}
