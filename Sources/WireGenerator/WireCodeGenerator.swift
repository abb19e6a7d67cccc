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

    /// The options of DataVault's contract, and `google.api.http`.
    public var customOptionExtensions: [any AnyMessageExtension] { ContractOptions.extensions }

    /// Adds a stub for each of `files` with services, and a file of rules for each of a contract with messages.
    ///
    /// - Throws: `GeneratorError` for wrong options, and for a contract that leaves something unsaid or contradicts
    ///   itself: all that is wrong, each with its file and line.
    public func generate(
        files: [FileDescriptor],
        parameter: any CodeGeneratorParameter,
        protoCompilerContext: any ProtoCompilerContext,
        generatorOutputs: any GeneratorOutputs
    ) throws {
        let options = try GeneratorOptions(parameter.parsedPairs)
        try ContractChecker.check(files)
        guard !options.onlyChecks else { return }
        let moduleTypes = ModuleTypeNames(files: files, mappings: options.moduleMappings)
        for file in files where !file.services.isEmpty {
            let model = try FileModel(file, options: options, moduleTypes: moduleTypes)
            let name = options.fileNaming.outputName(forProto: file.name)
            try generatorOutputs.add(fileName: name, contents: FileWriter(model: model, options: options).text())
        }
        for file in files {
            guard let rules = RulesFileWriter(file: file, options: options).text() else { continue }
            try generatorOutputs.add(fileName: options.fileNaming.rulesName(forProto: file.name), contents: rules)
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
