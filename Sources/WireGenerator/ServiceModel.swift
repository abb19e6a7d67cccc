import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// What is written of a service.
struct ServiceModel {
    let name: String
    let protoName: String
    let methods: [MethodModel]
    let comment: DocComment
    let isDeprecated: Bool

    init(_ service: ServiceDescriptor, name: String, namer: SwiftProtobufNamer) throws {
        self.name = name
        protoName = service.fullName
        comment = DocComment(of: service, fallback: "The service `\(service.fullName)`.")
        isDeprecated = service.options.deprecated
        let names = MethodName.names(forProto: service.methods.map(\.name))
        methods = zip(service.methods, names).map { MethodModel($0, name: $1, namer: namer) }
        for message in methods.flatMap({ [$0.request, $0.response] }) {
            let outermost = message.swift.prefix(while: { $0 != "." })
            guard Self.nestedTypes.contains(String(outermost)) else { continue }
            throw GeneratorError(
                """
                \(service.file.name): the message '\(message.proto)' would be hidden by a type of that name in the \
                stub of '\(service.fullName)'; give its file a package or a swift_prefix.
                """
            )
        }
    }

    /// The types inside a stub, which hide the module's own types of these names.
    private static let nestedTypes: Set<String> = ["Client", "Handler", "Methods"]

    /// The Swift names of a file's services: those that messages would have, less what must not be hidden and what
    /// the file's messages and enums are called.
    static func names(in file: FileDescriptor, namer: SwiftProtobufNamer) -> [String] {
        var taken = Set(file.messages.map(namer.relativeName(message:)) + file.enums.map(namer.relativeName(enum:)))
        return file.services.map { service in
            var name = namer.typePrefix(forFile: file) + service.name
            while SwiftKeywords.topLevel.contains(name) || !taken.insert(name).inserted { name += "Service" }
            return name
        }
    }
}
