import InteropProtos
import Wire

// All of the server that has to do with compression is here.

/// Refuses a unary request that says it came compressed and did not, or the other way round.
///
/// The suite asks this of the first alone; the second is a false claim no less.
func checkClaim(of request: Grpc_Testing_SimpleRequest, _ context: ServerContext) throws {
    if request.hasExpectCompressed {
        try check(claimed: request.expectCompressed.value, came: context.requestWasCompressed)
    }
}

/// Refuses a message of a stream likewise; it must be the one received last.
func checkClaim(
    of request: Grpc_Testing_StreamingInputCallRequest,
    in requests: RequestStream<Grpc_Testing_StreamingInputCallRequest>
) throws {
    if request.hasExpectCompressed {
        try check(claimed: request.expectCompressed.value, came: requests.lastMessageWasCompressed)
    }
}

private func check(claimed: Bool, came: Bool) throws {
    guard claimed == came else {
        let truth = came ? "came compressed" : "did not come compressed"
        throw RPCError(code: .invalidArgument, message: "the request \(truth)")
    }
}

/// Has the responses from now on compressed, or not.
func compressFollowing(_ compressed: Bool, _ context: ServerContext) {
    context.compression = compressed ? .gzip : .identity
}
