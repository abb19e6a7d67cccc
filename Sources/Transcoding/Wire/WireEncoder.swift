internal import CProtobufC

/// Writes message memory as protobuf bytes: protobuf-c's own packing, into memory of the right size.
enum WireEncoder {
    static func encode(_ message: MessagePointer, to output: inout OutputBuffer) throws(TranscodingError) {
        let message = unsafe message.assumingMemoryBound(to: ProtobufCMessage.self)
        let size = unsafe protobuf_c_message_get_packed_size(message)
        try output.reserve(size)
        unsafe output.cursor += protobuf_c_message_pack(message, output.cursor)
    }

    /// Into the arena: what an Any holds.
    static func encode(_ message: MessagePointer, in arena: Arena) throws(TranscodingError) -> TextSlice {
        let message = unsafe message.assumingMemoryBound(to: ProtobufCMessage.self)
        let size = unsafe protobuf_c_message_get_packed_size(message)
        let bytes = unsafe try arena.allocate(size).assumingMemoryBound(to: UInt8.self)
        return unsafe TextSlice(start: bytes, count: protobuf_c_message_pack(message, bytes))
    }
}
