import InteropProtos
import InteropShared
import Wire

/// What a case works with.
struct Run: Sendable {
    let flags: Flags
    let channel: ClientChannel

    var service: Grpc_Testing_TestService.Client { Grpc_Testing_TestService.Client(channel) }
}

typealias Case = @Sendable (Run) async throws -> Void

/// The cases by the names of gRPC's interop suite.
let cases: [String: Case] = [
    "empty_unary": emptyUnary,
    "large_unary": largeUnary,
    "client_streaming": clientStreaming,
    "server_streaming": serverStreaming,
    "ping_pong": pingPong,
    "empty_stream": emptyStream,
    "custom_metadata": customMetadata,
    "status_code_and_message": statusCodeAndMessage,
    "special_status_message": specialStatusMessage,
    "status_details": statusDetails,
    "unimplemented_method": unimplementedMethod,
    "unimplemented_service": unimplementedService,
    "cancel_after_begin": cancelAfterBegin,
    "cancel_after_first_response": cancelAfterFirstResponse,
    "timeout_on_sleeping_server": timeoutOnSleepingServer,
    "rpc_soak": rpcSoak,
    "channel_soak": channelSoak,
    "client_compressed_unary": clientCompressedUnary,
    "server_compressed_unary": serverCompressedUnary,
    "client_compressed_streaming": clientCompressedStreaming,
    "server_compressed_streaming": serverCompressedStreaming,
]
