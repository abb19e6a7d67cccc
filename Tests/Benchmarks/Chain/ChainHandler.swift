import BenchContract
import Policy
import Wire

/// The echo of the other peers, as a service of the suite has it.
struct ChainHandler: Datavault_Bench_V1_EchoService.Handler {
    func say(
        _ request: Datavault_Bench_V1_SayRequest, context: ServerContext
    ) async throws -> Datavault_Bench_V1_SayResponse {
        // What a handler asks first: for whom its queries are.
        guard CallScope.current?.caller.organization == ChainPolicy.organization else {
            throw RPCError(code: .internal, message: "the call is bound to no organization")
        }
        var reply = Datavault_Bench_V1_SayResponse()
        reply.text = request.text
        return reply
    }

    func listItems(
        _ request: Datavault_Bench_V1_ListItemsRequest, context: ServerContext
    ) async throws -> Datavault_Bench_V1_ListItemsResponse {
        throw RPCError(code: .unimplemented, message: "the gateway's benchmark has the list")
    }
}
