import Synchronization
public import WireProtos

/// The standard health service (grpc.health.v1): whether the server, named "", and each of its services serve.
///
/// A drain of the server sets all to NOT_SERVING for good.
public final class HealthService: Grpc_Health_V1_Health.Handler, DrainAware {
    public typealias ServingStatus = Grpc_Health_V1_HealthCheckResponse.ServingStatus

    private struct State {
        var statuses: [String: ServingStatus]
        var isDraining = false
        var watchers: [Int: Watcher] = [:]
        var nextWatcher = 0
    }

    private struct Watcher {
        var service: String
        var continuation: AsyncStream<ServingStatus>.Continuation
    }

    /// Names that can be set: a bound, as names may come from configuration.
    private static let maxServices = 10_000

    private let state: Mutex<State>

    /// - Parameters:
    ///   - services: Full names of what is served.
    ///   - initially: Their state and the server's: NOT_SERVING until all that they need is there.
    public init(services: [String] = [], initially: ServingStatus = .serving) {
        var statuses = ["": initially]
        for service in services.prefix(Self.maxServices) { statuses[service] = initially }
        state = Mutex(State(statuses: statuses))
    }

    /// Sets a service's state; "" is the server. Without effect once a drain has begun.
    public func set(_ status: ServingStatus, for service: String = "") {
        update { state in
            guard !state.isDraining else { return [] }
            guard state.statuses[service] != nil || state.statuses.count < Self.maxServices else { return [] }
            state.statuses[service] = status
            return [service]
        }
    }

    /// Sets every known service and the server.
    public func setAll(_ status: ServingStatus) {
        update { state in
            guard !state.isDraining else { return [] }
            for name in state.statuses.keys { state.statuses[name] = status }
            return Set(state.statuses.keys)
        }
    }

    public func serverWillDrain() {
        setAll(.notServing)
        // Watches would hold the drain until its end: they get the news and end.
        let watchers = state.withLock { state in
            state.isDraining = true
            return state.watchers.values.map(\.continuation)
        }
        for watcher in watchers { watcher.finish() }
    }

    private func update(_ change: (inout State) -> Set<String>) {
        let news = state.withLock { state -> [(AsyncStream<ServingStatus>.Continuation, ServingStatus)] in
            let changed = change(&state)
            return state.watchers.values.filter { changed.contains($0.service) }
                .map { ($0.continuation, state.statuses[$0.service] ?? .serviceUnknown) }
        }
        for (watcher, status) in news { watcher.yield(status) }
    }

    // MARK: grpc.health.v1.Health

    public func check(
        _ request: Grpc_Health_V1_HealthCheckRequest,
        context: ServerContext
    ) async throws -> Grpc_Health_V1_HealthCheckResponse {
        guard let status = state.withLock({ $0.statuses[request.service] }) else {
            throw RPCError(code: .notFound, message: "unknown service")
        }
        return Self.response(status)
    }

    public func list(
        _ request: Grpc_Health_V1_HealthListRequest,
        context: ServerContext
    ) async throws -> Grpc_Health_V1_HealthListResponse {
        var response = Grpc_Health_V1_HealthListResponse()
        let statuses = state.withLock { $0.statuses }
        guard statuses.count <= 100 else {
            throw RPCError(code: .resourceExhausted, message: "more than 100 services: check them by name")
        }
        for (name, status) in statuses { response.statuses[name] = Self.response(status) }
        return response
    }

    public func watch(
        _ request: Grpc_Health_V1_HealthCheckRequest,
        responses: ResponseWriter<Grpc_Health_V1_HealthCheckResponse>,
        context: ServerContext
    ) async throws {
        // Only the newest state is of interest to a watcher that is slow.
        let (stream, continuation) = AsyncStream.makeStream(
            of: ServingStatus.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = Watcher(service: request.service, continuation: continuation)
            continuation.yield(state.statuses[request.service] ?? .serviceUnknown)
            if state.isDraining { continuation.finish() }
            return state.nextWatcher
        }
        defer { state.withLock { state in _ = state.watchers.removeValue(forKey: id) } }
        var last: ServingStatus?
        for await status in stream where status != last {
            last = status
            try await responses.write(Self.response(status))
        }
        try Task.checkCancellation()
        throw RPCError(code: .unavailable, message: "the server is draining")
    }

    private static func response(_ status: ServingStatus) -> Grpc_Health_V1_HealthCheckResponse {
        var response = Grpc_Health_V1_HealthCheckResponse()
        response.status = status
        return response
    }
}
