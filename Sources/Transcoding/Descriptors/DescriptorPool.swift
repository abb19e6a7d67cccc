internal import CProtobufC
public import SwiftProtobuf

/// The message types of a descriptor set, as protobuf-c descriptors that were made at run time.
///
/// It owns the memory of all descriptors, and each `MessageType` keeps it alive. A pool never changes: a gateway that is
/// given another descriptor set makes another pool, and calls under way keep theirs.
public final class DescriptorPool: Sendable {
    private let memory: DescriptorMemory
    private let typesByName: [String: TypeReference]

    /// The full names of all message types, map entries left out, in alphabetical order.
    public let messageNames: [String]

    /// Builds the descriptors of a serialized google.protobuf.FileDescriptorSet, as `protoc --include_imports
    /// --descriptor_set_out` and `buf build -o` write it.
    public convenience init(serializedDescriptorSet bytes: [UInt8]) throws(DescriptorError) {
        let set: Google_Protobuf_FileDescriptorSet
        do {
            set = try Google_Protobuf_FileDescriptorSet(serializedBytes: bytes)
        } catch {
            throw DescriptorError(.malformed, "descriptor set", "the bytes are no FileDescriptorSet: \(error)")
        }
        try self.init(set)
    }

    /// Builds the descriptors of a descriptor set, which must hold all that its files import.
    public init(_ set: Google_Protobuf_FileDescriptorSet) throws(DescriptorError) {
        let index = try DefinitionIndex(set)
        let memory = DescriptorMemory()
        let messages = unsafe memory.allocate(MessageEntry.self, count: index.messages.count)
        let enumerations = unsafe memory.allocate(EnumEntry.self, count: index.enumerations.count)
        let enumBuilder = EnumBuilder(memory: memory)
        for (place, definition) in index.enumerations.enumerated() {
            try unsafe enumBuilder.build(definition, into: enumerations + place)
        }
        let builder = unsafe LayoutBuilder(
            index: index, memory: memory, messages: messages, enumerations: enumerations,
            descriptors: memory.allocate(ProtobufCMessageDescriptor.self, count: index.messages.count))
        for place in index.messages.indices { try builder.build(place) }
        unsafe Self.markRequired(messages, count: index.messages.count)
        var types: [String: TypeReference] = [:]
        for (place, definition) in index.messages.enumerated() {
            types[definition.name] = unsafe TypeReference(entry: UnsafePointer(messages + place))
        }
        self.memory = memory
        self.typesByName = types
        self.messageNames = index.messages.filter { !$0.proto.options.mapEntry }.map(\.name).sorted()
    }

    /// The message type with a full name, such as `datavault.pipeline.v1.Pipeline`.
    public func messageType(named name: String) -> MessageType? {
        guard let reference = typesByName[name] else { return nil }
        return unsafe MessageType(pool: self, entry: reference.entry)
    }

    /// As `messageType(named:)`, for what an Any's type URL names.
    func entry(named name: String) -> UnsafePointer<MessageEntry>? { unsafe typesByName[name]?.entry }

    /// Marks the messages that can lack a required field, in themselves or in what they hold.
    private static func markRequired(_ messages: UnsafeMutablePointer<MessageEntry>, count: Int) {
        var changed = true
        while changed {
            changed = false
            for place in 0..<count where unsafe !messages[place].canLackRequired {
                let entry = unsafe messages[place]
                for index in 0..<entry.fieldCount {
                    let field = unsafe entry.fields[index]
                    let holds = unsafe field.message?.pointee.canLackRequired ?? false
                    if field.isRequired || holds {
                        unsafe messages[place].canLackRequired = true
                        changed = true
                        break
                    }
                }
            }
        }
    }
}

/// A pointer into the memory of a pool: read by all threads, written by none once the pool exists.
@safe private struct TypeReference: @unchecked Sendable {
    let entry: UnsafePointer<MessageEntry>
}
