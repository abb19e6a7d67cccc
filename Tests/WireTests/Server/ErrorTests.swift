import InteropProtos
import SwiftProtobuf
import Testing

@testable import Wire

@Suite struct ErrorTests {
    private struct Domain: RPCErrorConvertible {
        var rpcError: RPCError { RPCError(code: .failedPrecondition, message: "not now") }
    }

    private struct Secret: Error {}

    private static func failing(_ router: inout Router) {
        @Sendable func fail(_ request: Note) throws {
            switch request.message {
            case "domain": throw Domain()
            case "secret": throw Secret()
            case "cancel": throw CancellationError()
            case "details":
                throw try RPCError(code: .invalidArgument, message: "two", packing: [note("d", 7), Grpc_Testing_Empty()])
            default: throw RPCError(code: StatusCode(rawValue: Int(request.code)), message: request.message)
            }
        }
        router.unary(Kinds.unary) { (request: Note, _) -> Note in
            try fail(request)
            return request
        }
        router.serverStreaming(Kinds.server) { (request: Note, responses: ResponseWriter<Note>, _) in
            try await responses.write(request)
            try fail(request)
        }
    }

    @Test(arguments: 1...17)
    func carriesCodeAndMessage(_ code: Int) async throws {
        try await withServer(router: Self.failing) { pair async throws in
            let message = "wrong: 100 %, ü ☺\n\tend"
            let error = try await failure(of: {
                let _: Note = try await pair.channel.unary(Kinds.unary, note(message, code))
            })
            #expect(error.code.rawValue == code)
            #expect(error.message == message)
            #expect(error.origin == .peer)
        }
    }

    @Test func carriesDetails() async throws {
        try await withServer(router: Self.failing) { pair async throws in
            let stream: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, note("details"))
            for error in [
                try await failure(of: { try await pair.unary("details") }),
                try await failure(of: { for try await _ in stream {} }),
            ] {
                #expect(error.code == .invalidArgument && error.message == "two")
                #expect(error.details.count == 2)
                #expect(error.detail(Note.self) == note("d", 7))
                #expect(error.detail(Grpc_Testing_Empty.self) != nil)
                #expect(error.detail(Grpc_Testing_SimpleRequest.self) == nil)
            }
        }
    }

    @Test(arguments: [("domain", StatusCode.failedPrecondition), ("secret", .unknown), ("cancel", .cancelled)])
    func mapsForeignErrors(_ kind: String, _ code: StatusCode) async throws {
        try await withServer(router: Self.failing) { pair async throws in
            #expect(try await failure(of: { try await pair.unary(kind) }).code == code)
        }
    }

    @Test func givesWhatCameBeforeTheError() async throws {
        try await withServer(router: Self.failing) { pair async throws in
            let stream: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, note("late", 5))
            var messages = stream.makeAsyncIterator()
            #expect(try await messages.next()?.message == "late")
            do {
                while try await messages.next() != nil {}
                Issue.record("the call succeeded")
            } catch let error as RPCError {
                #expect(error.code == .notFound)
            }
        }
    }

    /// nghttp2 sends no header block over 64 KiB; the client must not wait for it.
    @Test(arguments: [20_000, 200_000])
    func endsACallWhoseStatusIsTooLarge(_ size: Int) async throws {
        try await withServer(router: Self.failing) { pair async throws in
            let message = String(repeating: "m", count: size)
            #expect(try await failure(of: { try await pair.unary(message) }).code != .ok)
            let stream: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, note(message, 5))
            _ = try await failure(of: { for try await _ in stream {} })
            #expect(try await failure(of: { try await pair.unary("domain") }).code == .failedPrecondition)
            try await eventually("no call is in flight") { pair.server.callsInFlight == 0 }
        }
    }

    /// An error that says OK is none: without a reply the call cannot have succeeded.
    @Test func anErrorCannotSayOK() async throws {
        try await withServer(router: Self.failing) { pair async throws in
            #expect(try await failure(of: { try await pair.unary("") }).code == .internal)
        }
    }

    @Test func knowsUnknownMethodsFromUnknownServices() async throws {
        try await withServer(router: Self.failing) { pair async throws in
            let method = MethodDescriptor(service: "test.Kinds", name: "None", kind: .unary)
            let service = MethodDescriptor(service: "test.None", name: "Unary", kind: .unary)
            let first = try await failure(of: { let _: Note = try await pair.channel.unary(method, note("")) })
            #expect(first.code == .unimplemented && first.message == "unknown method /test.Kinds/None")
            let second = try await failure(of: { let _: Note = try await pair.channel.unary(service, note("")) })
            #expect(second.code == .unimplemented && second.message == "unknown service /test.None/Unary")
        }
    }
}
