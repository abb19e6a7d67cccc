public import Policy
public import ServiceLifecycle
public import Wire

/// A role, put together.
public struct RoleAssembly: Sendable {
    /// What it serves.
    public var services: [any ServiceHandler]
    /// Interceptors behind the policy layer.
    public var interceptors: [any ServerInterceptor]
    /// Work beside calls: started once the store is ready, ended after the server.
    public var background: [any Service]
    /// What it cannot serve without, beside its store.
    public var checks: [ReadinessCheck]
    /// Is told of refused calls that have an audit action; nil: they are logged.
    public var denials: (any DenialRecorder)?

    /// Puts the parts together.
    public init(
        services: [any ServiceHandler], interceptors: [any ServerInterceptor] = [], background: [any Service] = [],
        checks: [ReadinessCheck] = [], denials: (any DenialRecorder)? = nil
    ) {
        (self.services, self.interceptors, self.background, self.checks) = (services, interceptors, background, checks)
        self.denials = denials
    }
}

/// A role that serves something other than RPCs, put together.
public struct FrontAssembly: Sendable {
    /// What it serves.
    public var front: any RoleFront
    /// Work beside that: started before it, ended after it.
    public var background: [any Service]
    /// What it cannot serve without.
    public var checks: [ReadinessCheck]

    /// Puts the parts together.
    public init(_ front: any RoleFront, background: [any Service] = [], checks: [ReadinessCheck] = []) {
        (self.front, self.background, self.checks) = (front, background, checks)
    }
}

/// What a role serves at its port that is no server of RPCs: the edge.
///
/// `run` serves until the group shuts down, then drains.
public protocol RoleFront: Service {
    /// Opens the port.
    ///
    /// - Returns: The address, with the port that the system chose.
    func listen(_ address: ListenAddress) async throws -> ListenAddress

    /// The role has become able to serve, or no longer is.
    func readinessChanged(to isReady: Bool)
}
