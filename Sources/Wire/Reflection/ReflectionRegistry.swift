import FoundationEssentials
import SwiftProtobuf

/// A descriptor set, indexed once for all that reflection is asked.
struct ReflectionRegistry: Sendable {
    /// Serialized files with the indexes of what they import.
    private struct File {
        var name: String
        var bytes: Data
        var imports: [String]
    }

    private var files: [String: File] = [:]
    private var fileOfSymbol: [String: String] = [:]
    private var fileOfExtension: [String: [Int32: String]] = [:]
    private(set) var services: [String] = []

    init(_ set: Google_Protobuf_FileDescriptorSet) throws {
        for file in set.file where files[file.name] == nil {
            files[file.name] = File(
                name: file.name, bytes: try file.serializedBytes(), imports: file.dependency)
            let prefix = file.package.isEmpty ? "" : "\(file.package)."
            for message in file.messageType { index(message, prefix, file.name) }
            for type in file.enumType { index(type, prefix, file.name) }
            for field in file.extension { index(field, prefix, file.name) }
            for service in file.service {
                services.append(prefix + service.name)
                fileOfSymbol[prefix + service.name] = file.name
                for method in service.method { fileOfSymbol["\(prefix)\(service.name).\(method.name)"] = file.name }
            }
        }
        services.sort()
    }

    private mutating func index(_ message: Google_Protobuf_DescriptorProto, _ prefix: String, _ file: String) {
        let name = prefix + message.name
        fileOfSymbol[name] = file
        for field in message.field { fileOfSymbol["\(name).\(field.name)"] = file }
        for oneof in message.oneofDecl { fileOfSymbol["\(name).\(oneof.name)"] = file }
        for nested in message.nestedType { index(nested, "\(name).", file) }
        for type in message.enumType { index(type, "\(name).", file) }
        for field in message.extension { index(field, "\(name).", file) }
    }

    private mutating func index(_ type: Google_Protobuf_EnumDescriptorProto, _ prefix: String, _ file: String) {
        fileOfSymbol[prefix + type.name] = file
        // Values are siblings of their type, not its children, as in C++.
        for value in type.value { fileOfSymbol[prefix + value.name] = file }
    }

    private mutating func index(_ field: Google_Protobuf_FieldDescriptorProto, _ prefix: String, _ file: String) {
        fileOfSymbol[prefix + field.name] = file
        let type = field.extendee.hasPrefix(".") ? String(field.extendee.dropFirst()) : field.extendee
        fileOfExtension[type, default: [:]][field.number] = file
    }

    /// A file and all that it imports, the file first; nil if there is none of that name.
    func file(named name: String) -> [Data]? {
        guard files[name] != nil else { return nil }
        var result: [Data] = []
        var seen: Set<String> = []
        var next = [name]
        while let name = next.popLast() {
            guard seen.insert(name).inserted, let file = files[name] else { continue }
            result.append(file.bytes)
            next.append(contentsOf: file.imports.reversed())
        }
        return result
    }

    func file(containing symbol: String) -> [Data]? { fileOfSymbol[symbol].flatMap { file(named: $0) } }

    func file(extending type: String, number: Int32) -> [Data]? {
        fileOfExtension[type]?[number].flatMap { file(named: $0) }
    }

    /// The numbers of a message's extensions; nil if the message is unknown.
    func extensionNumbers(of type: String) -> [Int32]? {
        guard fileOfSymbol[type] != nil else { return nil }
        return fileOfExtension[type, default: [:]].keys.sorted()
    }
}
