import InteropProtos
import NIOCore
import Testing

@testable import Wire

@Suite(.serialized) struct DeadlineTests {
    private static func options(_ timeout: TimeAmount) -> CallOptions {
        var options = CallOptions()
        options.timeout = timeout
        return options
    }

    /// Says how much time the call has left, in milliseconds; -1: for ever.
    private static func remaining(_ router: inout Router) {
        router.unary(Kinds.unary) { (_: Note, context) in
            guard let deadline = context.deadline else { return note("", -1) }
            return note("", Int((deadline - .now()).nanoseconds / 1_000_000))
        }
    }

    @Test(
        arguments: [
            (nil, nil, -1 ... -1), (100, nil, 1...100_000), (nil, 200, 100_001...200_000), (100, 200, 1...100_000),
            (200, 100, 1...100_000),
        ] as [(Int64?, Int64?, ClosedRange<Int>)])
    func theShorterLimitCounts(_ asked: Int64?, _ allowed: Int64?, _ range: ClosedRange<Int>) async throws {
        try await withServer(
            configure: { $0.maxCallDuration = allowed.map { .seconds($0) } }, router: Self.remaining
        ) { pair async throws in
            let options = asked.map { Self.options(.seconds($0)) } ?? CallOptions()
            #expect(range.contains(Int(try await pair.unary(options: options).code)))
        }
    }

    @Test(arguments: [true, false])
    func theDeadlineCancelsTheHandler(_ isTheServers: Bool) async throws {
        let ended = Box<[String]>([])
        try await withServer(
            configure: { if isTheServers { $0.maxCallDuration = .milliseconds(300) } }
        ) { router in
            router.unary(Kinds.unary) { (request: Note, _) in
                do {
                    try await Task.sleep(for: .seconds(60))
                } catch {
                    ended.log("\(Task.isCancelled)")
                    throw error
                }
                return request
            }
            router.bidirectional(Kinds.both) { (requests: RequestStream<Note>, responses: ResponseWriter<Note>, _) in
                try await responses.write(note("begun"))
                do {
                    for try await _ in requests {}
                } catch {
                    ended.log("\(Task.isCancelled)")
                    throw error
                }
            }
        } _: { pair async throws in
            // Connects first, which may take longer than the deadline.
            let unknown = MethodDescriptor(service: "none.S", name: "M", kind: .unary)
            _ = try await failure(of: { let _: Note = try await pair.channel.unary(unknown, Note()) })
            let options = isTheServers ? CallOptions() : Self.options(.milliseconds(500))
            let error = try await failure(of: { try await pair.unary(options: options) })
            #expect(error.code == .deadlineExceeded)
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(
                Kinds.both, options: options)
            var replies = chat.responses.makeAsyncIterator()
            #expect(try await replies.next()?.message == "begun")
            do {
                _ = try await replies.next()
                Issue.record("the call succeeded")
            } catch let error as RPCError {
                #expect(error.code == .deadlineExceeded)
                #expect(error.origin == (isTheServers ? .peer : .local) || !isTheServers)
            }
            try await eventually("both handlers were cancelled") { ended.value == ["true", "true"] }
        }
    }

    @Test func aHandlerThatIgnoresItsEndCannotSend() async throws {
        let outcome = Box<[String]>([])
        try await withServer { router in
            router.serverStreaming(Kinds.server) { (_: Note, responses: ResponseWriter<Note>, context) in
                try await responses.write(note("first"))
                // Goes on long after its end.
                while !Task.isCancelled { await Task.detached { try? await Task.sleep(for: .milliseconds(1)) }.value }
                for _ in 0..<3 {
                    do {
                        try await responses.write(note("too late"))
                        outcome.log("sent")
                    } catch let error as RPCError {
                        outcome.log("\(error.code)")
                    }
                }
                context.responseTrailers.add("x-late", "1")
            }
            Self.remaining(&router)
        } _: { pair async throws in
            // Connects first, which may take longer than the deadline.
            _ = try await pair.unary()
            let stream: ResponseStream<Note> = try await pair.channel.serverStreaming(
                Kinds.server, note(""), options: Self.options(.milliseconds(200)))
            let error = try await failure(of: { for try await reply in stream { #expect(reply.message == "first") } })
            #expect(error.code == .deadlineExceeded)
            try await eventually("the handler ended") { outcome.value.count == 3 }
            #expect(!outcome.value.contains("sent"))
        }
    }

    @Test func anOutgoingCallInheritsTheDeadline() async throws {
        let inner = Box<ClientChannel?>(nil)
        try await withServer { router in
            Self.remaining(&router)
            router.unary(Kinds.client) { (request: Note, _) in
                guard let channel = inner.value else { return request }
                var options = CallOptions()
                if request.message == "shorter" { options.timeout = .seconds(50) }
                if request.message == "longer" { options.timeout = .seconds(500) }
                if request.message == "detached" {
                    return try await Task.detached { try await channel.unary(Kinds.unary, Note()) }.value
                }
                return try await channel.unary(Kinds.unary, note(""), options: options)
            }
        } _: { pair async throws in
            inner.set(pair.channel)
            for (text, range) in [
                ("", 50_001...200_000), ("shorter", 1...50_000), ("longer", 50_001...200_000), ("detached", -1 ... -1),
            ] {
                let reply: Note = try await pair.channel.unary(
                    Kinds.client, note(text), options: Self.options(.seconds(200)))
                #expect(range.contains(Int(reply.code)), "\(text)")
            }
            inner.set(nil)
        }
    }

    @Test func aPassedDeadlineFailsAtOnce() async throws {
        try await withServer(router: Self.remaining) { pair async throws in
            for timeout in [TimeAmount.nanoseconds(0), .seconds(-1), .nanoseconds(1)] {
                let error = try await failure(of: { try await pair.unary(options: Self.options(timeout)) })
                #expect(error.code == .deadlineExceeded)
            }
            #expect(try await pair.unary(options: Self.options(.nanoseconds(.max))).code == -1)
        }
    }
}
