import Foundation
import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// Where something stands in a proto.
struct SourcePlace {
    let file: String
    /// From 1; 0 where protoc gave no source info.
    let line: Int32
    let column: Int32

    /// The place of `element`, or of one of its options where that has one of its own.
    ///
    /// - Parameters:
    ///   - options: The number of the field `options` in the descriptor's own message.
    ///   - extensionNumber: The option's number.
    init(
        of element: some ProvidesLocationPath,
        options: Int? = nil,
        extensionNumber: Int = ContractOptions.policyNumber
    ) {
        var path = IndexPath()
        element.getLocationPath(path: &path)
        self.init(file: element.file, path: path, options: options, extensionNumber: extensionNumber)
    }

    /// The place of a file's option.
    init(file: FileDescriptor, extensionNumber: Int = ContractOptions.policyNumber, index: Int) {
        // FileDescriptorProto.options is field 8.
        let path: IndexPath = [8, extensionNumber, index]
        self.init(file.name, file.sourceCodeInfoLocation(path: path))
    }

    private init(file: FileDescriptor, path: IndexPath, options: Int?, extensionNumber: Int) {
        var location = file.sourceCodeInfoLocation(path: path)
        if let options {
            let option = path.appending(options).appending(extensionNumber)
            // `option (call) = { … }` has a place as a whole, `option (call).cost = 5` one for the field in it.
            let candidates = [option] + (1...20).map { option.appending($0) }
            location = candidates.lazy.compactMap { file.sourceCodeInfoLocation(path: $0) }.first ?? location
        }
        self.init(file.name, location)
    }

    private init(_ file: String, _ location: Google_Protobuf_SourceCodeInfo.Location?) {
        self.file = file
        line = (location?.span.first ?? -1) + 1
        column = (location?.span.dropFirst().first ?? -1) + 1
    }

    static func method(_ method: MethodDescriptor) -> SourcePlace { SourcePlace(of: method, options: 4) }
    static func route(_ method: MethodDescriptor) -> SourcePlace {
        SourcePlace(of: method, options: 4, extensionNumber: ContractOptions.routeNumber)
    }
    static func field(_ field: FieldDescriptor) -> SourcePlace { SourcePlace(of: field, options: 8) }
}
