import SwiftProtobuf
import SwiftProtobufPluginLibrary
import WireGenerator

/// What the generator answers to a request.
struct Generation {
    let files: [String: String]
    let error: String

    /// Asks for the stubs of `names`, or of the set's last file, which protoc puts after all that it imports.
    init(of set: Google_Protobuf_FileDescriptorSet, names: [String]? = nil, options: String = "") {
        var request = Google_Protobuf_Compiler_CodeGeneratorRequest()
        request.protoFile = set.file
        request.fileToGenerate = names ?? set.file.suffix(1).map(\.name)
        request.parameter = options
        let response = generateCode(request: request, generator: WireCodeGenerator())
        files = Dictionary(uniqueKeysWithValues: response.file.map { ($0.name, $0.content) })
        error = response.error
    }

    init(of proto: String, options: String = "") throws {
        self.init(of: try Protoc.compile(proto), options: options)
    }
}
