import InteropProtos
import Testing

@testable import Wire

@Suite struct MetadataCallTests {
    /// Sends back every field that came, in the headers and in the trailers.
    private static func mirror(_ router: inout Router) {
        router.unary(Kinds.unary) { (request: Note, context) in
            for (name, value) in context.metadata where name.hasPrefix("x-") {
                switch value {
                case .text(let text):
                    context.responseHeaders.add(name, text)
                    context.responseTrailers.add(name, text)
                case .bytes(let bytes):
                    context.responseHeaders.add(name, bytes: bytes)
                    context.responseTrailers.add(name, bytes: bytes)
                }
            }
            if request.message == "fail" { throw RPCError(code: .aborted, message: "asked for") }
            return request
        }
    }

    private static let metadata = {
        var metadata = Metadata(["x-a": "1", "X-B": " spaces inside ", "x-a": "2", "x-empty": ""])
        metadata.add("x-c-bin", bytes: [0, 1, 254, 255, 10])
        metadata.add("x-c-bin", bytes: Array(0...255))
        metadata.add("x-d-bin", bytes: [])
        return metadata
    }()

    private static func custom(_ metadata: Metadata) -> [String: [Metadata.Value]] {
        var result: [String: [Metadata.Value]] = [:]
        for (name, value) in metadata where name.hasPrefix("x-") { result[name, default: []].append(value) }
        return result
    }

    @Test func carriesMetadataBothWays() async throws {
        var expected = Self.custom(Self.metadata)
        // HTTP/2 field values have no white space at their ends.
        expected["x-b"] = [.text("spaces inside")]
        var sent = Self.metadata
        sent.remove("x-b")
        sent.add("x-b", "spaces inside")
        let (metadata, wanted) = (sent, expected)
        try await withServer(router: Self.mirror) { pair async throws in
            let reply: UnaryReply<Note> = try await pair.channel.unaryReply(
                Kinds.unary, note("m"), options: CallOptions(metadata: metadata))
            #expect(Self.custom(reply.headers) == wanted)
            #expect(Self.custom(reply.trailers) == wanted)
        }
    }

    @Test func carriesMetadataWithAnError() async throws {
        try await withServer(router: Self.mirror) { pair async throws in
            var metadata = Metadata(["x-a": "1"])
            metadata.add("x-c-bin", bytes: [1, 2, 3])
            let options = CallOptions(metadata: metadata)
            let error = try await failure(of: { try await pair.unary("fail", options: options) })
            #expect(error.code == .aborted && error.message == "asked for")
            #expect(error.metadata["x-a"] == "1")
            #expect(error.metadata[bytes: "x-c-bin"] == [1, 2, 3])
        }
    }

    @Test func refusesToSendWhatMayNotBeSent() async throws {
        try await withServer(router: Self.mirror) { pair async throws in
            for name in ["grpc-x", "te", "a b", "upgrade", "x-bin"] {
                var options = CallOptions()
                options.metadata.add(name, "v")
                let error = try await failure(of: { try await pair.unary(options: options) })
                #expect(error.code == .invalidArgument && error.message.contains(name))
            }
            var options = CallOptions()
            options.metadata.add("x", "a\r\nb")
            #expect(try await failure(of: { try await pair.unary(options: options) }).code == .invalidArgument)
            // Nothing of it has hurt the connection.
            #expect(try await pair.unary("still").message == "still")
        }
    }

    @Test func aHandlerMaySendNoForbiddenMetadata() async throws {
        try await withServer { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                if request.message == "headers" {
                    context.responseHeaders.add("grpc-status", "0")
                } else {
                    context.responseTrailers.add("x", "\n")
                }
                return request
            }
        } _: { pair async throws in
            for text in ["headers", "trailers"] {
                let error = try await failure(of: { try await pair.unary(text) })
                #expect(error.code == .internal && error.message.hasPrefix("response"))
            }
        }
    }

    @Test func givesTheHandlerWhatItAsksFor() async throws {
        try await withServer { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                #expect(context.method == Kinds.unary)
                #expect(context.metadata("x-one") == "1")
                #expect(context.metadata("x-none") == nil)
                #expect(context.metadata["user-agent"]?.hasPrefix("grpc-swift-wire") == true)
                #expect(context.authority == "a.test")
                #expect(context.peer.address == "127.0.0.1")
                #expect(context.peer.port > 0)
                #expect(!context.peer.isEncrypted)
                #expect(context.deadline == nil)
                #expect(!context.isCancelled)
                return request
            }
        } _: { pair async throws in
            var options = CallOptions(metadata: Metadata(["x-one": "1"]))
            options.authority = "a.test"
            _ = try await pair.unary(options: options)
        }
    }
}
