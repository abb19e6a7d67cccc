import EchoProtos
import NIOCore
import Testing

@testable import Wire

/// A channel's connection that ends itself.
@Suite(.timeLimit(.minutes(3))) struct ClientIdleTests {
    /// The pool must hear that a connection drains before the next call asks it for a stream: also when the call is
    /// made in the same turn of the loop.
    @Test func callBesideAClientsOwnDrainGoesOverANewConnection() async throws {
        let loops = EventLoops(threads: 1)
        let (server, address) = try await startServer()
        let channel = ClientChannel(address.target, eventLoops: loops)
        let task = Task(executorPreference: loops.executors[0]) {
            let client = Echo_EchoService.Client(channel)
            for index in 0..<20 {
                _ = try await client.say(Echo_Echo("\(index)"))
                let lease = try #require(channel.pool.tryLease())
                lease.end()
                lease.connection.http2?.beginDrain(grace: .zero)
                #expect(channel.pool.tryLease() == nil, "the pool gives a place on a connection that drains")
            }
        }
        let result = await task.result
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
        try await loops.shutdown()
        try result.get()
    }
}
