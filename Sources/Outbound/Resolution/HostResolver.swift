/// How a host's name becomes addresses. The guard sees each of them when it is connected to.
public struct HostResolver: Sendable {
    /// Answers without waiting, where it can.
    let known: @Sendable (_ host: String) -> [IPAddress]?
    let resolve: @Sendable (_ host: String) async throws -> [IPAddress]

    /// A resolver of the caller's. Its errors other than `OutboundError` become `resolverFailed`.
    public init(_ resolve: @escaping @Sendable (_ host: String) async throws -> [IPAddress]) {
        known = { _ in nil }
        self.resolve = resolve
    }

    init(
        known: @escaping @Sendable (String) -> [IPAddress]?,
        _ resolve: @escaping @Sendable (String) async throws -> [IPAddress]
    ) {
        self.known = known
        self.resolve = resolve
    }

    /// The system's (`getaddrinfo`), on threads of its own, with a cache.
    public static func system(_ configuration: SystemResolverConfiguration = SystemResolverConfiguration())
        -> HostResolver
    {
        let resolver = SystemResolver(configuration)
        return HostResolver(known: resolver.cached) { host throws(OutboundError) in try await resolver.resolve(host) }
    }

    func addresses(of host: String, within limit: Duration) async throws(OutboundError) -> [IPAddress] {
        if let known = known(host) { return known }
        let result = await withTaskGroup(of: Result<[IPAddress], OutboundError>?.self) { group in
            group.addTask { await self.attempt(host) }
            group.addTask {
                do { try await Task.sleep(for: limit) } catch { return .failure(.cancelledByCaller) }
                return .failure(OutboundError(.resolverFailed, "no answer within \(limit)"))
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        guard let addresses = try result?.get() else { throw OutboundError(.resolverFailed, "no answer") }
        if addresses.isEmpty { throw OutboundError(.nameNotFound, "the host has no address") }
        return addresses
    }

    private func attempt(_ host: String) async -> Result<[IPAddress], OutboundError> {
        do {
            return .success(try await resolve(host))
        } catch let error as OutboundError {
            return .failure(error)
        } catch is CancellationError {
            return .failure(.cancelledByCaller)
        } catch {
            return .failure(OutboundError(.resolverFailed, "\(type(of: error))"))
        }
    }
}

extension OutboundError {
    static let cancelledByCaller = OutboundError(.cancelled, "the request was cancelled")
}

/// Bounds of the system's resolver.
public struct SystemResolverConfiguration: Sendable, Hashable {
    /// Look-ups at once, each on a thread.
    public var maximumThreads = 8
    /// Names that wait for a thread; the next one is refused.
    public var maximumQueued = 1024
    /// How long an answer is used again; `getaddrinfo` does not say how long it is good for.
    public var cacheTime: Duration = .seconds(30)
    /// Names that are remembered.
    public var cacheSize = 4096

    public init() {}
}
