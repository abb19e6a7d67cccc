import PolicyContract
package import SwiftProtobuf
package import Transcoding
package import Wire

/// A method that can be called: its descriptor for Wire, and the types of its messages.
package struct SchemaMethod: Sendable {
    package let descriptor: MethodDescriptor
    package let request: MessageType
    package let response: MessageType
    package let proto: Google_Protobuf_MethodDescriptorProto
    let service: Schema.Place<Google_Protobuf_ServiceDescriptorProto>

    package var sendsStream: Bool { proto.clientStreaming }
    package var receivesStream: Bool { proto.serverStreaming }

    init(
        _ proto: Google_Protobuf_MethodDescriptorProto, _ service: Schema.Place<Google_Protobuf_ServiceDescriptorProto>,
        _ pool: DescriptorPool
    ) throws {
        let (input, output) = (Schema.plain(proto.inputType), Schema.plain(proto.outputType))
        guard let request = pool.messageType(named: input), let response = pool.messageType(named: output) else {
            throw CallToolError(
                .usage, "the descriptors lack \(input) or \(output), which \(service.name).\(proto.name) needs")
        }
        let kind: MethodKind =
            switch (proto.clientStreaming, proto.serverStreaming) {
            case (false, false): .unary
            case (false, true): .serverStreaming
            case (true, false): .clientStreaming
            case (true, true): .bidirectional
            }
        descriptor = MethodDescriptor(
            service: service.name, name: proto.name, kind: kind, requestType: input, responseType: output,
            idempotency: proto.options.idempotencyLevel == .noSideEffects ? .noSideEffects : .unknown)
        (self.request, self.response, self.proto, self.service) = (request, response, proto, service)
    }

    /// What the suite's contract says of the call; nil for methods of others.
    var policy: Datavault_Policy_V1_CallPolicy? {
        guard let bytes: [UInt8] = try? proto.options.serializedBytes(),
            let options = try? Google_Protobuf_MethodOptions(
                serializedBytes: bytes, extensions: Datavault_Policy_V1_Policy_Extensions),
            options.hasDatavault_Policy_V1_call
        else { return nil }
        return options.Datavault_Policy_V1_call
    }
}
