public import SwiftProtobuf
public import SwiftProtobufPluginLibrary

/// Writes a Swift file for each proto file that declares services.
public struct WireCodeGenerator: CodeGenerator {
    /// Makes a generator; all that varies comes with each request.
    public init() {}

    /// What protoc may hand over: fields that are `optional` in proto3, and editions.
    public var supportedFeatures: [Google_Protobuf_Compiler_CodeGeneratorResponse.Feature] {
        [.proto3Optional, .supportsEditions]
    }

    /// Every edition whose descriptors the plugin library can read: services look the same in all of them.
    public var supportedEditionRange: ClosedRange<Google_Protobuf_Edition> { DescriptorSet.bundledEditionsSupport }

    /// Adds one output for each of `files` with services, and none for the others.
    public func generate(
        files: [FileDescriptor],
        parameter: any CodeGeneratorParameter,
        protoCompilerContext: any ProtoCompilerContext,
        generatorOutputs: any GeneratorOutputs
    ) throws {
        let options = try GeneratorOptions(parameter.parsedPairs)
        let moduleTypes = ModuleTypeNames(files: files, mappings: options.moduleMappings)
        for file in files where !file.services.isEmpty {
            let model = try FileModel(file, options: options, moduleTypes: moduleTypes)
            let name = options.fileNaming.outputName(forProto: file.name)
            try generatorOutputs.add(fileName: name, contents: FileWriter(model: model, options: options).text())
        }
    }

    /// Tells someone who runs the plugin by hand how protoc runs it, and the options it takes.
    public func printHelp() {
        print(
            """
            protoc-gen-wire writes Swift stubs for the services of proto files. protoc runs it:

                protoc --plugin=path/to/protoc-gen-wire --wire_out=DIR --wire_opt=Visibility=Public FILE.proto

            Options:
            \(GeneratorOptions.help)
            """
        )
    }
}
