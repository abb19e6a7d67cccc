import InteropProtos
import NIOCore
import NIOPosix
import Testing

@testable import Wire

/// Places on connections, and connections that end while somebody counts on them.
@Suite struct LeaseTests {
    /// A place that was taken keeps its connection, however long the stream takes to open.
    @Test func aTakenPlaceKeepsAnIdleConnection() async throws {
        try await withServer { configuration in
            configuration.http2.maxIdleTime = nil
        } client: { configuration in
            configuration.http2.maxIdleTime = .milliseconds(20)
        } router: {
            addEchoes(&$0)
        } _: { pair async throws in
            // Taken in the loop's turn in which the call ends, so that the idle time has not passed before.
            let loop = pair.loops.executors[0]
            let lease = try await Task(executorPreference: loop) {
                _ = try await pair.unary("x")
                return try #require(pair.channel.pool.tryLease())
            }.value
            try await Task.sleep(for: .milliseconds(300))
            let isOpen = await lease.connection.context.hop { lease.connection.http2?.isOpen == true }
            #expect(isOpen)
            lease.end()
            try await eventually("the idle connection ends") {
                await lease.connection.context.hop { lease.connection.http2?.isOpen != true }
            }
            #expect(try await pair.unary("y").message == "y")
        }
    }

    /// The connection holds its open streams; a handle that nobody has any more ends its stream.
    @Test func aDroppedRequestIsReset() async throws {
        let hasBegun = Box(false)
        let isCancelled = Box(false)
        try await withServer { router in
            router.clientStreaming(Kinds.client) { (requests: RequestStream<Note>, context) in
                hasBegun.set(true)
                do {
                    for try await _ in requests {}
                } catch {
                    isCancelled.set(true)
                    throw error
                }
                return note("")
            }
        } _: { pair async throws in
            var request = RawRequest()
            request.path = "/test.Kinds/Client"
            request.ends = false
            do {
                let stream = try await request.start(on: pair.channel)
                try await eventually("the handler runs") { hasBegun.value }
                #expect(!isCancelled.value)
                _ = consume stream
            }
            try await eventually("the handler is cancelled") { isCancelled.value }
            try await eventually("the place is given back") { pair.channel.pool.streamsInUse == 0 }
        }
    }

    /// A channel that shuts down waits for calls on connections to addresses that its name has lost.
    @Test func aShutdownWaitsForAddressesThatAreGone() async throws {
        let gate = Box(false)
        try await withServer { router in
            router.unary(Kinds.unary) { (request: Note, _) in
                while !gate.value { try await Task.sleep(for: .milliseconds(2)) }
                return request
            }
        } _: { pair async throws in
            let channel = pair.makeChannel()
            let call = Task { try await channel.unary(Kinds.unary, note("late")) as Note }
            try await eventually("the call runs") { pair.server.callsInFlight == 1 }
            channel.pool.replaceAddresses([])
            let hasEnded = Box(false)
            let end = Task {
                await channel.shutDown(grace: .seconds(30))
                hasEnded.set(true)
            }
            try await Task.sleep(for: .milliseconds(100))
            #expect(!hasEnded.value)
            gate.set(true)
            #expect(try await call.value.message == "late")
            await end.value
        }
    }

    @Test func aRefusedConnectionSaysWhyOnce() async throws {
        let dead = try DeadPort()
        let channel = ClientChannel(.addresses([dead.address]))
        let error = try await failure { try await channel.unary(Kinds.unary, note("")) as Note }
        #expect(error.description == "UNAVAILABLE: \(dead.address): Connection refused")
        await channel.shutDown()
    }
}
