public import Wire

/// The contract, enforced: what every server of the suite puts before its handlers.
///
///     Server(services: handlers, interceptors: PolicyLayer.interceptors(configuration))
///
/// Calls are counted, their callers verified, their requests checked, and their audit entries demanded, in this order.
/// A handler finds the caller and the audit intent in `CallScope.current`.
public enum PolicyLayer {
    /// The interceptors, in their order. Others that a service adds come after them.
    public static func interceptors(_ configuration: PolicyConfiguration) -> [any ServerInterceptor] {
        [
            CostInterceptor(), AccessInterceptor(configuration: configuration), BoundsInterceptor(),
            AuditInterceptor(denials: configuration.denials), MessageLogInterceptor(logger: configuration.logger),
        ]
    }
}
