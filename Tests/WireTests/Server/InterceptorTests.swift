import InteropProtos
import NIOCore
import SwiftProtobuf
import Testing

@testable import Wire

@Suite struct InterceptorTests {
    private struct Logging: ServerInterceptor {
        var name: String
        var log: Box<[String]>
        var only: MethodKind?

        func applies(to method: MethodDescriptor?) -> Bool { only == nil || method?.kind == only }

        func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
            log.log("\(name) in")
            do {
                try await next(context)
                log.log("\(name) out")
            } catch {
                log.log("\(name) failed")
                throw error
            }
        }
    }

    private struct Refusing: ServerInterceptor {
        func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
            guard context.metadata("x-key") == "right" else {
                throw RPCError(code: .unauthenticated, message: "who are you?")
            }
            try await next(context)
        }
    }

    private struct Watching: ServerInterceptor {
        var log: Box<[String]>

        func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
            context.onRequest = { message in
                let text = (message as? Note)?.message ?? "?"
                log.log("request \(text)")
                if text == "bad" { throw RPCError(code: .invalidArgument, message: "bad request") }
            }
            context.onResponse = { message in
                let text = (message as? Note)?.message ?? "?"
                log.log("response \(text)")
                if text == "secret" { throw RPCError(code: .internal, message: "bad response") }
            }
            try await next(context)
        }
    }

    /// An actor, which runs on the call's loop, as default actors follow the task's executor.
    private actor Acting: ServerInterceptor {
        var count = 0
        func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
            count += 1
            try await next(context)
        }
    }

    /// Runs what follows from another executor.
    private struct OnMain: ServerInterceptor {
        @MainActor func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
            try await next(context)
        }
    }

    @Test func passesCallsInOrder() async throws {
        let log = Box<[String]>([])
        let chain = [Logging(name: "a", log: log), Logging(name: "b", log: log)]
        try await withServer(interceptors: chain) { router in
            router.unary(Kinds.unary) { (request: Note, _) in
                log.log("handler")
                if request.message == "fail" { throw RPCError(code: .aborted) }
                return request
            }
        } _: { pair async throws in
            _ = try await pair.unary()
            #expect(log.value == ["a in", "b in", "handler", "b out", "a out"])
            log.set([])
            #expect(try await failure(of: { try await pair.unary("fail") }).code == .aborted)
            #expect(log.value == ["a in", "b in", "handler", "b failed", "a failed"])
        }
    }

    @Test func appliesWhereItSays() async throws {
        let log = Box<[String]>([])
        let chain = [
            Logging(name: "unary", log: log, only: .unary), Logging(name: "all", log: log),
            Logging(name: "both", log: log, only: .bidirectional),
        ]
        try await withServer(interceptors: chain) { router in
            addEchoes(&router)
            router.unregistered { context in
                log.log(context.method.path)
                throw RPCError(code: .unimplemented)
            }
        } _: { pair async throws in
            _ = try await pair.unary()
            #expect(log.value == ["unary in", "all in", "all out", "unary out"])
            log.set([])
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            try await chat.finishSending()
            for try await _ in chat.responses {}
            #expect(log.value == ["all in", "both in", "both out", "all out"])
            log.set([])
            let unknown = MethodDescriptor(service: "a.B", name: "C", kind: .unary)
            _ = try await failure(of: { let _: Note = try await pair.channel.unary(unknown, Note()) })
            // Asked about no method, only those that ask nothing of it apply.
            #expect(log.value == ["all in", "/a.B/C", "all failed"])
        }
    }

    /// Stands for another, which it makes for each method that it applies to.
    private struct Prepared: ServerInterceptor {
        let log: Box<[String]>
        var name = "nobody"

        func applies(to method: MethodDescriptor?) -> Bool { method?.kind != .bidirectional }

        func prepared(for method: MethodDescriptor?) -> any ServerInterceptor {
            Prepared(log: log, name: method?.name ?? "unregistered")
        }

        func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
            log.log(name)
            try await next(context)
        }
    }

    @Test func isPreparedForEachMethod() async throws {
        let log = Box<[String]>([])
        try await withServer(interceptors: [Prepared(log: log)]) { router in
            addEchoes(&router)
            router.unregistered { _ in throw RPCError(code: .unimplemented) }
        } _: { pair async throws in
            for _ in 0..<2 { _ = try await pair.unary() }
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            try await chat.finishSending()
            for try await _ in chat.responses {}
            let unknown = MethodDescriptor(service: "a.B", name: "C", kind: .unary)
            _ = try await failure(of: { let _: Note = try await pair.channel.unary(unknown, Note()) })
            #expect(log.value == [Kinds.unary.name, Kinds.unary.name, "unregistered"])
        }
    }

    @Test func refusesCallsOfAllKinds() async throws {
        try await withServer(interceptors: [Refusing()], router: addEchoes) { pair async throws in
            let right = CallOptions(metadata: Metadata(["x-key": "right"]))
            #expect(try await pair.unary("m", options: right).message == "m")
            #expect(try await failure(of: { try await pair.unary() }).code == .unauthenticated)
            let stream: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, note("", 3))
            #expect(try await failure(of: { for try await _ in stream {} }).code == .unauthenticated)
            let upload: ClientStreamingCall<Note, Note> = try await pair.channel.clientStreaming(Kinds.client)
            #expect(try await failure(of: { try await upload.finish() }).code == .unauthenticated)
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            #expect(try await failure(of: { for try await _ in chat.responses {} }).message == "who are you?")
        }
    }

    @Test func seesEveryMessage() async throws {
        let log = Box<[String]>([])
        try await withServer(interceptors: [Watching(log: log)], router: addEchoes) { pair async throws in
            _ = try await pair.unary("u")
            #expect(log.value == ["request u", "response u"])
            log.set([])
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            var replies = chat.responses.makeAsyncIterator()
            for text in ["1", "2"] {
                try await chat.send(note(text))
                _ = try await replies.next()
            }
            try await chat.finishSending()
            #expect(try await replies.next() == nil)
            #expect(log.value == ["request 1", "response 1", "request 2", "response 2"])
        }
    }

    @Test func refusesMessagesItDoesNotLike() async throws {
        try await withServer(interceptors: [Watching(log: Box([]))], router: addEchoes) { pair async throws in
            #expect(try await failure(of: { try await pair.unary("bad") }).code == .invalidArgument)
            #expect(try await failure(of: { try await pair.unary("secret") }).message == "bad response")
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            for text in ["good", "bad", "good"] { try? await chat.send(note(text)) }
            var texts: [String] = []
            do {
                for try await reply in chat.responses { texts.append(reply.message) }
                Issue.record("the call succeeded")
            } catch let error as RPCError {
                #expect(error.code == .invalidArgument)
            }
            #expect(texts == ["good"])
        }
    }

    /// Handlers run on their loop whatever executor an interceptor goes on from.
    @Test func interceptorsMayBeActors() async throws {
        let chain: [any ServerInterceptor] = [Acting(), OnMain()]
        try await withServer(interceptors: chain) { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                #expect(context.context.loop.inEventLoop)
                return request
            }
            router.bidirectional(Kinds.both) {
                (requests: RequestStream<Note>, responses: ResponseWriter<Note>, context) in
                for try await request in requests { try await responses.write(request) }
                #expect(context.context.loop.inEventLoop)
            }
        } _: { pair async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<100 {
                    group.addTask { () async throws in #expect(try await pair.unary("\(index)").message == "\(index)") }
                }
                try await group.waitForAll()
            }
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            try await chat.send(note("a"))
            try await chat.finishSending()
            for try await reply in chat.responses { #expect(reply.message == "a") }
        }
    }
}
