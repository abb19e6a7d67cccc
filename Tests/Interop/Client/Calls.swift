import InteropProtos
import Wire

extension CallOptions {
    /// Options of a call that is not meant to run into its deadline. No case takes this long; it turns a hang into a
    /// failure.
    static func within(_ timeout: Duration = .seconds(30), metadata: Metadata = Metadata()) -> CallOptions {
        var options = CallOptions()
        options.timeout = timeout
        options.metadata = metadata
        return options
    }
}

/// A unary call that shows more than its response: the stream of that one response.
///
/// On the wire a unary call is a server-streaming one with a single response, so it can be made as one.
func unaryAsStream(
    _ run: Run,
    _ request: Grpc_Testing_SimpleRequest,
    _ options: CallOptions
) async throws -> ResponseStream<Grpc_Testing_SimpleResponse> {
    let unary = Grpc_Testing_TestService.Methods.unaryCall
    let method = MethodDescriptor(
        service: unary.service,
        name: unary.name,
        kind: .serverStreaming,
        requestType: unary.requestType,
        responseType: unary.responseType
    )
    return try await run.channel.serverStreaming(method, request, options: options)
}
