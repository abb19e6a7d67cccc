import Metrics
import Synchronization

/// What all loops of one server share: what is served, and how many calls run.
final class ServerCore: Sendable {
    let configuration: ServerConfiguration
    let methods: MethodTable
    let unregistered: RegisteredMethod?
    let services: Set<String>
    let metrics: ServerMetrics?
    /// Whether a `traceparent` is handed on although this process makes no spans.
    let passesTraceOn: Bool
    let callsInFlight = Atomic<Int>(0)
    let isDraining = Atomic<Bool>(false)

    init(router: Router, interceptors: [any ServerInterceptor], configuration: ServerConfiguration) {
        self.configuration = configuration
        // Counting for a backend that throws all away would cost some percent of a call.
        let isCounted = !(MetricsSystem.factory is NOOPMetricsHandler)
        let metrics = configuration.metricsPrefix.flatMap { isCounted ? ServerMetrics(prefix: $0) : nil }
        self.metrics = metrics
        var chain = interceptors
        let hasInstrument = configuration.isTraced && TracingSetup.hasInstrument
        if hasInstrument { chain.insert(TracingServerInterceptor(), at: 0) }
        passesTraceOn = configuration.isTraced && !hasInstrument
        methods = MethodTable(
            router.methods.map { method in
                RegisteredMethod(
                    descriptor: method.descriptor,
                    invoke: method.invoke,
                    interceptors: Self.interceptors(chain, for: method.descriptor),
                    metrics: metrics.map { MethodMetrics($0, method.descriptor) }
                )
            }
        )
        unregistered = router.fallback.map { invoke in
            let unnamed = MethodDescriptor(service: "unregistered", name: "unregistered", kind: .bidirectional)
            return RegisteredMethod(
                descriptor: unnamed,
                invoke: invoke,
                interceptors: Self.interceptors(chain, for: nil),
                metrics: metrics.map { MethodMetrics($0, unnamed) }
            )
        }
        services = Set(router.methods.map { $0.descriptor.service })
    }

    private static func interceptors(
        _ chain: [any ServerInterceptor], for method: MethodDescriptor?
    ) -> [any ServerInterceptor] {
        chain.filter { $0.applies(to: method) }.map { $0.prepared(for: method) }
    }
}
