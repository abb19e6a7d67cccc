import Metrics
import PolicyModel
import Synchronization
import Wire

/// Counts calls by outcome, and what they cost.
///
/// `datavault_calls_total{service, method, code}` and `datavault_call_cost_total{service, method}`. A call that was
/// refused before its handler ran costs one unit at most, as it took little.
struct CostInterceptor: ServerInterceptor {
    static let refusedCost = 1

    /// A method's counters.
    final class Meters: Sendable {
        private let dimensions: [(String, String)]
        private let factory: any MetricsFactory
        private let costs: Counter
        /// What nearly all calls are, so that they look nothing up.
        private let successes: Counter
        private let failures = Mutex<[Int: Counter]>([:])
        private let cost: Int

        init(_ method: MethodDescriptor, factory: any MetricsFactory = MetricsSystem.factory) {
            self.factory = factory
            dimensions = [("service", method.service), ("method", method.name)]
            costs = Counter(label: "datavault_call_cost_total", dimensions: dimensions, factory: factory)
            successes = Self.outcomes(.ok, dimensions, factory)
            cost = method.policy?.cost ?? CallPolicy.defaultCost
        }

        /// Counts a call that has ended: with an error's code, or well.
        func record(_ code: StatusCode?) {
            guard let code, code != .ok else {
                costs.increment(by: cost)
                return successes.increment()
            }
            let wasRefused = [.unauthenticated, .permissionDenied, .invalidArgument].contains(code)
            costs.increment(by: wasRefused ? min(cost, CostInterceptor.refusedCost) : cost)
            failure(code).increment()
        }

        private func failure(_ code: StatusCode) -> Counter {
            failures.withLock { failures in
                if let counter = failures[code.rawValue] { return counter }
                let counter = Self.outcomes(code, dimensions, factory)
                failures[code.rawValue] = counter
                return counter
            }
        }

        private static func outcomes(
            _ code: StatusCode, _ dimensions: [(String, String)], _ factory: any MetricsFactory
        ) -> Counter {
            Counter(label: "datavault_calls_total", dimensions: dimensions + [("code", "\(code)")], factory: factory)
        }
    }

    /// Those of the method that it is prepared for.
    private let meters: Meters?

    init(meters: Meters? = nil) { self.meters = meters }

    func applies(to method: MethodDescriptor?) -> Bool { method?.policy != nil }

    func prepared(for method: MethodDescriptor?) -> any ServerInterceptor {
        CostInterceptor(meters: method.map { Meters($0) })
    }

    func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
        let meters = meters ?? Meters(context.method)
        do {
            try await next(context)
            meters.record(nil)
        } catch {
            meters.record(RPCError.wrapping(error).code)
            throw error
        }
    }
}
