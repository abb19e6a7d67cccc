import Foundation
import Outbound

/// Does the main job: a site becomes records, records a dataset, the dataset a file, and the log of it a proof.
public struct CollectRun {
    private let plan: CollectPlan
    private let gateway: GatewayClient
    private let verifier: any LogVerifier
    private let display: ProgressDisplay

    /// Puts the job together.
    public init(
        _ plan: CollectPlan, gateway: GatewayClient, verifier: any LogVerifier, display: ProgressDisplay
    ) {
        (self.plan, self.gateway, self.verifier, self.display) = (plan, gateway, verifier, display)
    }

    /// What has been begun, and has to be ended if the work is.
    private final class Begun {
        var job: String?
        var run: String?
    }

    /// Does it. Cancelling the task cancels what was begun in the suite.
    ///
    /// - Throws: `CollectFailure`.
    public func run() async throws(CollectFailure) -> CollectReport {
        let begun = Begun()
        let start = ContinuousClock.now
        do {
            var report = CollectReport(url: plan.url)
            try await collect(&report, begun)
            (report.duration, report.reportFile) = (.now - start, plan.report)
            try PendingFile.write(report.json.bytes(isPretty: true) + [0x0A], to: plan.report)
            return report
        } catch {
            display.close()
            if Task.isCancelled {
                await cancel(begun)
                throw CollectFailure(.cancelled, "cancelled; what was collected stays in the suite")
            }
            throw Explanation(plan).failure(error)
        }
    }

    // MARK: Steps

    private func collect(_ report: inout CollectReport, _ begun: Begun) async throws {
        // First the places of the files: nobody wants to hear after an hour that there is no such folder.
        for path in [plan.output, plan.report, plan.proof] { try PendingFile(path).discard() }
        let evidence = try await AuditEvidence(gateway, verifier)

        report.scraper = try await gateway.call(.post, "/api/v1/scrapers", body: plan.scraper)["name"].text
        let job = try await gateway.call(.post, "/api/v1/scrape-jobs", body: ["scraper": .text(report.scraper)])
        report.job = job["name"].text
        begun.job = report.job
        display.step("collecting \(plan.url) (\(report.job))")
        let progress = try await watchJob(report.job)
        begun.job = nil
        (report.pages, report.bytes, report.endReason) = (progress.fetched, progress.bytes, progress.endReason)
        let leftOut = LeftOut(gateway: gateway)
        report.pagesLeftOut = try await leftOut.pages(progress, job: report.job)
        report.linksNotFollowed = LeftOut.sorted(progress.boundaries)
        report.recordsSetAside = progress.quarantined > 0 ? try await leftOut.records(job: report.job) : []
        try Explanation(plan).check(progress, report)

        let pipeline = try await gateway.call(.post, "/api/v1/pipelines", body: plan.pipeline(job: report.job))
        report.pipeline = pipeline["name"].text
        let run = try await gateway.call(.post, "/api/v1/\(report.pipeline)/runs", body: .object([:]))
        report.run = run["name"].text
        begun.run = report.run
        display.step("cleaning the records (\(report.run))")
        let ended = try await watchRun(report.run)
        begun.run = nil
        report.dataset = ended["dataset"].text
        report.rows = ended["writtenRowCount"].count
        report.rowsSetAside = ended["quarantinedRowCount"].count > 0 ? try await leftOut.rows(run: report.run) : []
        try Explanation(plan).check(run: ended)

        report.output = plan.output
        report.outputBytes = try await export(report.dataset)
        display.step("proving the log")
        report.proofFile = plan.proof
        await prove(&report, evidence)
    }

    private func watchJob(_ job: String) async throws -> JobProgress {
        var progress = JobProgress()
        try await gateway.watch("/api/v1/\(job):watch") { event in
            progress = JobProgress(event)
            display.update(progress.line, isLast: progress.hasEnded)
            return progress.hasEnded
        }
        return progress
    }

    private func watchRun(_ run: String) async throws -> JSONValue {
        var last = JSONValue.null
        try await gateway.watch("/api/v1/\(run):watch") { event in
            last = event
            let state = Problems.bare(event["state"].text, "RUN_STATE_")
            let hasEnded = ["SUCCEEDED", "FAILED", "CANCELLED"].contains(state)
            let (read, written) = (event["readRowCount"].count, event["writtenRowCount"].count)
            display.update("\(Amount.text(read)) read, \(Amount.text(written)) written", isLast: hasEnded)
            return hasEnded
        }
        return last
    }

    private func export(_ dataset: String) async throws -> Int64 {
        let query = [("format", plan.format.contractName)] + plan.exportedColumns.map { ("columns", $0) }
        return try await gateway.download("/api/v1/\(dataset):export", query: query, to: plan.output)
    }

    /// The records are there whatever comes of this; the report says what did.
    private func prove(_ report: inout CollectReport, _ evidence: AuditEvidence) async {
        report.earlierCheckpoint = evidence.earlier
        do {
            let expected = [
                VerifiedLog.Entry("scraper.create", report.scraper),
                VerifiedLog.Entry("scrape_job.create", report.job),
                VerifiedLog.Entry("pipeline.create", report.pipeline), VerifiedLog.Entry("run.start", report.run),
                VerifiedLog.Entry("dataset.export", report.dataset),
            ]
            let (log, keys) = try await evidence.prove(expected, to: plan.proof)
            report.logKeys = keys
            report.proof = .holds(
                entries: Int64(log.entries.count), logSize: log.size, keys: log.keyIDs.joined(separator: ", "))
        } catch {
            report.proof = .open(Explanation(plan).failure(error).message)
        }
    }

    /// Ends what was begun: in a task of its own, as this one is cancelled.
    private func cancel(_ begun: Begun) async {
        let (job, run, gateway) = (begun.job, begun.run, gateway)
        await Task {
            for name in [job, run] {
                guard let name else { continue }
                _ = try? await gateway.call(.post, "/api/v1/\(name):cancel", body: .object([:]), attempts: 2)
            }
        }.value
    }
}
