import PolicyContract
import SwiftProtobuf

/// What those who send or read a message lose.
struct MessageDiff {
    typealias Fields = [Int32: Google_Protobuf_FieldDescriptorProto]

    let name: String
    let old: Fields
    let new: Fields

    var sentences: [String] {
        let kept = old.sorted { $0.key < $1.key }.flatMap { number, field -> [String] in
            guard let successor = new[number] else {
                return ["The field '\(field.name)' (\(number)) of \(name) is gone."]
            }
            return shape(field, successor) + RuleDiff(field: "\(name).\(successor.name)", field, successor).sentences
        }
        let added = new.values.filter { field in
            old[field.number] == nil && field.options.Datavault_Policy_V1_field.required
        }
        return kept
            + added.map(\.name).sorted().map {
                "The new field '\($0)' of \(name) is required, and no caller sends it yet."
            }
    }

    private func shape(
        _ old: Google_Protobuf_FieldDescriptorProto,
        _ new: Google_Protobuf_FieldDescriptorProto
    ) -> [String] {
        var found: [String] = []
        if old.name != new.name || old.jsonName != new.jsonName {
            found.append("The field \(old.number) of \(name) was '\(old.name)' and is '\(new.name)'.")
        }
        if old.type != new.type || old.typeName != new.typeName {
            found.append("The field '\(old.name)' of \(name) was \(type(old)) and is \(type(new)).")
        }
        if (old.label == .repeated) != (new.label == .repeated) {
            found.append(
                "The field '\(old.name)' of \(name) is \(new.label == .repeated ? "now" : "no longer") a list.")
        }
        if old.hasOneofIndex != new.hasOneofIndex || old.proto3Optional != new.proto3Optional {
            found.append("The field '\(old.name)' of \(name) tells in another way whether it is set.")
        }
        return found
    }

    private func type(_ field: Google_Protobuf_FieldDescriptorProto) -> String {
        field.typeName.isEmpty ? "\(field.type)" : String(field.typeName.drop { $0 == "." })
    }
}
