/// How generated code writes the names of Wire's types.
struct WireTypes {
    let methodDescriptor: String
    let serviceDescriptor: String
    let serviceHandler: String
    let serverContext: String
    let router: String
    let responseWriter: String
    let requestStream: String
    let clientChannel: String
    let callOptions: String
    let responseStream: String
    let clientStreamingCall: String
    let bidirectionalCall: String

    init(hiddenBy moduleTypes: ModuleTypeNames) {
        func written(_ name: String) -> String { moduleTypes.contains(name) ? "Wire.\(name)" : name }
        methodDescriptor = written("MethodDescriptor")
        serviceDescriptor = written("ServiceDescriptor")
        serviceHandler = written("ServiceHandler")
        serverContext = written("ServerContext")
        router = written("Router")
        responseWriter = written("ResponseWriter")
        requestStream = written("RequestStream")
        clientChannel = written("ClientChannel")
        callOptions = written("CallOptions")
        responseStream = written("ResponseStream")
        clientStreamingCall = written("ClientStreamingCall")
        bidirectionalCall = written("BidirectionalCall")
    }
}
