import EchoProtos
import InteropProtos
import NIOCore
import SwiftProtobuf
import Synchronization
import Testing

@testable import Wire

/// `echo.EchoService` whose answers a test chooses.
struct ScriptedEcho: Echo_EchoService.Handler {
    typealias Writer = ResponseWriter<Echo_Echo>

    var onSay: @Sendable (Echo_Echo, ServerContext) async throws -> Echo_Echo = { request, _ in request }
    var onStream: @Sendable (Echo_StreamReq, Writer, ServerContext) async throws -> Void = { request, responses, _ in
        for _ in 0..<request.count { try await responses.write(Echo_Echo(request.text)) }
    }

    func say(_ request: Echo_Echo, context: ServerContext) async throws -> Echo_Echo {
        try await onSay(request, context)
    }

    func stream(_ request: Echo_StreamReq, responses: Writer, context: ServerContext) async throws {
        try await onStream(request, responses, context)
    }
}

extension Echo_Echo {
    init(_ text: String) {
        self.init()
        self.text = text
    }
}

extension Echo_StreamReq {
    init(_ text: String, count: Int) {
        self.init()
        self.text = text
        self.count = UInt32(count)
    }
}

/// `Say` as a proto would have it that calls it idempotent.
let idempotentSay = MethodDescriptor(
    service: "echo.EchoService", name: "Say", kind: .unary, requestType: "echo.Echo", responseType: "echo.Echo",
    idempotency: .idempotent)

extension ListenAddress {
    /// The channel target that reaches it.
    var target: ChannelTarget {
        switch self {
        case .tcp(let host, let port): .addresses([ServerAddress(host: host, port: port)])
        case .unix(let path): .unix(path: path)
        }
    }

    var tcp: ServerAddress {
        guard case .tcp(let host, let port) = self else { preconditionFailure("no TCP address") }
        return ServerAddress(host: host, port: port)
    }
}

/// Starts a server on a port of the system's choice; `stop` ends it.
func startServer(
    _ service: any ServiceHandler = ScriptedEcho(),
    more: [any ServiceHandler] = [],
    on address: ListenAddress = .tcp(host: "127.0.0.1", port: 0),
    tls: (any TLSContextSource)? = nil,
    interceptors: [any ServerInterceptor] = [],
    change: (inout ServerConfiguration) -> Void = { _ in },
    onDrain: @escaping @Sendable () -> Void = {}
) async throws -> (server: Server, address: ListenAddress) {
    var configuration = ServerConfiguration()
    configuration.metricsPrefix = nil
    change(&configuration)
    let server = Server(
        services: [service] + more, interceptors: interceptors, configuration: configuration, onDrain: onDrain)
    return (server, try await server.listen(address, tls: tls))
}

func makeChannel(
    _ target: ChannelTarget,
    tls: (any TLSContextSource)? = nil,
    change: (inout ChannelConfiguration) -> Void = { _ in }
) -> ClientChannel {
    var configuration = ChannelConfiguration()
    configuration.metricsPrefix = nil
    configuration.initialBackoff = .milliseconds(50)
    change(&configuration)
    return ClientChannel(target, tls: tls, configuration: configuration)
}

// Patience is long, as a machine that builds beside its tests is slow; what works does not use it up.

/// What a test throws whose patience has ended.
struct TookTooLong: Error {}

/// Runs `body` for at most `seconds`. It is not waited for after that: what hangs may not hear of cancellation.
func within<Result: Sendable>(
    seconds: Double = 90, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    let (results, continuation) = AsyncStream.makeStream(of: Swift.Result<Result, any Error>.self)
    let work = Task {
        do {
            continuation.yield(.success(try await body()))
        } catch {
            continuation.yield(.failure(error))
        }
    }
    let clock = Task {
        try? await Task.sleep(for: .seconds(seconds))
        continuation.yield(.failure(TookTooLong()))
    }
    defer {
        clock.cancel()
        work.cancel()
    }
    for await result in results { return try result.get() }
    throw CancellationError()
}

/// Looks until `condition` holds; false if it does not in time.
func eventually(seconds: Double = 60, _ condition: () async -> Bool) async -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return await condition()
}

/// The error of a call that must fail.
func failure<Result>(_ body: () async throws -> Result) async throws -> RPCError {
    do {
        _ = try await body()
    } catch let error as RPCError {
        return error
    }
    throw NoFailure()
}

struct NoFailure: Error {}

extension Task where Success: Sendable, Failure == any Error {
    /// The code that a call's task fails with in time; nil if it does not.
    var failureCode: StatusCode? {
        get async {
            do {
                _ = try await within { try await self.value }
                return nil
            } catch {
                return (error as? RPCError)?.code
            }
        }
    }
}

/// A count that tasks share.
final class Tally: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    @discardableResult
    func add(_ amount: Int = 1) -> Int { count.add(amount, ordering: .sequentiallyConsistent).newValue }
}

/// Opened once; tasks wait for it.
final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let isOpened = Atomic<Bool>(false)

    init() { (stream, continuation) = AsyncStream.makeStream() }

    var isOpen: Bool { isOpened.load(ordering: .sequentiallyConsistent) }

    func open() {
        isOpened.store(true, ordering: .sequentiallyConsistent)
        continuation.finish()
    }

    /// Returns when the gate is open, or the task cancelled.
    func wait() async {
        while !isOpen, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(2)) }
    }
}
