import InteropProtos
import Testing

@testable import Wire

/// What a task finds as its call, and what it does not find of its caller.
@Suite struct CallScopeTests {
    @TaskLocal static var caller = "nobody"

    /// A task that a handler lets loose finds its own call, whatever the worker does next.
    @Test func aLooseTaskKeepsItsCall() async throws {
        let contexts = Box<[ServerContext]>([])
        let loose = Box<[Task<ServerContext?, Never>]>([])
        let isOpen = Box(false)
        try await withServer { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                if request.message == "loose" {
                    contexts.change { $0.append(context) }
                    let task = Task {
                        while !isOpen.value { try? await Task.sleep(for: .milliseconds(1)) }
                        return ServerContext.current
                    }
                    loose.change { $0.append(task) }
                }
                async let seen = ServerContext.current
                #expect(await seen === context)
                return request
            }
        } _: { pair async throws in
            for index in 0..<5 {
                #expect(try await pair.unary("loose").message == "loose")
                for _ in 0..<3 { #expect(try await pair.unary("\(index)").message == "\(index)") }
            }
            isOpen.change { $0 = true }
            for (index, task) in loose.value.enumerated() {
                #expect(await task.value === contexts.value[index])
            }
        }
    }

    /// In one process a call runs below its caller's frames, and must not see what those have bound.
    @Test func aHandlerSeesNothingOfItsCallersTask() async throws {
        var router = Router()
        router.unary(Kinds.unary) { (_: Note, _) in note(Self.caller) }
        let server = Server(router: router, eventLoops: .shared)
        let channel = ClientChannel(.inProcess(server))
        try await Self.$caller.withValue("somebody") {
            for _ in 0..<3 {
                let reply: Note = try await channel.unary(Kinds.unary, note("who"))
                #expect(reply.message == "nobody")
            }
        }
        await channel.shutDown()
    }
}
