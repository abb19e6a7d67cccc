import Patterns
import PolicyContract
import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// Checks that the rules of fields fit the fields, and can be met.
struct FieldRuleChecker {
    func check(_ message: Descriptor, _ problems: inout ContractProblems) {
        for field in message.fields where field.hasRule {
            var found: [String] = []
            checkShape(field, &found)
            checkValues(field.rule, FieldType(field), &found)
            if let (key, _) = field.mapKeyAndValue, field.rule.hasKeys {
                checkKeys(field.rule.keys, FieldType(key), &found)
            }
            for text in found { problems.add(.field(field), "'\(field.fullName)' \(text).") }
        }
        for nested in message.messages where !nested.options.mapEntry {
            checkName(nested.name, SourcePlace(of: nested), in: message, &problems)
            check(nested, &problems)
        }
        for type in message.enums { checkName(type.name, SourcePlace(of: type), in: message, &problems) }
    }

    /// What the generated checks are written with. A nested type of such a name would hide it.
    private static let namesInChecks: Set<String> = [
        "BoolRule", "BytesRule", "ContractMessage", "DurationRule", "EnumRule", "FieldList", "Int", "Int32", "Int64",
        "IntegerRule", "Pattern", "RealRule", "Self", "TextRule", "TimestampRule", "UInt32", "UInt64", "Violations",
    ]

    private func checkName(
        _ name: String,
        _ place: SourcePlace,
        in message: Descriptor,
        _ problems: inout ContractProblems
    ) {
        guard message.file.hasMessageRules, Self.namesInChecks.contains(name) else { return }
        problems.add(
            place, "a type '\(name)' inside '\(message.fullName)' would hide what its checks are written with.")
    }

    /// What depends on whether the field is single, repeated or a map.
    private func checkShape(_ field: FieldDescriptor, _ found: inout [String]) {
        let rule = field.rule
        if rule.hasCount {
            checkCount(rule.count, "count", &found)
            if !field.isRepeated { found.append("has a count, and is neither repeated nor a map") }
        }
        if rule.hasKeys, !field.isMap { found.append("has rules of keys, and is no map") }
        if case .UNRECOGNIZED = rule.sensitivity { found.append("has a sensitivity that is none") }
        guard rule.required else { return }
        if let oneof = field.realContainingOneof {
            found.append("is required, which its oneof '\(oneof.name)' can be, but not one field of it")
        } else if case .bool = FieldType(field), !field.isRepeated, !field.hasPresence {
            found.append("is required, but false cannot be told from not set: make it optional")
        }
    }

    /// What depends on the type of values.
    private func checkValues(
        _ rule: Datavault_Policy_V1_FieldRule,
        _ type: FieldType,
        _ found: inout [String]
    ) {
        var (allowsLength, allowsText) = (false, false)
        switch type {
        case .text: (allowsLength, allowsText) = (true, true)
        case .bytes: allowsLength = true
        default: break
        }
        if rule.hasLength {
            checkCount(rule.length, "length", &found)
            if !allowsLength { found.append("has a length, and is \(type.name)") }
        }
        if !rule.pattern.isEmpty {
            if !allowsText { found.append("has a pattern, and is \(type.name)") }
            checkPattern(rule.pattern, &found)
        }
        if rule.format != .unspecified {
            if !allowsText { found.append("has a format, and is \(type.name)") }
            if case .UNRECOGNIZED = rule.format { found.append("has a format that is none") }
        }
        checkRanges(rule, type, &found)
    }

    private func checkRanges(
        _ rule: Datavault_Policy_V1_FieldRule,
        _ type: FieldType,
        _ found: inout [String]
    ) {
        if rule.hasRange {
            if case .integer(let bounds, _) = type {
                let (min, max) = (rule.range.hasMin ? rule.range.min : nil, rule.range.hasMax ? rule.range.max : nil)
                checkOrder(min, max, "range", &found)
                if ![min, max].compactMap({ $0 }).allSatisfy(bounds.contains) {
                    found.append("has a range beyond what its type holds")
                }
            } else {
                found.append("has a range, and is \(type.name)")
            }
        }
        if rule.hasRealRange {
            let range = rule.realRange
            checkOrder(range.hasMin ? range.min : nil, range.hasMax ? range.max : nil, "real_range", &found)
            if case .real = type {} else { found.append("has a real_range, and is \(type.name)") }
            if range.min.isNaN || range.max.isNaN { found.append("has a real_range to NaN") }
        }
        if rule.hasDurationRange {
            let range = rule.durationRange
            checkOrder(
                range.hasMin ? DurationOrder(range.min) : nil, range.hasMax ? DurationOrder(range.max) : nil,
                "duration_range", &found)
            if case .duration = type {} else { found.append("has a duration_range, and is \(type.name)") }
        }
    }

    private func checkKeys(_ rule: Datavault_Policy_V1_FieldRule, _ type: FieldType, _ found: inout [String]) {
        if rule.hasCount || rule.hasKeys || rule.required || rule.sensitivity != .unspecified {
            found.append("has rules of keys other than length, pattern, format and range")
        }
        checkValues(rule, type, &found)
    }

    private func checkOrder<Bound: Comparable>(_ min: Bound?, _ max: Bound?, _ name: String, _ found: inout [String]) {
        if min == nil, max == nil { found.append("has a \(name) without bounds") }
        if let min, let max, min > max { found.append("has a \(name) that nothing lies in: its min is over its max") }
    }

    private func checkCount(_ count: Datavault_Policy_V1_Count, _ name: String, _ found: inout [String]) {
        if count.min == 0, count.max == 0 { found.append("has a \(name) without bounds") }
        if count.max != 0, count.min > count.max {
            found.append("has a \(name) that nothing lies in: its min is over its max")
        }
    }

    private func checkPattern(_ source: String, _ found: inout [String]) {
        do {
            _ = try Pattern(source)
        } catch {
            found.append("has the pattern '\(source)', which cannot be used: \(error)")
        }
    }
}

private struct DurationOrder: Comparable {
    let seconds: Int64
    let nanos: Int32

    init(_ duration: Google_Protobuf_Duration) { (seconds, nanos) = (duration.seconds, duration.nanos) }

    static func < (left: DurationOrder, right: DurationOrder) -> Bool {
        (left.seconds, left.nanos) < (right.seconds, right.nanos)
    }
}
