import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// What is written of a method.
struct MethodModel {
    let name: MethodName
    let protoName: String
    let kind: MethodKind
    let idempotency: String
    let request: MessageName
    let response: MessageName
    let comment: DocComment
    let isDeprecated: Bool
    let policy: CallPolicyWriter?

    init(_ method: MethodDescriptor, name: MethodName, namer: SwiftProtobufNamer) {
        self.name = name
        protoName = method.name
        kind = MethodKind(clientStreams: method.clientStreaming, serverStreams: method.serverStreaming)
        idempotency =
            switch method.options.idempotencyLevel {
            case .noSideEffects: ".noSideEffects"
            case .idempotent: ".idempotent"
            case .idempotencyUnknown: ".unknown"
            }
        request = MessageName(method.inputType, namer: namer)
        response = MessageName(method.outputType, namer: namer)
        comment = DocComment(of: method, fallback: "The method `\(method.name)`.")
        isDeprecated = method.options.deprecated
        policy = CallPolicyWriter(method, namer: namer)
    }
}

/// Which sides of a method stream.
enum MethodKind: String {
    case unary
    case serverStreaming
    case clientStreaming
    case bidirectional

    init(clientStreams: Bool, serverStreams: Bool) {
        self =
            switch (clientStreams, serverStreams) {
            case (false, false): .unary
            case (false, true): .serverStreaming
            case (true, false): .clientStreaming
            case (true, true): .bidirectional
            }
    }

    var clientStreams: Bool { self == .clientStreaming || self == .bidirectional }
    var serverStreams: Bool { self == .serverStreaming || self == .bidirectional }
}

/// A message's name, in Swift and in protos.
struct MessageName {
    let swift: String
    let proto: String

    init(_ message: Descriptor, namer: SwiftProtobufNamer) {
        swift = namer.fullName(message: message)
        proto = message.fullName
    }
}
