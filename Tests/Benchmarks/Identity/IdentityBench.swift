// Measures Identity: see scripts/bench-identity.sh.
//
//     identity-bench [NAME …]     the named ones, or all
import Foundation

/// A measurement that prints its part of the report.
struct Measurement: Sendable {
    let name: String
    let run: @Sendable () async throws -> Void
}

@main
struct IdentityBench {
    /// What there is, in the order of the report.
    static let all = [
        Measurement(name: "logins", run: LogInBench.run),
        Measurement(name: "latency", run: LatencyBench.run),
        Measurement(name: "enumeration", run: EnumerationBench.run),
    ]

    static func main() async throws {
        let names = Set(CommandLine.arguments.dropFirst())
        let unknown = names.subtracting(all.map(\.name))
        guard unknown.isEmpty else {
            print("there is no \(unknown.sorted().joined(separator: ", ")); there are \(all.map(\.name))")
            exit(2)
        }
        for measurement in all where names.isEmpty || names.contains(measurement.name) { try await measurement.run() }
    }
}
