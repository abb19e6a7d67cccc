import PolicyContract
import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// Writes a message's conformance to `ContractMessage`.
struct MessageRulesWriter {
    let message: Descriptor
    let namer: SwiftProtobufNamer
    let visibility: Visibility

    private var access: String { visibility.modifier }

    func write(to writer: inout SourceWriter) {
        writer.block("extension \(namer.fullName(message: message)): ContractMessage") { writer in
            writePatterns(to: &writer)
            writer.block("\(access)func check(_ found: inout Violations)") { writer in writeChecks(to: &writer) }
            writer.line()
            writer.block("\(access)func list(_ fields: inout FieldList)") { writer in writeList(to: &writer) }
        }
    }

    private func names(_ field: FieldDescriptor) -> SwiftProtobufNamer.MessageFieldNames {
        var names = namer.messagePropertyNames(field: field, prefixed: ".", includeHasAndClear: true)
        // What the functions' parameters are called.
        if ["found", "fields"].contains(names.name) { names.name = "self.\(names.name)" }
        return names
    }

    private func rule(_ field: FieldDescriptor) -> FieldRuleText {
        let base = MethodName.lowerCamelCased(field.name)
        return FieldRuleText(field: field, patternName: "\(base)Pattern", keyPatternName: "\(base)KeyPattern")
    }

    private func writePatterns(to writer: inout SourceWriter) {
        var isAny = false
        for field in message.fields {
            let text = rule(field)
            for (name, source) in [
                (text.patternName, field.rule.pattern), (text.keyPatternName, field.rule.keys.pattern),
            ] where !source.isEmpty {
                writer.line("private static let \(name) = Pattern(checked: \(source.swiftLiteral))")
                isAny = true
            }
        }
        if isAny { writer.line() }
    }

    // MARK: Checks

    private func writeChecks(to writer: inout SourceWriter) {
        for field in message.fields {
            if let oneof = field.realContainingOneof {
                if oneof.fields.first === field { writeOneof(oneof, to: &writer) }
            } else {
                writeCheck(field, to: &writer)
            }
        }
    }

    private func writeCheck(_ field: FieldDescriptor, to writer: inout SourceWriter) {
        let name = names(field).name
        if field.isRepeated {
            writeRepeatedCheck(field, name, to: &writer)
        } else if let (method, arguments) = singleCheck(field, value: name) {
            var arguments = arguments
            if field.hasPresence { arguments.append("isSet: \(names(field).has)") }
            if field.rule.required { arguments.append("required: true") }
            writer.list("found.\(method)", arguments)
        } else if field.rule.required {
            writer.line("if !\(names(field).has) { found.missing(\"\(field.name)\") }")
        }
    }

    /// The function that checks one value, and its arguments so far; nil if there is nothing to check.
    private func singleCheck(_ field: FieldDescriptor, value: String) -> (String, [String])? {
        let name = "\"\(field.name)\""
        switch FieldType(field) {
        case .contract:
            guard let mask = updateMask else { return ("message", [name, value]) }
            return ("update", [name, value, "mask: \(names(mask).name).paths"])
        case .foreign: return nil
        case .bool where !(field.rule.required && field.hasPresence): return nil
        default:
            let text = rule(field)
            guard let values = text.values ?? (field.rule.required ? text.emptyValues : nil) else { return nil }
            return ("value", [name, value, values])
        }
    }

    /// The field that says which fields of a resource change (AIP-134); those that do not may be left out.
    private var updateMask: FieldDescriptor? {
        message.fields.first {
            $0.name == "update_mask" && $0.type == .message && $0.messageType.fullName == "google.protobuf.FieldMask"
        }
    }

    private func writeRepeatedCheck(_ field: FieldDescriptor, _ value: String, to writer: inout SourceWriter) {
        let text = rule(field)
        let name = "\"\(field.name)\""
        if field.rule.required { writer.line("if \(value).isEmpty { found.missing(\(name)) }") }
        let count = field.rule.hasCount ? text.count : "0...Int.max"
        let hides = field.rule.sensitivity.isHidden ? ["hidesKeys: true"] : []
        switch FieldType(field) {
        case .contract where field.isMap:
            let keys = text.keys ?? ""
            writer.list("found.messageMap", [name, value, "keys: \(keys)", "count: \(count)"] + hides)
        case .contract: writer.list("found.messages", [name, value, "count: \(count)"])
        case .foreign:
            if field.rule.hasCount { writer.line("_ = found.count(\(name), \(value).count, \(count))") }
        default:
            let values = text.values ?? text.emptyValues
            if field.isMap {
                let keys = text.keys ?? ""
                let arguments = [name, value, "keys: \(keys)", "values: \(values)", "count: \(count)"]
                writer.list("found.map", arguments + hides)
            } else if text.values != nil {
                writer.list("found.values", [name, value, values, "count: \(count)"])
            } else if field.rule.hasCount {
                writer.line("_ = found.count(\(name), \(value).count, \(count))")
            }
        }
    }

    private func writeOneof(_ oneof: OneofDescriptor, to writer: inout SourceWriter) {
        let property = namer.messagePropertyName(oneof: oneof).name
        let checked = oneof.fields.filter { singleCheck($0, value: "value") != nil }
        let missing = "found.missing(\"\(oneof.name)\")"
        guard !checked.isEmpty else {
            if oneof.isRequired { writer.line("if \(property) == nil { \(missing) }") }
            return
        }
        writer.line("switch \(property) {")
        for field in checked {
            guard let (method, arguments) = singleCheck(field, value: "value") else { continue }
            writer.line("case \(names(field).prefixed)(let value)?:")
            writer.indented { $0.list("found.\(method)", arguments + ["isSet: true"]) }
        }
        if oneof.isRequired { writer.line("case nil: \(missing)") }
        if checked.count < oneof.fields.count || !oneof.isRequired { writer.line("default: break") }
        writer.line("}")
    }

    // MARK: Lists

    private func writeList(to writer: inout SourceWriter) {
        for field in message.fields {
            let name = names(field).name
            let sensitivity = field.rule.sensitivity.argument
            if field.isRepeated {
                let method = field.isMap ? "map" : "list"
                let arguments = ["\"\(field.name)\"", name] + sensitivity
                writer.list("fields.\(method)", arguments, " { \(value(field, "$0")) }")
            } else if let oneof = field.realContainingOneof {
                let property = namer.messagePropertyName(oneof: oneof).name
                let condition = "if case \(names(field).prefixed)(let value)? = \(property)"
                writeAdd(field, condition, value(field, "value"), sensitivity, to: &writer)
            } else {
                writeAdd(field, "if \(isSet(field))", value(field, name), sensitivity, to: &writer)
            }
        }
    }

    private func writeAdd(
        _ field: FieldDescriptor,
        _ condition: String,
        _ value: String,
        _ sensitivity: [String],
        to writer: inout SourceWriter
    ) {
        let arguments = (["\"\(field.name)\"", value] + sensitivity).joined(separator: ", ")
        let line = "\(condition) { fields.add(\(arguments)) }"
        guard !writer.fits(line) else { return writer.line(line) }
        writer.block(condition) { $0.line("fields.add(\(arguments))") }
    }

    private func isSet(_ field: FieldDescriptor) -> String {
        let names = names(field)
        if field.hasPresence { return names.has }
        return switch FieldType(field) {
        case .text, .bytes: "!\(names.name).isEmpty"
        case .bool: names.name
        case .enumeration: "\(names.name).rawValue != 0"
        default: "\(names.name) != 0"
        }
    }

    private func value(_ field: FieldDescriptor, _ value: String) -> String {
        let type = field.valueField.type
        return switch FieldType(field) {
        case .text: ".text(\(value))"
        case .bytes: ".bytes(\(value))"
        case .integer(_, let isUnsigned):
            if isUnsigned {
                [.uint64, .fixed64].contains(type) ? ".unsigned(\(value))" : ".unsigned(UInt64(\(value)))"
            } else {
                [.int64, .sint64, .sfixed64].contains(type) ? ".integer(\(value))" : ".integer(Int64(\(value)))"
            }
        case .real: type == .double ? ".real(\(value))" : ".real(Double(\(value)))"
        case .bool: ".bool(\(value))"
        case .enumeration: ".enumeration(\"\\(\(value))\")"
        case .contract: ".message(\(value))"
        case .duration, .timestamp, .foreign: ".foreign(\(value))"
        }
    }
}

extension Datavault_Policy_V1_Sensitivity {
    var isHidden: Bool { self == .personal || self == .secret }

    var argument: [String] {
        switch self {
        case .personal: [".personal"]
        case .secret: [".secret"]
        default: []
        }
    }
}
