import GoogleAPIContract
import PolicyContract
import SwiftProtobuf

/// What a descriptor set says of the suite's own packages, by full names: the form in which two are compared.
public struct ContractSnapshot {
    struct Method {
        let proto: Google_Protobuf_MethodDescriptorProto
        let routes: [Route]

        var policy: Datavault_Policy_V1_CallPolicy { proto.options.Datavault_Policy_V1_call }
    }

    private(set) var methods: [String: Method] = [:]
    /// Fields by number.
    private(set) var messages: [String: [Int32: Google_Protobuf_FieldDescriptorProto]] = [:]
    /// Names by number; several where an enum has aliases.
    private(set) var enums: [String: [Int32: Set<String>]] = [:]
    private(set) var permissions: Set<String> = []

    /// Reads a descriptor set, as `protoc --include_imports --descriptor_set_out` or `buf build` writes it.
    ///
    /// - Parameter package: The package whose own contract is read, with all below it.
    /// - Throws: SwiftProtobuf's error if the bytes are no descriptor set.
    public init(descriptorSet: [UInt8], package: String = "datavault") throws {
        var extensions = SimpleExtensionMap()
        extensions.formUnion(Datavault_Policy_V1_Policy_Extensions)
        extensions.formUnion(Google_Api_Annotations_Extensions)
        let set = try Google_Protobuf_FileDescriptorSet(serializedBytes: descriptorSet, extensions: extensions)
        let own = set.file.filter { $0.package == package || $0.package.hasPrefix("\(package).") }
        for file in own {
            for message in file.messageType { take(message, in: file.package) }
            for type in file.enumType { take(type, in: file.package) }
            permissions.formUnion(file.options.Datavault_Policy_V1_permissions.map(\.name))
        }
        // Routes read the messages, which may stand in later files.
        for file in own {
            for service in file.service {
                for method in service.method {
                    let name = "\(file.package).\(service.name).\(method.name)"
                    methods[name] = Method(proto: method, routes: Route.all(of: method, messages))
                }
            }
        }
    }

    private mutating func take(_ message: Google_Protobuf_DescriptorProto, in scope: String) {
        let name = "\(scope).\(message.name)"
        messages[name] = Dictionary(message.field.map { ($0.number, $0) }) { first, _ in first }
        for nested in message.nestedType { take(nested, in: name) }
        for type in message.enumType { take(type, in: name) }
    }

    private mutating func take(_ type: Google_Protobuf_EnumDescriptorProto, in scope: String) {
        let values = type.value.map { ($0.number, Set([$0.name])) }
        enums["\(scope).\(type.name)"] = Dictionary(values) { $0.union($1) }
    }
}
