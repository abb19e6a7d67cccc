import SwiftProtobuf

/// All definitions of some files by their full names.
struct Definitions: Sendable {
    private(set) var services: [Schema.Place<Google_Protobuf_ServiceDescriptorProto>] = []
    private(set) var messages: [String: Schema.Place<Google_Protobuf_DescriptorProto>] = [:]
    private(set) var enumerations: [String: Schema.Place<Google_Protobuf_EnumDescriptorProto>] = [:]
    /// Extensions, by the message that they extend and their number.
    private(set) var extensions: [String: [Int32: Schema.Place<Google_Protobuf_FieldDescriptorProto>]] = [:]

    init(_ files: [Google_Protobuf_FileDescriptorProto]) {
        // The numbers in paths are those of FileDescriptorProto's and DescriptorProto's fields.
        for (place, file) in files.enumerated() {
            let prefix = file.package.isEmpty ? "" : "\(file.package)."
            for (index, service) in file.service.enumerated() {
                services.append(
                    Schema.Place(name: prefix + service.name, proto: service, file: place, path: [6, Int32(index)]))
            }
            for (index, message) in file.messageType.enumerated() { add(message, prefix, place, [4, Int32(index)]) }
            for (index, type) in file.enumType.enumerated() { add(type, prefix, place, [5, Int32(index)]) }
            for (index, field) in file.extension.enumerated() { add(field, prefix, place, [7, Int32(index)]) }
        }
        services.sort { $0.name < $1.name }
    }

    private mutating func add(
        _ message: Google_Protobuf_DescriptorProto, _ prefix: String, _ file: Int, _ path: [Int32]
    ) {
        let name = prefix + message.name
        messages[name] = Schema.Place(name: name, proto: message, file: file, path: path)
        for (index, nested) in message.nestedType.enumerated() {
            add(nested, "\(name).", file, path + [3, Int32(index)])
        }
        for (index, type) in message.enumType.enumerated() { add(type, "\(name).", file, path + [4, Int32(index)]) }
        for (index, field) in message.extension.enumerated() { add(field, "\(name).", file, path + [6, Int32(index)]) }
    }

    private mutating func add(
        _ type: Google_Protobuf_EnumDescriptorProto, _ prefix: String, _ file: Int, _ path: [Int32]
    ) {
        let name = prefix + type.name
        enumerations[name] = Schema.Place(name: name, proto: type, file: file, path: path)
    }

    private mutating func add(
        _ field: Google_Protobuf_FieldDescriptorProto, _ prefix: String, _ file: Int, _ path: [Int32]
    ) {
        let place = Schema.Place(name: prefix + field.name, proto: field, file: file, path: path)
        extensions[Schema.plain(field.extendee), default: [:]][field.number] = place
    }
}
