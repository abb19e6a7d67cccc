package import SwiftProtobuf

/// Where the definitions of services come from.
package protocol SchemaSource: Sendable {
    /// The full names of all services, in order.
    func serviceNames() async throws -> [String]
    /// The file that defines a symbol, with all that it imports; nil if nobody knows the symbol.
    func files(defining symbol: String) async throws -> [Google_Protobuf_FileDescriptorProto]?
    /// How it is named in messages.
    var name: String { get }
}

/// A descriptor set, read from a file or carried by the program.
package struct DescriptorSetSource: SchemaSource {
    package let name: String
    fileprivate let allFiles: [Google_Protobuf_FileDescriptorProto]

    /// Reads a serialized `google.protobuf.FileDescriptorSet`.
    package init(_ bytes: [UInt8], name: String, limits: CallToolLimits = CallToolLimits()) throws {
        guard bytes.count <= limits.maxDescriptorBytes else {
            throw CallToolError.usage("\(name) is over \(limits.maxDescriptorBytes) bytes")
        }
        guard let set = try? Google_Protobuf_FileDescriptorSet(serializedBytes: bytes), !set.file.isEmpty else {
            throw CallToolError.usage(
                "\(name) is no descriptor set",
                next: "protoc --include_imports --descriptor_set_out=FILE and buf build -o FILE write one")
        }
        (self.name, allFiles) = (name, set.file)
    }

    package func serviceNames() -> [String] {
        allFiles.flatMap { file in
            file.service.map { file.package.isEmpty ? $0.name : "\(file.package).\($0.name)" }
        }.sorted()
    }

    package func files(defining symbol: String) -> [Google_Protobuf_FileDescriptorProto]? {
        serviceNames().contains(symbol) ? allFiles : nil
    }
}

extension DescriptorSetSource {
    /// A method as its service and its own name say.
    package struct MethodName: Sendable {
        /// `package.Service`
        package let service: String
        package let method: String
    }

    /// All methods of all services.
    package var methods: [MethodName] {
        allFiles.flatMap { file in
            file.service.flatMap { service in
                let name = file.package.isEmpty ? service.name : "\(file.package).\(service.name)"
                return service.method.map { MethodName(service: name, method: $0.name) }
            }
        }
    }
}

extension DescriptorSetSource.MethodName {
    /// Whether `text` names it or its service, with what stands before left out or not.
    package func isNamed(by text: String) -> Bool {
        let written = text.drop { $0 == "/" }.split(separator: "/").joined(separator: ".")
        return !written.isEmpty && [service, "\(service).\(method)"].contains { ".\($0)".hasSuffix(".\(written)") }
    }
}
