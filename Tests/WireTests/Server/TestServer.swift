import InteropProtos
import NIOCore
import SwiftProtobuf
import Synchronization
import Testing

@testable import Wire

/// A message with a text and a number.
typealias Note = Grpc_Testing_EchoStatus

func note(_ text: String, _ number: Int = 0) -> Note {
    .with {
        $0.message = text
        $0.code = Int32(number)
    }
}

/// One method of each kind, for routers that tests fill themselves.
enum Kinds {
    static let unary = MethodDescriptor(service: "test.Kinds", name: "Unary", kind: .unary)
    static let server = MethodDescriptor(service: "test.Kinds", name: "Server", kind: .serverStreaming)
    static let client = MethodDescriptor(service: "test.Kinds", name: "Client", kind: .clientStreaming)
    static let both = MethodDescriptor(service: "test.Kinds", name: "Both", kind: .bidirectional)
}

/// A server on a loopback port and a channel to it, on event loops of their own.
struct TestServer: Sendable {
    let server: Server
    let channel: ClientChannel
    let loops: EventLoops
    let port: Int

    /// Another channel to the server.
    func makeChannel(_ configure: (inout ChannelConfiguration) -> Void = { _ in }) -> ClientChannel {
        var configuration = ChannelConfiguration()
        configure(&configuration)
        let target = ChannelTarget.addresses([ServerAddress(host: "127.0.0.1", port: port)])
        return ClientChannel(target, configuration: configuration, eventLoops: loops)
    }

    func unary(_ text: String = "", options: CallOptions = CallOptions()) async throws -> Note {
        try await channel.unary(Kinds.unary, note(text), options: options)
    }
}

/// Runs `body` against a server, then drains it, shuts its loops down and so shows that no call is left on them.
func withServer<R: Sendable>(
    threads: Int = 1,
    interceptors: [any ServerInterceptor] = [],
    configure: (inout ServerConfiguration) -> Void = { _ in },
    client: (inout ChannelConfiguration) -> Void = { _ in },
    router build: (inout Router) -> Void,
    _ body: @escaping @Sendable (TestServer) async throws -> R
) async throws -> R {
    var router = Router()
    build(&router)
    var configuration = ServerConfiguration()
    configure(&configuration)
    var channelConfiguration = ChannelConfiguration()
    client(&channelConfiguration)
    let loops = EventLoops(threads: threads)
    let server = Server(
        router: router, interceptors: interceptors, configuration: configuration, eventLoops: loops)
    guard case .tcp(_, let port) = try await server.listen(.tcp(host: "127.0.0.1", port: 0)) else {
        throw TestFailure("no TCP address")
    }
    let target = ChannelTarget.addresses([ServerAddress(host: "127.0.0.1", port: port)])
    let channel = ClientChannel(target, configuration: channelConfiguration, eventLoops: loops)
    let pair = TestServer(server: server, channel: channel, loops: loops, port: port)
    let result: Result<R, any Error>
    do {
        result = .success(try await within { try await body(pair) })
    } catch {
        result = .failure(error)
    }
    try await within(what: "the end of server and channel") {
        await channel.shutDown(grace: .milliseconds(200))
        await server.drain(grace: .milliseconds(200))
        try await loops.shutdown()
    }
    return try result.get()
}

struct TestFailure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// Runs `body` and fails if that takes longer than `limit`, without waiting for it any more.
func within<R: Sendable>(
    _ limit: Duration = .seconds(60),
    what: String = "the test",
    _ body: @escaping @Sendable () async throws -> R
) async throws -> R {
    let race = Race<R>()
    let work = Task {
        do {
            race.end(.success(try await body()))
        } catch {
            race.end(.failure(error))
        }
    }
    let clock = Task {
        try await Task.sleep(for: limit)
        work.cancel()
        race.end(.failure(TestFailure("\(what) took longer than \(limit)")))
    }
    defer { clock.cancel() }
    return try await withCheckedThrowingContinuation { race.wait($0) }
}

private final class Race<R: Sendable>: Sendable {
    private let state = Mutex((result: Result<R, any Error>?.none, waiter: CheckedContinuation<R, any Error>?.none))

    func wait(_ waiter: CheckedContinuation<R, any Error>) {
        let result = state.withLock { state in
            if state.result == nil { state.waiter = waiter }
            return state.result
        }
        if let result { waiter.resume(with: result) }
    }

    func end(_ result: Result<R, any Error>) {
        let waiter = state.withLock { state -> CheckedContinuation<R, any Error>? in
            guard state.result == nil else { return nil }
            state.result = result
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(with: result)
    }
}

/// Waits until `condition` holds.
func eventually(_ what: String, _ condition: @Sendable () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(30)
    while try await !condition() {
        guard ContinuousClock.now < end else { throw TestFailure("never: \(what)") }
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// A value that handlers leave for the test.
final class Box<Value: Sendable>: Sendable {
    private let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value { state.withLock { $0 } }
    func set(_ value: Value) { state.withLock { $0 = value } }
    func change(_ body: @Sendable (inout Value) -> Void) { state.withLock { body(&$0) } }
}

extension Box where Value == [String] {
    func log(_ line: String) { change { $0.append(line) } }
}

/// The error of a call that must fail.
func failure<R>(
    of body: () async throws -> R,
    _ location: SourceLocation = #_sourceLocation
) async throws -> RPCError {
    do {
        _ = try await body()
    } catch let error as RPCError {
        return error
    }
    Issue.record("the call did not fail", sourceLocation: location)
    throw TestFailure("the call did not fail")
}
