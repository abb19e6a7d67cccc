import ArgumentParser
import Foundation
import Logging
import ServiceKit

/// What `up` and `serve` share: logs, telemetry, the suite, and its end.
struct SuiteProcess {
    let settings: Settings
    private let output: LogOutput
    private let telemetry: Telemetry

    /// Sets logs and telemetry up for the process.
    ///
    /// - Parameter name: What collectors call it.
    init(_ settings: Settings, name: String) throws {
        self.settings = settings
        output = LogSettings.bootstrap(
            settings,
            provider: LogContext.provider { context in
                guard let trace = context.traceContext else { return [:] }
                return ["trace_id": "\(trace.traceID)", "span_id": "\(trace.spanID)"]
            })
        do {
            telemetry = try TelemetrySettings.bootstrap(settings, serviceName: name, version: Version.current)
        } catch { throw CommandFailure.exit("telemetry cannot be set up: \(error)") }
    }

    /// Runs roles until a signal.
    func run(
        _ roles: [RoleDefinition], _ change: (inout Suite.Options) -> Void = { _ in },
        whenReady: @escaping @Sendable (Suite) -> Void
    ) async throws {
        var options = Suite.Options()
        options.logOutput = output
        options.processServices = [telemetry]
        if let registry = telemetry.registry {
            options.metrics = { accept in
                let format = ExpositionFormat(accept: accept)
                return AdminServer.Answer(contentType: format.contentType, registry.exposition(format))
            }
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
