import SwiftProtobufPluginLibrary

/// What is written of a proto file.
struct FileModel {
    /// The module of the values that policies are written as.
    static let policyModule = "PolicyModel"

    let protoPath: String
    let imports: [String]
    let services: [ServiceModel]
    let wire: WireTypes

    init(_ file: FileDescriptor, options: GeneratorOptions, moduleTypes: ModuleTypeNames) throws {
        let namer = SwiftProtobufNamer(currentFile: file, protoFileToModuleMappings: options.moduleMappings)
        protoPath = file.name
        services = try zip(file.services, ServiceModel.names(in: file, namer: namer)).map { service, name in
            try ServiceModel(service, name: name, namer: namer)
        }
        imports = Self.imports(of: file, namer: namer, options: options)
        wire = WireTypes(hiddenBy: moduleTypes)
    }

    /// The modules that the stub names something of, and no others: Swift warns of a public import without a use.
    private static func imports(
        of file: FileDescriptor,
        namer: SwiftProtobufNamer,
        options: GeneratorOptions
    ) -> [String] {
        var modules: Set<String> = options.importsWire ? ["Wire"] : []
        let methods = file.services.flatMap(\.methods)
        let hasPolicies = methods.contains { $0.policy != nil }
        if hasPolicies { modules.insert(policyModule) }
        guard options.writesClient || options.writesServer || hasPolicies else { return modules.sorted() }
        for message in methods.flatMap({ [$0.inputType, $0.outputType] }) {
            guard let declaringFile = message?.file else { continue }
            if let module = options.moduleMappings.moduleName(forFile: declaringFile) {
                modules.insert(module)
            } else {
                modules.formUnion(options.extraModuleImports)
            }
        }
        modules.remove(namer.targetModule)
        return modules.sorted()
    }
}
