import Foundation
import SwiftProtobuf
import WireGenerator

/// Compiles the protos under `Protos`.
enum Protoc {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    static let protos = folder.appending(path: "Protos")

    /// The repository's own protos, and those of the Python package googleapis-common-protos (`make setup`).
    private static let contractRoots: [URL] = {
        let root = folder.deletingLastPathComponent().deletingLastPathComponent()
        let libraries = root.appending(path: ".build-py/lib")
        let versions =
            (try? FileManager.default.contentsOfDirectory(at: libraries, includingPropertiesForKeys: nil)) ?? []
        let googleapis = versions.map { $0.appending(path: "site-packages") }
        // Debian keeps google/protobuf's protos apart from protoc.
        let wellKnown = root.appending(path: ".build/checkouts/swift-protobuf/Protos/Sources/SwiftProtobuf")
        return [root.appending(path: "proto")] + googleapis + [wellKnown]
    }()

    /// What a contract's files, given as texts, declare, with all that they import.
    static func compile(contract files: [String: String]) throws -> Google_Protobuf_FileDescriptorSet {
        let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: root) }
        for (name, text) in files {
            let file = root.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        return try compile(files.keys.sorted(), in: [root] + contractRoots)
    }

    /// What a file of the tests' own contract declares, with all that it imports.
    static func compile(testContract name: String) throws -> Google_Protobuf_FileDescriptorSet {
        try compile([name], in: [testContract.appending(path: "proto")] + contractRoots)
    }

    static let testContract = folder.deletingLastPathComponent().appending(path: "Contract")

    /// What `proto` and all that it imports declare, comments included.
    static func compile(_ proto: String) throws -> Google_Protobuf_FileDescriptorSet {
        try compile([proto], in: [protos])
    }

    private static func compile(_ names: [String], in roots: [URL]) throws -> Google_Protobuf_FileDescriptorSet {
        let output = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).binpb")
        defer { try? FileManager.default.removeItem(at: output) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["protoc", "--include_imports", "--include_source_info", "--descriptor_set_out=\(output.path())"]
            + roots.map { "--proto_path=\($0.path())" } + names
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(protos: names) }
        var options = SimpleExtensionMap()
        options.insert(contentsOf: WireCodeGenerator().customOptionExtensions)
        return try Google_Protobuf_FileDescriptorSet(serializedBytes: Data(contentsOf: output), extensions: options)
    }

    struct Failure: Error, CustomStringConvertible {
        let protos: [String]
        var description: String { "protoc could not be run, or not compile \(protos.joined(separator: ", "))" }
    }
}
