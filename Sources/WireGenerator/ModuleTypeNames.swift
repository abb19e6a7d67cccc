import SwiftProtobufPluginLibrary

/// The top-level Swift types that protos bring into the module being generated for.
///
/// Such a type hides an imported one of the same name: where a message is called `Router`, Wire's has to be
/// written `Wire.Router`.
struct ModuleTypeNames {
    private var names: Set<String> = []

    init(files: [FileDescriptor], mappings: ProtoFileToModuleMappings) {
        var seen: Set<String> = []
        var pending = files
        while let file = pending.popLast() {
            guard seen.insert(file.name).inserted else { continue }
            pending += file.dependencies
            let namer = SwiftProtobufNamer(currentFile: file, protoFileToModuleMappings: mappings)
            // Names of a file in another module are written with that module, unless a file generated now is in it.
            guard mappings.moduleName(forFile: file) == nil || files.contains(where: { $0 === file }) else { continue }
            names.formUnion(file.messages.map(namer.relativeName(message:)))
            names.formUnion(file.enums.map(namer.relativeName(enum:)))
            names.formUnion(file.services.map { namer.typePrefix(forFile: file) + $0.name })
        }
    }

    func contains(_ name: String) -> Bool { names.contains(name) }
}
