import CAllocationCounter
import EchoProtos
import NIOCore
import Testing

@testable import Wire

/// What a unary call costs in allocations: its client's and its server's together.
@Suite(.timeLimit(.minutes(3))) struct AllocationTests {
    #if DEBUG
        /// Unoptimized code keeps what the optimizer would put on the stack.
        private static let limit = 105.0
    #else
        private static let limit = 45.0
    #endif

    /// In a process of its own, as every thread is counted.
    @Test(.enabled(if: wire_allocations_are_counted()))
    func unaryCallAllocatesLittle() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            let loops = EventLoops(threads: 1)
            let server = Server(services: [ScriptedEcho()], eventLoops: loops)
            let address = try await server.listen(.tcp(host: "127.0.0.1", port: 0))
            let channel = ClientChannel(address.target, eventLoops: loops)
            let client = Echo_EchoService.Client(channel)
            let task = Task(executorPreference: loops.executors[0]) { () -> Double in
                for _ in 0..<2000 { _ = try await client.say(Echo_Echo("0123456789")) }
                let before = wire_allocation_count()
                wire_count_allocations(true)
                for _ in 0..<5000 { _ = try await client.say(Echo_Echo("0123456789")) }
                wire_count_allocations(false)
                return Double(wire_allocation_count() - before) / 5000
            }
            let perCall = try await within { try await task.value }
            print("allocations per unary call, client and server: \(perCall)")
            #expect(perCall > 1, "nothing is counted")
            #expect(perCall < Self.limit)
            await channel.shutDown(grace: .zero)
            await server.drain(grace: .zero)
        }
        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        for line in output.split(separator: "\n") where line.hasPrefix("allocations") { print(line) }
    }
}
