import InteropProtos
import Testing

@testable import Wire

/// Calls with bytes instead of messages: what gateways stand on.
@Suite struct ByteCallTests {
    private static func forward(to channel: Box<ClientChannel?>) -> (inout Router) -> Void {
        { router in
            router.unaryBytes(MethodDescriptor(service: "bytes.S", name: "Reverse", kind: .unary)) { request, _ in
                request.reversed()
            }
            router.unregistered { context in
                guard let upstream = channel.value, context.method.service != "none.S" else {
                    throw RPCError(code: .unimplemented, message: "\(context.method.path) is nowhere")
                }
                var metadata = Metadata()
                if let value = context.metadata["x-in"] { metadata.add("x-in", value) }
                let call = try await upstream.byteStream(context.method, options: CallOptions(metadata: metadata))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        while let bytes = try await context.nextRequestBytes() { try await call.send(bytes) }
                        await call.finishSending()
                    }
                    while let bytes = try await call.next() { try await context.write(bytes: bytes) }
                    context.responseTrailers = await call.trailers
                    group.cancelAll()
                }
            }
        }
    }

    private static func upstream(_ router: inout Router) {
        addEchoes(&router)
        router.unary(MethodDescriptor(service: "test.Kinds", name: "Fail", kind: .unary)) { (request: Note, context) in
            context.responseTrailers.add("x-out", context.metadata["x-in"] ?? "none")
            if request.code == 0 { return request }
            throw try RPCError(code: .aborted, message: request.message, packing: [request])
        }
    }

    /// Calls pass through a proxy that knows none of their methods.
    @Test func passCallsThrough() async throws {
        try await withServer(router: Self.upstream) { target async throws in
            let channel = Box<ClientChannel?>(target.channel)
            try await withServer(router: Self.forward(to: channel)) { proxy async throws in
                #expect(try await proxy.unary("through").message == "through")
                let large = String(repeating: "large", count: 100_000)
                #expect(try await proxy.unary(large).message == large)

                let stream: ResponseStream<Note> = try await proxy.channel.serverStreaming(Kinds.server, note("", 5))
                var count = 0
                for try await _ in stream { count += 1 }
                #expect(count == 5)

                let upload: ClientStreamingCall<Note, Note> = try await proxy.channel.clientStreaming(Kinds.client)
                for text in ["a", "b"] { try await upload.send(note(text)) }
                #expect(try await upload.finish().message == "ab")

                let chat: BidirectionalCall<Note, Note> = try await proxy.channel.bidirectional(Kinds.both)
                var replies = chat.responses.makeAsyncIterator()
                for number in 0..<10 {
                    try await chat.send(note("", number))
                    #expect(try await replies.next()?.code == Int32(number))
                }
                try await chat.finishSending()
                #expect(try await replies.next() == nil)
            }
            channel.set(nil)
        }
    }

    @Test func passErrorsAndMetadataThrough() async throws {
        try await withServer(router: Self.upstream) { target async throws in
            let channel = Box<ClientChannel?>(target.channel)
            try await withServer(router: Self.forward(to: channel)) { proxy async throws in
                let method = MethodDescriptor(service: "test.Kinds", name: "Fail", kind: .unary)
                let options = CallOptions(metadata: Metadata(["x-in": "v"]))
                let reply: UnaryReply<Note> = try await proxy.channel.unaryReply(method, note("m"), options: options)
                #expect(reply.trailers["x-out"] == "v")
                let error = try await failure(of: {
                    let _: Note = try await proxy.channel.unary(method, note("m", 1), options: options)
                })
                #expect(error.code == .aborted && error.message == "m")
                #expect(error.detail(Note.self) == note("m", 1))
                #expect(error.metadata["x-out"] == "v")
                let none = MethodDescriptor(service: "none.S", name: "M", kind: .unary)
                let unknown = try await failure(of: { let _: Note = try await proxy.channel.unary(none, Note()) })
                #expect(unknown.message == "/none.S/M is nowhere")
            }
            channel.set(nil)
        }
    }

    @Test func carryBytesAsTheyAre() async throws {
        try await withServer(router: Self.forward(to: Box(nil))) { pair async throws in
            let method = MethodDescriptor(service: "bytes.S", name: "Reverse", kind: .unary)
            for count in [0, 1, 5, 100_000] {
                let bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
                let reply = try await pair.channel.unaryBytes(method, bytes)
                #expect(reply.message == bytes.reversed())
                let call = try await pair.channel.byteStream(method)
                try await call.send(bytes)
                await call.finishSending()
                #expect(try await call.next() == bytes.reversed())
                #expect(try await call.next() == nil)
            }
        }
    }

    /// A unary call whose reply has more than one message ends before it has gathered them all.
    @Test func aUnaryReplyOfManyMessagesIsAnError() async throws {
        let method = MethodDescriptor(service: "bytes.S", name: "Many", kind: .unary)
        let written = Box(0)
        try await withServer { router in
            let streaming = MethodDescriptor(service: "bytes.S", name: "Many", kind: .bidirectional)
            router.method(streaming) { context in
                while true {
                    try await context.write(bytes: [UInt8](repeating: 0, count: 1000))
                    written.change { $0 += 1 }
                }
            }
        } _: { pair async throws in
            let error = try await failure(of: { try await pair.channel.unaryBytes(method, []) })
            #expect(error.code == .internal)
            try await eventually("the handler was cancelled") { pair.server.callsInFlight == 0 }
            #expect(written.value < 10_000)
        }
    }
}
