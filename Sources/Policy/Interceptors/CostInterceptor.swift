import Metrics
import PolicyModel
import Synchronization
import Wire

/// Counts calls by outcome, and what they cost.
///
/// `datavault_calls_total{service, method, code}` and `datavault_call_cost_total{service, method}`. A call that was
/// refused before its handler ran costs one unit at most, as it took little.
final class CostInterceptor: ServerInterceptor {
    static let refusedCost = 1

    /// A method's counters.
    final class Meters: Sendable {
        private let dimensions: [(String, String)]
        private let factory: any MetricsFactory
        private let costs: Counter
        private let outcomes = Mutex<[Int: Counter]>([:])

        init(_ method: MethodDescriptor, factory: any MetricsFactory = MetricsSystem.factory) {
            self.factory = factory
            dimensions = [("service", method.service), ("method", method.name)]
            costs = Counter(label: "datavault_call_cost_total", dimensions: dimensions, factory: factory)
        }

        /// Counts a call that has ended: with an error's code, or well.
        func record(_ code: StatusCode?, cost: Int) {
            let wasRefused = [.unauthenticated, .permissionDenied, .invalidArgument].contains(code)
            costs.increment(by: wasRefused ? min(cost, CostInterceptor.refusedCost) : cost)
            outcome(code ?? .ok).increment()
        }

        private func outcome(_ code: StatusCode) -> Counter {
            outcomes.withLock { outcomes in
                if let counter = outcomes[code.rawValue] { return counter }
                let counter = Counter(
                    label: "datavault_calls_total", dimensions: dimensions + [("code", "\(code)")], factory: factory)
                outcomes[code.rawValue] = counter
                return counter
            }
        }
    }

    private let meters = Mutex<[ObjectIdentifier: Meters]>([:])

    func applies(to method: MethodDescriptor?) -> Bool { method?.policy != nil }

    func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
        let method = context.method
        let meters = meters(of: method)
        let cost = method.policy?.cost ?? CallPolicy.defaultCost
        do {
            try await next(context)
            meters.record(nil, cost: cost)
        } catch {
            meters.record(RPCError.wrapping(error).code, cost: cost)
            throw error
        }
    }

    private func meters(of method: MethodDescriptor) -> Meters {
        meters.withLock { all in
            // Descriptors are constants of generated code: there are as many as methods.
            if let known = all[ObjectIdentifier(method)] { return known }
            let new = Meters(method)
            all[ObjectIdentifier(method)] = new
            return new
        }
    }
}
