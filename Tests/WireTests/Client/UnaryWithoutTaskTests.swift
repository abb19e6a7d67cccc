import InteropProtos
import NIOCore
import SwiftProtobuf
import Synchronization
import Testing

@testable import Wire

/// Unary calls that are started on their loop without a task.
@Suite(.timeLimit(.minutes(3))) struct UnaryWithoutTaskTests {
    /// Starts a call from its loop, and gives its ending; nil if it could not be started.
    private func start(
        _ pair: TestServer, _ text: String = "x", loop: Int = 0, options: CallOptions = CallOptions(),
        then: @escaping @Sendable (RunningCall) -> Void = { _ in }
    ) async throws -> UnaryEnding? {
        let request: [UInt8] = try note(text).serializedBytes()
        let context = pair.loops.contexts[loop]
        return await withCheckedContinuation { continuation in
            context.run {
                let call = pair.channel.startUnaryBytes(Kinds.unary, request, options: options, on: context) {
                    continuation.resume(returning: $0)
                }
                if let call { then(call) } else { continuation.resume(returning: nil) }
            }
        }
    }

    private func text(_ ending: UnaryEnding?) throws -> String {
        switch ending {
        case .reply(let bytes): try Note(serializedBytes: bytes).message
        case .failed(let error): "failed: \(error.code)"
        case .again: "again"
        case nil: "not started"
        }
    }

    @Test func repliesComeOneForEachCall() async throws {
        try await withServer {
            addEchoes(&$0)
        } _: { pair in
            // There is no connection yet, and nobody waits for one here.
            #expect(try text(try await start(pair)) == "not started")
            #expect(try await pair.unary("first").message == "first")
            for round in 0..<300 { #expect(try text(try await start(pair, "\(round)")) == "\(round)") }
            let all = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<50 { group.addTask { try text(try await start(pair, "\(number)")) } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(all == Set((0..<50).map(String.init)))
            #expect(pair.channel.pool.streamsInUse == 0)
        }
    }

    @Test func endsThatAreNoReply() async throws {
        try await withServer { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                if request.message == "refuse" { throw RPCError(code: .notFound, message: "no") }
                if request.message == "wait" { try await Task.sleep(for: .seconds(60)) }
                return request
            }
        } _: { pair in
            _ = try await pair.unary("x")
            #expect(try text(try await start(pair, "refuse")) == "failed: \(StatusCode.notFound)")
            let short = CallOptions(timeout: .milliseconds(50))
            #expect(try text(try await start(pair, "wait", options: short)) == "failed: \(StatusCode.deadlineExceeded)")
            let cancelled = try await start(pair, "wait") { call in call.cancel() }
            #expect(try text(cancelled) == "failed: \(StatusCode.cancelled)")
            // Its object serves others after that.
            #expect(try text(try await start(pair, "y")) == "y")
            #expect(pair.channel.pool.streamsInUse == 0)
        }
    }

    @Test func eachLoopThatCallsGetsAConnection() async throws {
        try await withServer(threads: 2) {
            _ in
        } client: {
            $0.connectsEachLoop = true
        } router: {
            addEchoes(&$0)
        } _: { pair in
            for loop in 0..<2 {
                // The first call from a loop without one goes over another's, and has its own made.
                _ = try await Task(executorPreference: pair.loops.executors[loop]) { try await pair.unary("x") }.value
            }
            for loop in 0..<2 {
                try await eventually("loop \(loop) has a connection") {
                    try text(try await start(pair, "own", loop: loop)) == "own"
                }
            }
            #expect(pair.channel.pool.state.withLock { $0.connections.count } == 2)
        }
    }

    @Test func aCallThatTheServerNeverSawIsMadeAgain() async throws {
        try await withServer {
            addEchoes(&$0)
        } _: { pair in
            _ = try await pair.unary("x")
            let lease = try #require(pair.channel.pool.tryLease())
            lease.end()
            // The connection is lost while the call is on its way: whoever started it decides.
            let ending = try await start(pair, "y") { _ in lease.connection.http2?.abort() }
            switch ending {
            case .again, .failed: break
            default: Issue.record("\(String(describing: ending))")
            }
            #expect(try await pair.unary("z").message == "z")
        }
    }

    @Test func preparedMetadataArrivesWithTheOther() async throws {
        let seen = Box(Metadata())
        try await withServer { router in
            router.unary(Kinds.unary) { (request: Note, context) in
                seen.set(context.metadata)
                return request
            }
        } _: { pair in
            _ = try await pair.unary("x")
            var fields = Metadata()
            fields.add("X-Prepared", "one")
            fields.add("prepared-bin", bytes: [0, 255, 3])
            let options = {
                var options = CallOptions()
                options.prepared = try PreparedMetadata(fields)
                options.metadata.add("x-request-id", "own")
                return options
            }
            for _ in 0..<3 {
                #expect(try text(try await start(pair, "y", options: try options())) == "y")
                let metadata = seen.value
                #expect(metadata["x-prepared"] == "one")
                #expect(metadata[bytes: "prepared-bin"] == [0, 255, 3])
                #expect(metadata["x-request-id"] == "own")
            }
            fields.add("te", "trailers")
            #expect(throws: RPCError.self) { try PreparedMetadata(fields) }
        }
    }
}
