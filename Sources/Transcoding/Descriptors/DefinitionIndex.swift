internal import SwiftProtobuf

/// All messages and enums of a descriptor set by their full names, without the leading dot.
struct DefinitionIndex {
    struct Message {
        var name: String
        var proto: Google_Protobuf_DescriptorProto
        var isProto3: Bool
    }

    struct Enumeration {
        var name: String
        var proto: Google_Protobuf_EnumDescriptorProto
        var isProto3: Bool
    }

    private(set) var messages: [Message] = []
    private(set) var enumerations: [Enumeration] = []
    private var messageIndex: [String: Int] = [:]
    private var enumerationIndex: [String: Int] = [:]
    private var fileOfName: [String: String] = [:]

    init(_ set: Google_Protobuf_FileDescriptorSet) throws(DescriptorError) {
        var files: Set<String> = []
        for file in set.file {
            guard files.insert(file.name).inserted else {
                throw DescriptorError(.duplicate, file.name, "the set has this file twice")
            }
        }
        for file in set.file {
            for dependency in file.dependency where !files.contains(dependency) {
                throw DescriptorError(
                    .missingImport, file.name,
                    "imports \(dependency), which the set lacks; make it with --include_imports")
            }
            guard ["", "proto2", "proto3"].contains(file.syntax) else {
                throw DescriptorError(.unsupported, file.name, "the syntax \"\(file.syntax)\" is not supported")
            }
            let scope = file.package
            for message in file.messageType { try add(message, in: scope, of: file) }
            for enumeration in file.enumType { try add(enumeration, in: scope, of: file) }
        }
    }

    private mutating func add(
        _ message: Google_Protobuf_DescriptorProto, in scope: String, of file: Google_Protobuf_FileDescriptorProto
    ) throws(DescriptorError) {
        let name = try declare(message.name, in: scope, of: file)
        messageIndex[name] = messages.count
        messages.append(Message(name: name, proto: message, isProto3: file.syntax == "proto3"))
        for nested in message.nestedType { try add(nested, in: name, of: file) }
        for nested in message.enumType { try add(nested, in: name, of: file) }
    }

    private mutating func add(
        _ enumeration: Google_Protobuf_EnumDescriptorProto, in scope: String,
        of file: Google_Protobuf_FileDescriptorProto
    ) throws(DescriptorError) {
        let name = try declare(enumeration.name, in: scope, of: file)
        enumerationIndex[name] = enumerations.count
        enumerations.append(Enumeration(name: name, proto: enumeration, isProto3: file.syntax == "proto3"))
    }

    private mutating func declare(
        _ name: String, in scope: String, of file: Google_Protobuf_FileDescriptorProto
    ) throws(DescriptorError) -> String {
        guard isIdentifier(name) else {
            throw DescriptorError(.invalid, file.name, "\"\(name)\" is no name for a type")
        }
        let full = scope.isEmpty ? name : "\(scope).\(name)"
        if let other = fileOfName.updateValue(file.name, forKey: full) {
            throw DescriptorError(.duplicate, full, "is defined in \(other) and again in \(file.name)")
        }
        return full
    }

    enum Found {
        case message(Int)
        case enumeration(Int)
    }

    /// Finds a type as a field names it: with a leading dot from the root, else from the innermost scope outwards.
    func find(_ typeName: String, from scope: String) -> Found? {
        if typeName.hasPrefix(".") { return lookUp(String(typeName.dropFirst())) }
        var scope = scope
        while true {
            if let found = lookUp(scope.isEmpty ? typeName : "\(scope).\(typeName)") { return found }
            if scope.isEmpty { return nil }
            scope = scope.lastIndex(of: ".").map { String(scope[..<$0]) } ?? ""
        }
    }

    private func lookUp(_ name: String) -> Found? {
        if let index = messageIndex[name] { return .message(index) }
        return enumerationIndex[name].map { .enumeration($0) }
    }
}

/// Whether a name is one that protobuf allows: letters, digits and underscores, no digit first. All that comes out of
/// a set and goes into JSON as a key passes here or through `JSONString`.
func isIdentifier(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(48...57).contains(first) else { return false }
    return name.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95
    }
}

/// The JSON name that protoc gives a field without one of its own: `field_name` becomes `fieldName`.
func lowerCamelCase(_ name: String) -> String {
    var result = ""
    var raise = false
    for character in name.unicodeScalars {
        if character == "_" {
            raise = true
        } else if raise, ("a"..."z").contains(character) {
            result.unicodeScalars.append(Unicode.Scalar(UInt8(character.value - 32)))
            raise = false
        } else {
            result.unicodeScalars.append(character)
            raise = false
        }
    }
    return result
}
