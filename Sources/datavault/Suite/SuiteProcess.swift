import ArgumentParser
import Foundation
import Metrics
import ServiceKit

/// What `up` and `serve` share: logs, metrics, the suite, and its end.
struct SuiteProcess {
    let settings: Settings
    let output: LogOutput
    private let registry: PrometheusRegistry

    init(_ settings: Settings) {
        self.settings = settings
        output = LogSettings.bootstrap(settings, provider: LogContext.provider())
        registry = PrometheusRegistry()
        MetricsSystem.bootstrap(registry)
    }

    /// Runs roles until a signal.
    func run(
        _ roles: [RoleDefinition], _ change: (inout Suite.Options) -> Void = { _ in },
        whenReady: @escaping @Sendable (Suite) -> Void
    ) async throws {
        var options = Suite.Options()
        options.logOutput = output
        let registry = registry
        options.metrics = { accept in
            let format = ExpositionFormat(accept: accept)
            return AdminServer.Answer(contentType: format.contentType, registry.exposition(format))
        }
        change(&options)
        do {
            let suite = try await Suite(roles, settings: settings, options: options)
            try await suite.run { whenReady(suite) }
        } catch {
            output.flush()
            throw CommandFailure.exit("\(error)")
        }
    }
}
