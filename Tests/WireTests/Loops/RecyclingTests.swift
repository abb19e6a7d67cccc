import InteropProtos
import NIOEmbedded
import Testing

@testable import Wire

/// Call objects and workers serve many calls, and nothing of one call is seen by the next.
@Suite struct RecyclingTests {
    @Test func oneObjectServesOneCallAfterAnother() throws {
        let seen = Box<Set<ObjectIdentifier>>([])
        let harness = ServerHarness { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                seen.change { _ = $0.insert(ObjectIdentifier(context)) }
                return request
            }
        }
        for stream in 0..<10 { harness.receive(try unaryCall(stream * 2 + 1)) }
        #expect(seen.value.count == 1)
    }

    @Test func anObjectThatIsHeldServesNoOtherCall() throws {
        let kept = Box<[ServerContext]>([])
        let harness = ServerHarness { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                kept.change { $0.append(context) }
                return request
            }
        }
        for stream in 0..<10 { harness.receive(try unaryCall(stream * 2 + 1, "x", [("number", "\(stream)")])) }
        #expect(Set(kept.value.map { ObjectIdentifier($0) }).count == 10)
        // Each still tells of its own call.
        #expect(kept.value.map { $0.metadata("number") } == (0..<10).map { "\($0)" })
        weak let last = kept.value.last
        #expect(last != nil)
        kept.set([])
        #expect(last == nil, "nobody else holds it")
    }

    @Test func oneWorkerServesOneCallAfterAnother() throws {
        let harness = ServerHarness()
        harness.receive(try unaryCall(1))
        let worker = harness.serverLoop.nextWorker()
        #expect(worker.task != nil, "the worker of the first call waits for another")
        #expect(harness.serverLoop.park(worker))
        for stream in 1..<20 { harness.receive(try unaryCall(stream * 2 + 1)) }
        #expect(harness.serverLoop.nextWorker() === worker)
        let other = harness.serverLoop.nextWorker()
        #expect(other !== worker, "one worker was enough")
        other.retire()
        #expect(harness.serverLoop.park(worker))
    }

    /// The connection dies inside the first, inline step of a worker's first call, when its task is not known yet.
    @Test func aCancellationThatComesEarlyMeetsNoLaterCall() throws {
        // Unchecked: all on the test's thread.
        final class Reach: @unchecked Sendable { weak var connection: HTTP2Connection? }
        let reach = Reach()
        let cancelled = Box<[Bool]>([])
        let harness = ServerHarness { router in
            router.unary(Kinds.unary) { (request: Note, _) in
                if request.message == "kill" { reach.connection?.transportClosed("killed") }
                cancelled.change { $0.append(Task.isCancelled) }
                return request
            }
        }
        reach.connection = harness.connection
        harness.receive(try unaryCall(1, "kill"))
        harness.loop.run()
        harness.reconnect()
        harness.receive(try unaryCall(1))
        harness.loop.run()
        harness.receive(try unaryCall(3))
        #expect(cancelled.value.dropFirst() == [false, false])
    }

    @Test func aContextBeginsEmpty() throws {
        let isFresh = Box<[Bool]>([])
        let harness = ServerHarness { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                isFresh.change {
                    $0.append(
                        context.responseHeaders.isEmpty && context.responseTrailers.isEmpty
                            && context.compression == .identity && context.onRequest == nil
                            && context.onResponse == nil && context.messageCounts.sent == 0 && context.deadline == nil
                            && !context.acceptsGzip && context.metadata.isEmpty && !Task.isCancelled)
                }
                context.responseHeaders.add("a", "1")
                context.responseTrailers.add("b", "2")
                context.compression = .gzip
                context.onRequest = { _ in }
                context.onResponse = { _ in }
                if request.message == "fail" { throw RPCError(code: .aborted) }
                return request
            }
        }
        let fields = [("grpc-timeout", "9S"), ("grpc-accept-encoding", "gzip"), ("mine", "x")]
        harness.receive(try unaryCall(1))
        harness.receive(try unaryCall(3, "x", fields))
        harness.receive(try unaryCall(5))
        harness.receive(try unaryCall(7, "fail", fields))
        harness.receive(try unaryCall(9))
        #expect(isFresh.value == [true, false, true, false, true])
    }
}
