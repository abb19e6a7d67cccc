import PolicyContract
import SwiftProtobuf

/// Reads the permissions that a contract declares.
enum DeclaredPermissions {
    /// The names in all files' `datavault.policy.v1.permissions`.
    ///
    /// - Parameter descriptorSet: A serialized `google.protobuf.FileDescriptorSet`.
    /// - Throws: SwiftProtobuf's error if the bytes are none.
    static func read(_ descriptorSet: [UInt8]) throws -> Set<String> {
        var extensions = SimpleExtensionMap()
        extensions.formUnion(Datavault_Policy_V1_Policy_Extensions)
        let set = try Google_Protobuf_FileDescriptorSet(serializedBytes: descriptorSet, extensions: extensions)
        return Set(set.file.flatMap { $0.options.Datavault_Policy_V1_permissions.map(\.name) })
    }
}
