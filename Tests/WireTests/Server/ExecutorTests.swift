import InteropProtos
import NIOCore
import Synchronization
import Testing

@testable import Wire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct ExecutorTests {
    private actor Keeper {
        var count = 0
        func next() -> Int {
            count += 1
            return count
        }
        func write(_ responses: ResponseWriter<Note>, _ text: String) async throws {
            try await responses.write(note(text))
        }
    }

    @MainActor private static var onMain = 0
    @MainActor private static func touchMain() -> Int {
        onMain += 1
        return onMain
    }

    @TaskLocal private static var mark = "none"

    @Test func aHandlerRunsOnItsConnectionsLoop() async throws {
        let threads = Box<[UInt]>([])
        try await withServer(threads: 2) { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                #expect(context.context.loop.inEventLoop)
                threads.change { $0.append(UInt(bitPattern: pthread_self().hashValue)) }
                await Task.yield()
                #expect(context.context.loop.inEventLoop)
                return request
            }
        } _: { pair async throws in
            for _ in 0..<20 { _ = try await pair.unary() }
            #expect(Set(threads.value).count == 1)
        }
    }

    @Test func aHandlerComesBackToItsLoopFromEverywhere() async throws {
        let keeper = Keeper()
        try await withServer { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                switch request.message {
                case "actor": _ = await keeper.next()
                case "main": _ = await Self.touchMain()
                case "detached": await Task.detached { #expect(!context.context.loop.inEventLoop) }.value
                case "sleep": try await Task.sleep(for: .milliseconds(1))
                default: await withTaskGroup(of: Void.self) { $0.addTask { await Task.yield() } }
                }
                #expect(context.context.loop.inEventLoop)
                return request
            }
            router.unary(Kinds.client) { @MainActor (request: Note, _) in
                MainActor.assertIsolated()
                return request
            }
        } _: { pair async throws in
            for text in ["actor", "main", "detached", "sleep", "group"] {
                #expect(try await pair.unary(text).message == text)
            }
            let reply: Note = try await pair.channel.unary(Kinds.client, note("m"))
            #expect(reply.message == "m")
        }
    }

    @Test func streamsAreReadAndWrittenFromEverywhere() async throws {
        let keeper = Keeper()
        try await withServer { router in
            router.bidirectional(Kinds.both) {
                (requests: RequestStream<Note>, responses: ResponseWriter<Note>, context) in
                try await responses.write(note("loop"))
                try await keeper.write(responses, "actor")
                try await Task { @MainActor in try await responses.write(note("main")) }.value
                try await Task.detached { try await responses.write(note("detached")) }.value
                let texts = try await Task.detached {
                    var texts: [String] = []
                    for try await request in requests { texts.append(request.message) }
                    return texts
                }.value
                try await responses.write(note(texts.joined(separator: ",")))
                #expect(context.context.loop.inEventLoop)
            }
        } _: { pair async throws in
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            var replies = chat.responses.makeAsyncIterator()
            for text in ["loop", "actor", "main", "detached"] {
                #expect(try await replies.next()?.message == text)
            }
            for text in ["a", "b", "c"] {
                try await chat.send(note(text))
                try await Task.sleep(for: .milliseconds(5))
            }
            try await chat.finishSending()
            #expect(try await replies.next()?.message == "a,b,c")
            #expect(try await replies.next() == nil)
        }
    }

    /// Many calls through an actor: what comes back from it must not get mixed up.
    @Test func manyHandlersHopAtOnce() async throws {
        let keeper = Keeper()
        try await withServer(threads: 2) { router in
            router.unary(Kinds.unary) { (request: Note, _) in
                for _ in 0..<5 { _ = await keeper.next() }
                return request
            }
        } _: { pair async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<300 {
                    group.addTask { () async throws in #expect(try await pair.unary("\(index)").message == "\(index)") }
                }
                try await group.waitForAll()
            }
            #expect(await keeper.count == 1500)
        }
    }

    /// Workers serve one call after another; what one call has done to its task must not reach the next.
    @Test func callsShareNeitherCancellationNorTaskLocals() async throws {
        let begun = Box(0)
        let wasCancelled = Box(0)
        try await withServer { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                #expect(!Task.isCancelled)
                #expect(Self.mark == "none")
                #expect(ServerContext.current === context)
                if request.message == "wait" {
                    begun.change { $0 += 1 }
                    try? await Task.sleep(for: .seconds(60))
                    #expect(Task.isCancelled)
                    wasCancelled.change { $0 += 1 }
                }
                return await Self.$mark.withValue(request.message) {
                    await Task.yield()
                    return note(Self.mark)
                }
            }
        } _: { pair async throws in
            for round in 0..<10 {
                var options = CallOptions()
                options.timeout = .milliseconds(20)
                let late = try await failure(of: { try await pair.unary("wait", options: options) })
                #expect(late.code == .deadlineExceeded)
                let task = Task { try await pair.unary("wait") }
                try await eventually("the handler runs") { pair.server.callsInFlight > 0 }
                task.cancel()
                #expect(try await failure(of: { try await task.value }).code == .cancelled)
                for index in 0..<3 { #expect(try await pair.unary("\(round)-\(index)").message == "\(round)-\(index)") }
            }
            try await eventually("all handlers noticed") { wasCancelled.value == begun.value }
            #expect(begun.value >= 10)
            #expect(ServerContext.current == nil)
        }
    }

    /// A context that a handler has let escape stays its call's, although others are used again.
    @Test func anEscapedContextIsNotUsedAgain() async throws {
        let kept = Box<[ServerContext]>([])
        try await withServer { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                if request.message == "keep" { kept.change { $0.append(context) } }
                return request
            }
        } _: { pair async throws in
            for index in 0..<5 {
                _ = try await pair.unary("keep", options: CallOptions(metadata: Metadata(["x-index": "\(index)"])))
                for _ in 0..<5 { _ = try await pair.unary("go") }
            }
            let contexts = kept.value
            #expect(Set(contexts.map(ObjectIdentifier.init)).count == 5)
            #expect(contexts.map { $0.metadata["x-index"] } == (0..<5).map { "\($0)" })
            for context in contexts {
                let error = try await failure(of: { try await context.write(bytes: [1]) })
                #expect(error.code == .cancelled)
            }
            #expect(try await pair.unary("after").message == "after")
        }
    }

    /// The list of ready jobs must not grow while two tasks make each other ready for ever.
    @Test func yieldingForLongTakesNoMemory() async throws {
        try await withServer { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                for _ in 0..<50_000 { await Task.yield() }
                let queued = context.context.readyCount
                #expect(queued < 5000)
                return request
            }
        } _: { pair async throws in
            async let first = pair.unary()
            async let second = pair.unary()
            _ = try await (first, second)
        }
    }
}
