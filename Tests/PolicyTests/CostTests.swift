import Metrics
import MetricsTestKit
import Testing

@testable import Policy
@testable import PolicyModel
@testable import Wire

/// What is counted of calls.
@Suite struct CostTests {
    @Test(
        arguments: [
            (nil, 5, "OK"), (StatusCode.internal, 5, "INTERNAL"), (.permissionDenied, 1, "PERMISSION_DENIED"),
            (.invalidArgument, 1, "INVALID_ARGUMENT"),
        ] as [(StatusCode?, Int, String)])
    func callsAndCosts(code: StatusCode?, cost: Int, label: String) throws {
        let metrics = TestMetrics()
        let meters = CostInterceptor.Meters(createBook, factory: metrics)
        meters.record(code)
        let dimensions = [("service", "datavault.test.v1.LibraryService"), ("method", "CreateBook")]
        #expect(try metrics.expectCounter("datavault_call_cost_total", dimensions).totalValue == Int64(cost))
        let calls = try metrics.expectCounter("datavault_calls_total", dimensions + [("code", label)])
        #expect(calls.totalValue == 1)
    }
}
