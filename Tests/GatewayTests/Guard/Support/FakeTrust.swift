import Crypto
import Foundation
import IdentityContract
import NIOCore
import Synchronization
import Wire

/// Identity's side of the trust service, as its contract describes it: streams that a test tells what to say.
final class FakeTrust: Datavault_Identity_V1_TrustService.Handler {
    typealias Event = Datavault_Identity_V1_CredentialEvent

    private struct State {
        var streams: [UUID: AsyncStream<Event>.Continuation] = [:]
        var opened = 0
        var usages: [Datavault_Identity_V1_SecretUsage] = []
        var listed: [Data] = []
        var snapshot: [Event.OneOf_Event] = []
        var isRefusing = false
        var completes = true
        var sequence: Int64 = 100
    }

    private let state = Mutex(State())
    let heartbeat: Duration
    let silenceLimit: Int32

    init(heartbeat: Duration = .milliseconds(50), silenceLimit: Int32 = 5_000) {
        (self.heartbeat, self.silenceLimit) = (heartbeat, silenceLimit)
    }

    var openedStreams: Int { state.withLock { $0.opened } }
    var usages: [Datavault_Identity_V1_SecretUsage] { state.withLock { $0.usages } }
    var listedKeys: [Data] { state.withLock { $0.listed } }

    func setSnapshot(_ events: [Event.OneOf_Event]) { state.withLock { $0.snapshot = events } }
    func setRefusing(_ isRefusing: Bool) { state.withLock { $0.isRefusing = isRefusing } }
    func setCompletes(_ completes: Bool) { state.withLock { $0.completes = completes } }

    /// Tells all streams of a change.
    func tell(_ event: Event.OneOf_Event, skipping: Int64 = 0) {
        state.withLock { state in
            state.sequence += 1 + skipping
            for stream in state.streams.values { stream.yield(Self.event(event, state.sequence)) }
        }
    }

    /// Says something that is no change, as it is.
    func tell(raw event: Event) {
        state.withLock { state in for stream in state.streams.values { stream.yield(event) } }
    }

    /// Ends all streams.
    func hangUp() { state.withLock { state in for stream in state.streams.values { stream.finish() } } }

    private static func event(_ event: Event.OneOf_Event?, _ sequence: Int64) -> Event {
        var message = Event()
        (message.event, message.sequence) = (event, sequence)
        message.timeMs = Int64(Date().timeIntervalSince1970 * 1_000)
        return message
    }

    func watchCredentials(
        _ request: Datavault_Identity_V1_WatchCredentialsRequest, responses: ResponseWriter<Event>,
        context: ServerContext
    ) async throws {
        let id = UUID()
        let (stream, continuation) = AsyncStream<Event>.makeStream()
        let (first, isRefusing): ([Event], Bool) = state.withLock { state in
            guard !state.isRefusing else { return ([], true) }
            state.opened += 1
            state.streams[id] = continuation
            var start = Datavault_Identity_V1_CredentialStreamStart()
            (start.heartbeatMs, start.silenceLimitMs) = (50, silenceLimit)
            (start.secretHashKey, start.issuer, start.audience) = (
                GuardFixture.hashKey, "https://id.example", "datavault"
            )
            var events: [Event.OneOf_Event] = [.start(start)] + state.snapshot
            if state.completes { events.append(.complete(Datavault_Identity_V1_CredentialSnapshotComplete())) }
            return (
                events.map { event in
                    state.sequence += 1
                    return Self.event(event, state.sequence)
                }, false
            )
        }
        guard !isRefusing else { throw RPCError(code: .unavailable, message: "not now") }
        defer { state.withLock { $0.streams[id] = nil } }
        for event in first { try await responses.write(event) }
        let beats = Task { [heartbeat] in
            while !Task.isCancelled {
                try? await Task.sleep(for: heartbeat)
                let sequence = state.withLock { $0.sequence }
                continuation.yield(Self.event(nil, sequence))
            }
        }
        defer { beats.cancel() }
        for await event in stream { try await responses.write(event) }
    }

    func reportKeyUsage(
        _ request: Datavault_Identity_V1_ReportKeyUsageRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_ReportKeyUsageResponse {
        try state.withLock { state in
            guard !state.isRefusing else { throw RPCError(code: .unavailable, message: "not now") }
            state.usages += request.usages
        }
        return Datavault_Identity_V1_ReportKeyUsageResponse()
    }

    func registerPrincipalKey(
        _ request: Datavault_Identity_V1_RegisterPrincipalKeyRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_PrincipalKey {
        try state.withLock { state in
            guard !state.isRefusing else { throw RPCError(code: .unavailable, message: "not now") }
            state.listed.append(request.publicKey)
        }
        var key = Datavault_Identity_V1_PrincipalKey()
        key.publicKey = request.publicKey
        key.id = SHA256.hash(data: request.publicKey).map { String($0, radix: 16) }.joined()
        key.expiresAtMs = Int64(Date().timeIntervalSince1970 * 1_000) + 600_000
        return key
    }

    func watchPrincipalKeys(
        _ request: Datavault_Identity_V1_WatchPrincipalKeysRequest,
        responses: ResponseWriter<Datavault_Identity_V1_PrincipalKeys>, context: ServerContext
    ) async throws { throw RPCError(code: .unimplemented, message: "gateways do not ask") }
}

/// A trust service and a channel to it, in this process.
func withTrust<Result: Sendable>(
    _ trust: FakeTrust,
    _ body: (@escaping @Sendable () throws -> ClientChannel) async throws -> Result
) async throws -> Result {
    let loops = EventLoops(threads: 1)
    var router = Router()
    trust.register(in: &router)
    let server = Server(router: router, eventLoops: loops)
    let channel = ClientChannel(.inProcess(server), eventLoops: loops)
    do {
        let result = try await body { channel }
        await channel.shutDown()
        await server.drain(grace: .milliseconds(50))
        try await loops.shutdown()
        return result
    } catch {
        await channel.shutDown()
        await server.drain(grace: .milliseconds(50))
        try await loops.shutdown()
        throw error
    }
}

/// Runs a service beside the body, and ends it with it.
func running(_ service: @escaping @Sendable () async throws -> Void, _ body: () async throws -> Void) async throws {
    let task = Task { try await service() }
    do { try await body() } catch {
        task.cancel()
        throw error
    }
    task.cancel()
    _ = await task.result
}
