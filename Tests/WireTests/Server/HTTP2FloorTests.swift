import NIOCore
import NIOPosix
import Testing

@testable import Wire

/// Plain HTTP/2 requests: our client's floor against our acceptor's.
@Suite struct HTTP2FloorTests {
    /// Runs `body` with a channel to an acceptor whose requests `handler` answers.
    private func withAcceptor(
        configure: (inout HTTP2Configuration) -> Void = { _ in },
        handler: @escaping HTTP2Acceptor.Handler,
        _ body: @escaping @Sendable (ClientChannel) async throws -> Void
    ) async throws {
        var configuration = HTTP2Configuration()
        configure(&configuration)
        let loops = EventLoops(threads: 1)
        let acceptor = HTTP2Acceptor(configuration: configuration, eventLoops: loops, handler: handler)
        let listener = try await ServerBootstrap(group: loops.eventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try acceptor.addHandlers(to: channel) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = ServerAddress(host: "127.0.0.1", port: listener.localAddress?.port ?? 0)
        let channel = ClientChannel(.addresses([address]), eventLoops: loops)
        let result: Result<Void, any Error>
        do {
            result = .success(try await within { try await body(channel) })
        } catch {
            result = .failure(error)
        }
        try await within(what: "the end of the acceptor") {
            try await listener.close()
            await channel.shutDown(grace: .milliseconds(200))
            await acceptor.drain(grace: .milliseconds(200))
            try await loops.shutdown()
        }
        try result.get()
    }

    private static func echo(_ stream: HTTP2ServerStream) async {
        do {
            var fields = HTTP2Fields(["x-method": stream.request.method, "x-path": stream.request.path])
            if let value = stream.request.fields["x-in"] { fields.add("x-out", value) }
            try await stream.respond(HTTP2ResponseHead(status: 201, fields: fields))
            while let chunk = try await stream.nextChunk() { try await stream.write(chunk) }
            var trailers = HTTP2Fields()
            for field in await stream.receivedTrailers().list { trailers.add(field.name, field.value) }
            try await stream.finish(trailers: trailers)
        } catch {
            await stream.reset(with: .internalError)
        }
    }

    private static let head = HTTP2RequestHead(method: "POST", path: "/a?b=c", fields: HTTP2Fields(["X-In": "v"]))

    /// A server that does not heed the limit that our client announces.
    @Test func aCallWithTrailersOverTheLimitSaysSo() async throws {
        let large = String(repeating: "t", count: 20_000)
        try await withAcceptor { stream in
            let head = HTTP2ResponseHead(status: 200, fields: HTTP2Fields(["content-type": "application/grpc"]))
            try? await stream.respond(head)
            try? await stream.write(ByteBuffer(bytes: frame([])))
            try? await stream.finish(trailers: HTTP2Fields(["grpc-status": "0", "large": large]))
        } _: { channel async throws in
            let error = try await failure { try await channel.unaryBytes(Kinds.unary, []) }
            #expect(error.code == .resourceExhausted && error.message.contains("trailers"), "\(error)")
        }
    }

    @Test func carriesHeadBodyAndTrailers() async throws {
        try await withAcceptor(handler: Self.echo) { channel async throws in
            let stream = try await channel.request(Self.head)
            let head = try await stream.response()
            #expect(head.status == 201)
            #expect(head.fields["x-method"] == "POST" && head.fields["x-path"] == "/a?b=c")
            #expect(head.fields["x-out"] == "v")
            for text in ["one", "", "two"] { try await stream.write(ByteBuffer(string: text)) }
            try await stream.finish(trailers: HTTP2Fields(["x-t": "1", "x-t": "2"]))
            var body = ByteBuffer()
            while var chunk = try await stream.nextChunk() { body.writeBuffer(&chunk) }
            #expect(String(buffer: body) == "onetwo")
            #expect(await stream.receivedTrailers().values("x-t") == ["1", "2"])
        }
    }

    @Test func carriesRequestsWithoutBody() async throws {
        try await withAcceptor(handler: Self.echo) { channel async throws in
            for method in ["GET", "DELETE", "OPTIONS"] {
                let head = HTTP2RequestHead(method: method, path: "/")
                let stream = try await channel.request(head, endsStream: true)
                #expect(try await stream.response().fields["x-method"] == method)
                #expect(try await stream.nextChunk() == nil)
                #expect(await stream.receivedTrailers().list.isEmpty)
                await #expect(throws: HTTP2Error.self) { try await stream.write(ByteBuffer(string: "x")) }
            }
        }
    }

    /// The first bytes that a stream is given may be none.
    @Test func takesEmptyWrites() async throws {
        try await withAcceptor(handler: Self.echo) { channel async throws in
            for _ in 0..<3 {
                let stream = try await channel.request(Self.head)
                try await stream.write(ByteBuffer())
                try await stream.finish()
                #expect(try await stream.response().status == 201)
                #expect(try await stream.nextChunk() == nil)
            }
        }
    }

    @Test func carriesBodiesLargerThanTheWindow() async throws {
        try await withAcceptor(configure: { $0.streamWindow = 65_535 }, handler: Self.echo) { channel async throws in
            let stream = try await channel.request(Self.head)
            let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 4) }
            let sender = Task {
                for start in stride(from: 0, to: bytes.count, by: 50_000) {
                    try await stream.write(ByteBuffer(bytes: bytes[start..<(start + 50_000)]))
                }
                try await stream.finish()
            }
            var body: [UInt8] = []
            while let chunk = try await stream.nextChunk() { body += chunk.readableBytesView }
            try await sender.value
            #expect(body == bytes)
        }
    }

    @Test func informsBeforeItResponds() async throws {
        try await withAcceptor { stream in
            try? await stream.inform(HTTP2ResponseHead(status: 103, fields: HTTP2Fields(["x-early": "1"])))
            try? await stream.respond(HTTP2ResponseHead(status: 204), endsStream: true)
        } _: { channel async throws in
            let stream = try await channel.request(Self.head, endsStream: true)
            let head = try await stream.response()
            #expect(head.status == 204 && head.fields["x-early"] == nil)
        }
    }

    @Test func refusesFieldsThatHTTP2Forbids() async throws {
        let errors = Box(0)
        try await withAcceptor { stream in
            for (name, value) in [("connection", "close"), ("a b", "v"), ("x", "a\nb"), ("", "v")] {
                do {
                    try await stream.respond(HTTP2ResponseHead(status: 200, fields: HTTP2Fields([name: value])))
                } catch {
                    errors.change { $0 += 1 }
                }
            }
            try? await stream.respond(HTTP2ResponseHead(status: 200), endsStream: true)
            // One head a reply.
            do {
                try await stream.respond(HTTP2ResponseHead(status: 200), endsStream: true)
            } catch {
                errors.change { $0 += 1 }
            }
        } _: { channel async throws in
            var head = Self.head
            head.fields.add("upgrade", "h2c")
            let bad = head
            await #expect(throws: HTTP2Error.self) { _ = try await channel.request(bad) }
            let stream = try await channel.request(Self.head, endsStream: true)
            #expect(try await stream.response().status == 200)
            try await eventually("all errors were thrown") { errors.value == 5 }
        }
    }

    /// However a handler leaves its reply open, the client hears of it.
    @Test(arguments: ["nothing", "head", "body", "end"])
    func resetsWhatAHandlerLeavesOpen(_ how: String) async throws {
        try await withAcceptor { stream in
            switch how {
            case "head": try? await stream.respond(HTTP2ResponseHead(status: 200))
            case "body": try? await stream.write(ByteBuffer(string: "no head"))
            case "end": try? await stream.finish()
            default: break
            }
        } _: { channel async throws in
            let stream = try await channel.request(Self.head)
            do {
                _ = try await stream.response()
                while try await stream.nextChunk() != nil {}
                Issue.record("the reply is complete")
            } catch let error as HTTP2Error {
                #expect(error.kind == .resetByPeer && error.code == .internalError)
            }
        }
    }

    @Test func aClientsResetCancelsTheHandler() async throws {
        let seen = Box<[String]>([])
        try await withAcceptor { stream in
            do {
                while try await stream.nextChunk() != nil {}
                seen.log("end")
            } catch {
                seen.log("\(Task.isCancelled)")
            }
        } _: { channel async throws in
            let stream = try await channel.request(Self.head)
            try await stream.write(ByteBuffer(string: "x"))
            await stream.reset(with: .cancel)
            try await eventually("the handler was cancelled") { seen.value == ["true"] }
            await #expect(throws: HTTP2Error.self) { _ = try await stream.response() }
        }
    }

    /// A task that was cancelled before it waits must not wait.
    @Test func cancelledTasksDoNotWait() async throws {
        try await withAcceptor { stream in
            while (try? await stream.nextChunk()) != nil {}
        } _: { channel async throws in
            let stream = try await channel.request(Self.head)
            for pause in [0, 0, 0, 20] {
                let tasks = [
                    Task { _ = try await stream.response() }, Task { _ = try await stream.nextChunk() },
                ]
                if pause > 0 { try await Task.sleep(for: .milliseconds(pause)) }
                for task in tasks { task.cancel() }
                for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
            }
            await stream.reset(with: .cancel)
        }
    }
}
