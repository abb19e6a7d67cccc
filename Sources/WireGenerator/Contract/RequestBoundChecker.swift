import PolicyContract
import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// Checks that all that a caller sends is bounded: each text, each bytes and each list of every message that requests
/// can hold.
struct RequestBoundChecker {
    private var seen: Set<String> = []

    mutating func check(_ request: Descriptor, _ problems: inout ContractProblems) {
        guard request.file.hasMessageRules, seen.insert(request.fullName).inserted else { return }
        for field in request.fields {
            for missing in Self.missingBounds(of: field) {
                problems.add(
                    .field(field),
                    "'\(field.fullName)' can be part of a request, and \(missing); see (datavault.policy.v1.field)."
                )
            }
            if case .contract = FieldType(field) { check(field.valueField.messageType, &problems) }
        }
    }

    private static func missingBounds(of field: FieldDescriptor) -> [String] {
        var missing: [String] = []
        let rule = field.rule
        if field.isRepeated, rule.count.max == 0 { missing.append("nothing bounds how many elements it has") }
        if needsLength(field.valueField), rule.length.max == 0, rule.format == .unspecified {
            missing.append("nothing bounds how long it is")
        }
        if let (key, _) = field.mapKeyAndValue, needsLength(key), rule.keys.length.max == 0,
            rule.keys.format == .unspecified
        {
            missing.append("nothing bounds how long its keys are")
        }
        return missing
    }

    private static func needsLength(_ field: FieldDescriptor) -> Bool {
        field.type == .string || field.type == .bytes
    }
}
