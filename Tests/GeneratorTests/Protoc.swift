import Foundation
import SwiftProtobuf

/// Compiles the protos under `Protos`.
enum Protoc {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    static let protos = folder.appending(path: "Protos")

    /// What `proto` and all that it imports declare, comments included.
    static func compile(_ proto: String) throws -> Google_Protobuf_FileDescriptorSet {
        let output = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).binpb")
        defer { try? FileManager.default.removeItem(at: output) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "protoc", "--proto_path=\(protos.path())", "--include_imports", "--include_source_info",
            "--descriptor_set_out=\(output.path())", proto,
        ]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(proto: proto) }
        return try Google_Protobuf_FileDescriptorSet(serializedBytes: Data(contentsOf: output))
    }

    struct Failure: Error, CustomStringConvertible {
        let proto: String
        var description: String { "protoc could not be run, or not compile \(proto)" }
    }
}
