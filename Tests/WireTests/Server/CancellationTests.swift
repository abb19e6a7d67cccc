import InteropProtos
import SwiftProtobuf
import NIOCore
import Testing

@testable import Wire

@Suite struct CancellationTests {
    private struct Seen {
        var begun = 0
        var cancelled = 0
    }

    /// Serves handlers that wait until they are cancelled, in the ways a handler can wait.
    private func serve(_ body: @escaping @Sendable (TestServer, Box<Seen>) async throws -> Void) async throws {
        let seen = Box(Seen())
        @Sendable func note(_ work: () async throws -> Void) async throws {
            seen.change { $0.begun += 1 }
            do {
                try await work()
            } catch {
                if Task.isCancelled { seen.change { $0.cancelled += 1 } }
                throw error
            }
        }
        try await withServer { router in
            router.unary(Kinds.unary) { (request: Note, _) in
                try await note { try await Task.sleep(for: .seconds(60)) }
                return request
            }
            router.serverStreaming(Kinds.server) { (request: Note, responses: ResponseWriter<Note>, _) in
                let large = String(repeating: "x", count: 50_000)
                try await note { while true { try await responses.write(.with { $0.message = large }) } }
            }
            router.bidirectional(Kinds.both) { (requests: RequestStream<Note>, responses: ResponseWriter<Note>, _) in
                try await note { for try await request in requests { try await responses.write(request) } }
            }
        } _: { pair async throws in
            try await body(pair, seen)
            try await eventually("every handler was cancelled") { seen.value.cancelled == seen.value.begun }
            try await eventually("no call is in flight") { pair.server.callsInFlight == 0 }
        }
    }

    private func begun(_ count: Int, _ seen: Box<Seen>) async throws {
        try await eventually("\(count) handlers run") { seen.value.begun == count }
    }

    @Test func cancellingTheTaskCancelsTheHandler() async throws {
        try await serve { pair, seen async throws in
            let unary = Task { try await pair.unary() }
            let reader = Task {
                let call: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
                for try await _ in call.responses {}
            }
            let slow = Task {
                let call: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, Note())
                for try await _ in call { try await Task.sleep(for: .milliseconds(1)) }
            }
            try await self.begun(3, seen)
            unary.cancel()
            reader.cancel()
            slow.cancel()
            #expect(try await failure(of: { try await unary.value }).code == .cancelled)
            #expect(try await failure(of: { try await reader.value }).code == .cancelled)
            _ = await slow.result
        }
    }

    @Test func droppingOrCancellingACallCancelsTheHandler() async throws {
        try await serve { pair, seen async throws in
            do {
                let dropped: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, Note())
                _ = try await dropped.headers()
            }
            let call: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            try await self.begun(2, seen)
            call.cancel()
            #expect(try await failure(of: { for try await _ in call.responses {} }).code == .cancelled)
            #expect(try await failure(of: { try await call.send(Note()) }).code == .cancelled)
        }
    }

    @Test func aResetCancelsTheHandler() async throws {
        try await serve { pair, seen async throws in
            for path in ["Unary", "Server", "Both"] {
                let request = RawRequest(path: "/test.Kinds/\(path)")
                let stream = try await request.start(on: pair.channel)
                try await eventually("\(path) runs") { seen.value.begun == seen.value.cancelled + 1 || path == "Both" }
                await stream.reset(with: .cancel)
                // The request of a bidirectional call has ended, so its handler may have, too.
                if path != "Both" { try await eventually("\(path) ends") { seen.value.begun == seen.value.cancelled } }
            }
            seen.change { if $0.begun == 3 { $0.begun = $0.cancelled } }
        }
    }

    @Test func theLossOfTheConnectionCancelsTheHandlers() async throws {
        try await serve { pair, seen async throws in
            let channel = pair.makeChannel()
            let calls = (0..<10).map { index in
                Task {
                    if index.isMultiple(of: 2) { return try await channel.unary(Kinds.unary, Note()) as Note }
                    let call: ResponseStream<Note> = try await channel.serverStreaming(Kinds.server, Note())
                    for try await _ in call { try await Task.sleep(for: .milliseconds(5)) }
                    return Note()
                }
            }
            try await self.begun(10, seen)
            // With no grace the client's side is closed under its calls.
            await channel.shutDown(grace: .zero)
            for call in calls { #expect(try await failure(of: { try await call.value }).code == .unavailable) }
        }
    }

    @Test func aCancelledTaskMakesNoCall() async throws {
        try await serve { pair, seen async throws in
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await pair.unary()
            }
            task.cancel()
            #expect(try await failure(of: { try await task.value }).code == .cancelled)
            #expect(seen.value.begun == 0)
        }
    }

    /// Headers may be waited for while somebody waits for messages.
    @Test(arguments: [false, true])
    func twoMayWaitForOneCall(_ onLoop: Bool) async throws {
        try await serve { pair, seen async throws in
            let call: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            let executor: (any TaskExecutor)? = onLoop ? pair.loops.executors[0] : nil
            let headers = Task(executorPreference: executor) { try await call.responses.headers() }
            let message = Task(executorPreference: executor) {
                var replies = call.responses.makeAsyncIterator()
                return try await replies.next()?.message
            }
            try await Task.sleep(for: .milliseconds(50))
            try await call.send(.with { $0.message = "m" })
            #expect(try await message.value == "m")
            _ = try await headers.value
            call.cancel()
        }
    }
}
