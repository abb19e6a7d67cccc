import InteropProtos
import NIOCore
import Testing

@testable import Wire

/// Trailers beyond what the client takes: the call's end must still be clear.
@Suite struct LargeTrailerTests {
    private static let large = String(repeating: "t", count: 20_000)

    /// A handler's own, in replies with messages and without, and the details of an error.
    @Test(arguments: ["reply", "error", "details"]) func aHandlersTrailersAreReplaced(_ kind: String) async throws {
        try await withServer { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                switch kind {
                case "details": throw try RPCError(code: .aborted, message: "x", packing: [note(Self.large)])
                case "error":
                    context.responseTrailers.add("large", Self.large)
                    throw RPCError(code: .aborted, message: "x")
                default:
                    context.responseTrailers.add("large", Self.large)
                    return request
                }
            }
        } _: { pair async throws in
            let error = try await failure { try await pair.unary("x") }
            #expect(error.code == .resourceExhausted && error.message.contains("trailers"), "\(error)")
        }
    }
}
