package import SwiftProtobuf
package import Transcoding

/// The services and types of a set of proto files, by name.
package final class Schema: Sendable {
    /// A definition and where it stands.
    package struct Place<Proto: Sendable>: Sendable {
        /// The full name, without a leading dot.
        package let name: String
        package let proto: Proto
        /// The file, as an index of `files`.
        let file: Int
        /// Field numbers and indexes from the file's descriptor to the definition, as SourceCodeInfo has them.
        let path: [Int32]
    }

    package let files: [Google_Protobuf_FileDescriptorProto]
    package let pool: DescriptorPool
    let definitions: Definitions
    private let comments: [[[Int32]: Google_Protobuf_SourceCodeInfo.Location]]

    /// All services, by name.
    package var services: [Place<Google_Protobuf_ServiceDescriptorProto>] { definitions.services }

    /// Indexes files, which hold all that they import.
    package init(_ files: [Google_Protobuf_FileDescriptorProto]) throws {
        self.files = files
        var set = Google_Protobuf_FileDescriptorSet()
        set.file = files
        do {
            pool = try DescriptorPool(set)
        } catch {
            throw CallToolError(.usage, "the descriptors cannot be used: \(error)")
        }
        comments = files.map { file in
            Dictionary(file.sourceCodeInfo.location.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        }
        definitions = Definitions(files)
    }

    /// A type's name without the leading dot that descriptors write.
    static func plain(_ name: String) -> String { name.hasPrefix(".") ? String(name.dropFirst()) : name }

    /// The lines that stand before a definition; empty where the files came without comments.
    func comment(_ file: Int, _ path: [Int32]) -> [Substring] {
        guard let location = comments[file][path], location.hasLeadingComments else { return [] }
        var lines = location.leadingComments.split(separator: "\n", omittingEmptySubsequences: false)
        while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
        return lines
    }
}
