import InteropProtos
import NIOCore
import Testing

@testable import Wire

/// Event loops that end while calls run: each call is awaited, and nothing is left of it.
@Suite(.timeLimit(.minutes(3))) struct LoopEndTests {
    @Test(arguments: [false, true]) func everyCallIsAwaited(_ isInProcess: Bool) async throws {
        let begun = Tally()
        let ended = Tally()
        let contexts = Box<[Weak<ServerContext>]>([])
        try await within {
            let loops = EventLoops(threads: 2)
            weak var core: ServerCore?
            do {
                var router = Router()
                router.unary(Kinds.unary) { (request: Note, context) in
                    contexts.change { $0.append(Weak(value: context)) }
                    begun.add()
                    try? await Task.sleep(for: .seconds(3600))
                    // Some turns more after the cancellation.
                    for _ in 0..<10 { await Task.yield() }
                    ended.add()
                    return request
                }
                router.clientStreaming(Kinds.client) { (requests: RequestStream<Note>, context) in
                    contexts.change { $0.append(Weak(value: context)) }
                    begun.add()
                    do { for try await _ in requests {} } catch {}
                    ended.add()
                    return note("")
                }
                let server = Server(router: router, eventLoops: loops)
                core = server.core
                let address = try await server.listen(.tcp(host: "127.0.0.1", port: 0))
                let channel = ClientChannel(isInProcess ? .inProcess(server) : address.target, eventLoops: loops)
                let calls = (0..<20).map { number in
                    Task {
                        if number % 2 == 0 {
                            let _: Note = try await channel.unary(Kinds.unary, note("x"))
                        } else {
                            let call: ClientStreamingCall<Note, Note> = try await channel.clientStreaming(Kinds.client)
                            _ = try await call.response()
                        }
                    }
                }
                #expect(await eventually { begun.value == 20 })
                await server.drain(grace: .zero)
                #expect(ended.value == 20, "every handler has returned")
                #expect(server.callsInFlight == 0)
                for call in calls { #expect(await call.failureCode == .unavailable) }
                await channel.shutDown(grace: .zero)
            }
            try await loops.shutdown()
            #expect(contexts.value.count == 20)
            #expect(contexts.value.allSatisfy { $0.value == nil }, "no call object is left")
            #expect(core == nil, "nothing of the server is left")
        }
    }

    /// Servers and channels come and go on loops that stay.
    @Test func loopsOutliveTheirServers() async throws {
        try await within {
            let loops = EventLoops(threads: 2)
            for number in 0..<20 {
                var router = Router()
                addEchoes(&router)
                let server = Server(router: router, eventLoops: loops)
                let channel = ClientChannel(.inProcess(server), eventLoops: loops)
                let reply: Note = try await channel.unary(Kinds.unary, note("\(number)"))
                #expect(reply.message == "\(number)")
                await channel.shutDown(grace: .seconds(1))
                await server.drain(grace: .seconds(1))
            }
            try await loops.shutdown()
        }
    }
}
