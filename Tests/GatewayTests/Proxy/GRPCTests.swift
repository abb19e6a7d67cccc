import Gateway
import NIOCore
import PolicyModel
import SwiftProtobuf
import Synchronization
import TestContractProtos
import Testing
import Wire
import WireProtos

/// gRPC through the edge's own port, made by a real client.
@Suite struct GRPCTests {
    private static func run(
        guard guardian: OpenGuard = OpenGuard(), _ body: (EdgeBed, ClientChannel) async throws -> Void
    ) async throws {
        try await EdgeBed.run(guard: guardian) { bed in
            let channel = ClientChannel(.dns(host: "127.0.0.1", port: bed.port))
            do { try await body(bed, channel) } catch {
                await channel.shutDown(grace: .zero)
                throw error
            }
            await channel.shutDown(grace: .milliseconds(100))
        }
    }

    @Test func passesAllFourKindsOn() async throws {
        try await Self.run { bed, channel in
            let sinks = Datavault_Test_V1_KitchenSinkService.Client(channel)
            let echo = try await sinks.echo(.with { $0.sink.stringValue = "x" })
            #expect(echo.sink.stringValue == "x")

            var indices: [Int32] = []
            for try await response in try await sinks.expand(.with { $0.count = 500 }) {
                indices.append(response.index)
            }
            #expect(indices == Array(0..<500))

            let collect: ClientStreamingCall<Datavault_Test_V1_CollectRequest, Datavault_Test_V1_CollectResponse> =
                try await channel.clientStreaming(Datavault_Test_V1_KitchenSinkService.Methods.collect)
            for value in 1...100 { try await collect.send(.with { $0.value = Int64(value) }) }
            let sum = try await collect.finish()
            #expect(sum.sum == 5_050)

            let converse: BidirectionalCall<Datavault_Test_V1_ConverseRequest, Datavault_Test_V1_ConverseResponse> =
                try await channel.bidirectional(Datavault_Test_V1_KitchenSinkService.Methods.converse)
            var answers = converse.responses.makeAsyncIterator()
            for word in ["a", "b", "c"] {
                try await converse.send(.with { $0.text = word })
                let answer = try await answers.next()
                #expect(answer?.text == word)
            }
            try await converse.finishSending()
            let end = try await answers.next()
            #expect(end == nil)
            let admitted = bed.guardian.counts.withLock { $0 }
            #expect(admitted == (4, 4))
        }
    }

    @Test func keepsStatusAndDetails() async throws {
        try await Self.run { _, channel in
            let library = Datavault_Test_V1_LibraryService.Client(channel)
            let error = await #expect(throws: RPCError.self) {
                _ = try await library.getBook(.with { $0.name = "libraries/l/books/none" })
            }
            #expect(error?.code == .notFound)
            #expect(error?.detail(Google_Rpc_ErrorInfo.self)?.reason == "BOOK_UNKNOWN")
        }
    }

    @Test func refusesAsGRPCDoes() async throws {
        let refusal = RPCError(code: .permissionDenied, message: "not you: ä")
        try await Self.run(guard: OpenGuard(refusal: refusal)) { _, channel in
            let library = Datavault_Test_V1_LibraryService.Client(channel)
            let error = await #expect(throws: RPCError.self) {
                _ = try await library.getBook(.with { $0.name = "x" })
            }
            #expect(error?.code == .permissionDenied)
            #expect(error?.message == "not you: ä")
            // Methods that only roles call are as unknown as those that there are not.
            let hidden = await #expect(throws: RPCError.self) { _ = try await library.sortShelves(.init()) }
            #expect(hidden?.code == .unimplemented)
        }
    }

    @Test func endsLateCalls() async throws {
        try await Self.run { _, channel in
            let library = Datavault_Test_V1_LibraryService.Client(channel)
            var options = CallOptions()
            options.timeout = .milliseconds(200)
            let error = await #expect(throws: RPCError.self) {
                _ = try await library.getBook(.with { $0.name = "libraries/l/books/slow" }, options: options)
            }
            #expect(error?.code == .deadlineExceeded)
        }
    }

    @Test func servesRESTOverHTTP2() async throws {
        try await Self.run { bed, channel in
            var fields = HTTP2Fields()
            fields.add("content-type", "application/json")
            let stream = try await channel.request(
                HTTP2RequestHead(method: "POST", authority: "edge.test", path: "/api/v1/sinks:echo", fields: fields))
            try await stream.write(ByteBuffer(string: "{\"stringValue\":"))
            try await stream.write(ByteBuffer(string: "\"x\"}"))
            try await stream.finish()
            let head = try await stream.response()
            #expect(head.status == 200)
            #expect(head.fields["content-type"] == "application/json")
            var body = ByteBuffer()
            while var chunk = try await stream.nextChunk() { body.writeBuffer(&chunk) }
            #expect(String(buffer: body) == #"{"sink":{"stringValue":"x"}}"#)

            for (name, path, status) in [
                ("host", "/livez", 400), ("x", "/api/v1/libraries/l/books/none", 404), ("x", "/livez", 200),
            ] {
                var fields = HTTP2Fields()
                fields.add(name, "other.test")
                let stream = try await channel.request(
                    HTTP2RequestHead(method: "GET", authority: "edge.test", path: path, fields: fields),
                    endsStream: true)
                let head = try await stream.response()
                #expect(head.status == status, "\(path)")
                while try await stream.nextChunk() != nil {}
            }
        }
    }
}
