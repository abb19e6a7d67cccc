import Synchronization

/// What all loops of one server share: what is served, and how many calls run.
final class ServerCore: Sendable {
    let configuration: ServerConfiguration
    let methods: MethodTable
    let unregistered: RegisteredMethod?
    let services: Set<String>
    let metrics: ServerMetrics?
    let callsInFlight = Atomic<Int>(0)
    let isDraining = Atomic<Bool>(false)

    init(router: Router, interceptors: [any ServerInterceptor], configuration: ServerConfiguration) {
        self.configuration = configuration
        let metrics = configuration.metricsPrefix.map { ServerMetrics(prefix: $0) }
        self.metrics = metrics
        var chain = interceptors
        if configuration.isTraced { chain.insert(TracingServerInterceptor(), at: 0) }
        methods = MethodTable(
            router.methods.map { method in
                RegisteredMethod(
                    descriptor: method.descriptor,
                    invoke: method.invoke,
                    interceptors: chain.filter { $0.applies(to: method.descriptor) },
                    metrics: metrics.map { MethodMetrics($0, method.descriptor) }
                )
            }
        )
        unregistered = router.fallback.map { invoke in
            let unnamed = MethodDescriptor(service: "unregistered", name: "unregistered", kind: .bidirectional)
            return RegisteredMethod(
                descriptor: unnamed,
                invoke: invoke,
                interceptors: chain.filter { $0.applies(to: nil) },
                metrics: metrics.map { MethodMetrics($0, unnamed) }
            )
        }
        services = Set(router.methods.map { $0.descriptor.service })
    }
}
