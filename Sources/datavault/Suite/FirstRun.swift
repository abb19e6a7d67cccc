import CollectTool
import Foundation
import Outbound
import ServiceKit
import Synchronization
import Wire

/// The main job once, at the first start of a suite, on its own documentation: whoever has started it sees records, a
/// report and a proof without having done anything.
final class FirstRun: Sendable {
    /// The folder below the data folder that has what came of it.
    private static let folderName = "first-run"
    /// Pages at most, and how long it may take.
    private static let maximumPages: Int64 = 1_000
    private static let maximumTime = Duration.seconds(120)
    /// Roles that have to be there.
    private static let roles: Set<String> = ["gateway", "compliance", "scrape", "pipeline"]

    private let data: String
    private let settings: Settings
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// Prepares it; nil where a suite has been in this folder before.
    ///
    /// - Parameter folder: The data folder, before keys are made in it.
    init?(folder: String, settings: Settings) {
        guard !FileManager.default.fileExists(atPath: "\(folder)/keys") else { return nil }
        (data, self.settings) = (folder, settings)
    }

    private var folder: String { "\(data)/\(Self.folderName)" }

    /// Begins in the background.
    ///
    /// - Returns: What to say of it; nil where it cannot be: without all roles, without the first admin's key, or with a
    ///   gateway that is not called at a TCP port in cleartext.
    func begin(_ suite: Suite) -> String? {
        guard Self.roles.isSubset(of: suite.roles.map(\.definition.name)),
            let gateway = suite.roles.first(where: { $0.definition.name == "gateway" }),
            case .tcp = gateway.address, let base = GatewayAddress.base(of: gateway, settings), base.hasPrefix("http:"),
            let host = URL(string: base)?.host()?.trimmingCharacters(in: ["[", "]"]), let address = IPAddress(host),
            FileManager.default.fileExists(atPath: "\(data)/first-admin.json")
        else { return nil }
        let network = "\(address)/\(address.isIPv6 ? 128 : 32)"
        task.withLock { task in
            task = Task { await self.run(base: base, network: network) }
        }
        return "collecting \(base)/docs/ into \(folder), once"
    }

    /// Ends it; the suite ends.
    func end() { task.withLock { $0?.cancel() } }

    private func run(base: String, network: String) async {
        let limit = Task {
            try await Task.sleep(for: Self.maximumTime)
            end()
        }
        defer { limit.cancel() }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let report = try await collect(base: base, network: network)
            StandardOutput.write(Self.lines(report))
        } catch {
            // The suite itself is well, and is not disturbed by what came of its first job.
            guard !Task.isCancelled else { return }
            StandardOutput.write(["", "The first run did not succeed: \(error)"])
        }
    }

    private func collect(base: String, network: String) async throws -> CollectReport {
        let permit = AddressPermit(folder: data, networks: [network])
        try permit.grant()
        defer { permit.revoke() }
        let signer = try CollectAccess.signer("\(data)/first-admin.json")
        let gateway = try CollectAccess.gateway(base: base, authorities: nil, signer: signer)
        var plan = CollectPlan(
            url: "\(base)/docs/",
            fields: [
                try FieldSpecification("title!=h1"), try FieldSpecification("section=.breadcrumb li:last-child"),
            ], output: "\(folder)/records.csv")
        (plan.name, plan.limit, plan.delay) = ("first run", Self.maximumPages, 0)
        (plan.report, plan.proof) = ("\(folder)/report.json", "\(folder)/proof.ndjson")
        let display = ProgressDisplay(isTerminal: false) { _ in }
        let run = CollectRun(plan, gateway: gateway, verifier: ExportLogVerifier(), display: display)
        let report = try await run.run()
        await gateway.close()
        return report
    }

    private static func lines(_ report: CollectReport) -> [String] {
        var lines = [
            "", "The first run is done: \(report.rows) records of \(report.pages) pages of this suite's documentation.",
            "  records   \(report.output)", "  report    \(report.reportFile)",
        ]
        if case .open(let reason) = report.proof {
            lines.append("  proof     none: \(reason)")
        } else {
            lines.append("  proof     \(report.proofFile): the log of it is whole")
        }
        return lines
    }
}
