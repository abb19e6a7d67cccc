import SwiftProtobuf

/// Contracts put together.
enum DescriptorSets {
    /// One set of all files, each once, those first that others import.
    ///
    /// - Parameter sets: Serialized `google.protobuf.FileDescriptorSet`s. A file that several have is taken from the first.
    /// - Throws: SwiftProtobuf's error if the bytes are none.
    static func merged(_ sets: [[UInt8]]) throws -> [UInt8] {
        var merged = Google_Protobuf_FileDescriptorSet()
        var seen: Set<String> = []
        for bytes in sets {
            // Options stay as they are, known or not.
            let set = try Google_Protobuf_FileDescriptorSet(serializedBytes: bytes)
            merged.file += set.file.filter { seen.insert($0.name).inserted }
        }
        return try merged.serializedBytes()
    }
}
