import Jobs
import Persistence
import Policy
import PolicyModel
import ScrapeContract
import ServiceKit
import SwiftProtobuf
import Wire

extension SystemReason {
    static let startCrawls = SystemReason("start, resume and step crawls, whose budget of hosts all share")
}

/// The calls about jobs.
struct ScrapeJobsHandler: Datavault_Scrape_V1_ScrapeJobsService.Handler {
    let core: ScrapeCore
    let queue: JobQueue
    let watch: JobWatch

    func serverWillDrain() { watch.drain() }

    func createScrapeJob(
        _ request: Datavault_Scrape_V1_CreateScrapeJobRequest, context: ServerContext
    ) async throws -> JobMessage {
        let (core, queue, rights) = (core, queue, try CallRights.current())
        let organization = rights.organization.rawValue
        let name = request.scrapeJob.scraper
        let scraperID = try ResourceName.scrapers.identifier(in: name)
        let row = try await core.store.scoped(rights.organization).read { tx in
            try ScraperStore.scraper(scraperID, in: tx)
        }
        guard let row else { throw ScrapeError.resourceUnknown(name: name) }
        let scraper = try row.message()
        // Compiled again: what the operator allows may have changed since it was saved.
        let plan = try core.plans.compiled(scraper, field: "scrape_job.plan")
        let now = core.environment.now()
        let lanes = Int64(core.plans.terms.lanes)
        let new = JobRow(
            organization: organization, id: core.environment.identifier(), scraper: scraperID,
            plan: try scraper.serializedBytes(), initiator: rights.subject, lanes: (1 << lanes) - 1, now: now)
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID, across: .startCrawls) { tx in
            let most = core.limits.activeJobs
            guard try JobStore.activeCount(of: organization, scraper: nil, upTo: most, in: tx) < most else {
                throw ScrapeError.limitReached(limit: "jobs under way", maximum: most)
            }
            var job = new
            let found = CrawlStart.pages(of: plan)
            try JobStore.insert(job, in: tx)
            var hosts: [String: (queued: Int64, pages: Int64)] = [:]
            try CrawlFrontier.add(
                found, to: &job, limits: CrawlFrontier.Limits(plan.rules), counting: &hosts, in: tx)
            try FrontierStore.count(hosts, organization: organization, job: job.id, in: tx)
            try JobStore.update(job, in: tx)
            for lane in 0..<lanes {
                try queue.enqueue(
                    .crawlStep, CrawlStepPayload(organization: organization, job: job.id, lane: lane),
                    by: job.initiator,
                    in: tx)
            }
            let message = try job.message(fetching: 0)
            try core.audit.record(intent, resource: message.name, after: message.told, in: tx)
            return message
        }
    }

    func getScrapeJob(
        _ request: Datavault_Scrape_V1_GetScrapeJobRequest, context: ServerContext
    ) async throws -> JobMessage {
        try await watch.job(request.name, of: try CallRights.current().organization)
    }

    func listScrapeJobs(
        _ request: Datavault_Scrape_V1_ListScrapeJobsRequest, context: ServerContext
    ) async throws -> Datavault_Scrape_V1_ListScrapeJobsResponse {
        let organization = try CallRights.current().organization
        let scraper = request.scraper.isEmpty ? nil : try ResourceName.scrapers.identifier(in: request.scraper)
        let state = JobRow.State(request.state)
        let binding = ["scrape-jobs", organization.rawValue, scraper ?? "", state?.rawValue ?? ""]
        let place = try PageToken.place(request.pageToken, for: binding)
        let count = PageSize.entries(request.pageSize)
        let rows = try await core.store.scoped(organization).read { tx in
            try JobStore.jobs(
                of: organization.rawValue, scraper: scraper, state: state, before: place, count: count + 1, in: tx
            ).map { row in
                (row, try JobWatch.fetching(row, in: tx))
            }
        }
        let messages = try rows.prefix(count).map { row, fetching in try row.message(fetching: fetching) }
        return .with {
            $0.scrapeJobs = messages
            guard rows.count > count, let (last, _) = rows.prefix(count).last else { return }
            $0.nextPageToken = PageToken.text(ListPlace(time: last.createdAt, id: last.id), for: binding)
        }
    }

    func watchScrapeJob(
        _ request: Datavault_Scrape_V1_WatchScrapeJobRequest, responses: ResponseWriter<JobMessage>,
        context: ServerContext
    ) async throws {
        let organization = try CallRights.current().organization
        try await watch.stream(request.name, of: organization) { try await responses.write($0) }
    }

    // MARK: Changes of state

    func pauseScrapeJob(
        _ request: Datavault_Scrape_V1_PauseScrapeJobRequest, context: ServerContext
    ) async throws -> JobMessage {
        let now = core.environment.now()
        return try await change(request.name, request, id: request.requestID) { job in
            guard job.state == .queued || job.state == .running else { throw ScrapeError.jobState(job.state.rawValue) }
            (job.state, job.pausedAt) = (.paused, now)
        }
    }

    func resumeScrapeJob(
        _ request: Datavault_Scrape_V1_ResumeScrapeJobRequest, context: ServerContext
    ) async throws -> JobMessage {
        let (now, lanes) = (core.environment.now(), core.plans.terms.lanes)
        return try await change(request.name, request, id: request.requestID, lanes: lanes) { job in
            guard job.state == .paused else { throw ScrapeError.jobState(job.state.rawValue) }
            if job.startedAt != nil { job.rested += now - (job.pausedAt ?? now) }
            (job.state, job.pausedAt) = (job.startedAt == nil ? .queued : .running, nil)
        }
    }

    func cancelScrapeJob(
        _ request: Datavault_Scrape_V1_CancelScrapeJobRequest, context: ServerContext
    ) async throws -> JobMessage {
        let now = core.environment.now()
        return try await change(request.name, request, id: request.requestID) { job in
            guard !job.state.hasEnded else { throw ScrapeError.jobState(job.state.rawValue) }
            job.end(.cancelled, .cancelled, now: now)
        }
    }

    func deleteScrapeJob(
        _ request: Datavault_Scrape_V1_DeleteScrapeJobRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        let (core, organization) = (core, try CallRights.current().organization.rawValue)
        let id = try ResourceName.jobs.identifier(in: request.name)
        let (intent, now) = (CallScope.current?.audit, core.environment.now())
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let job = try JobStore.lock(id, of: organization, in: tx) else {
                throw ScrapeError.resourceUnknown(name: request.name)
            }
            guard job.state.hasEnded else { throw ScrapeError.jobState(job.state.rawValue) }
            try JobStore.delete(id, of: organization, in: tx)
            // What it holds may be millions of rows: they go some at a time, and nobody waits for that.
            try SweepStore.put(id, of: organization, since: now, isRemoval: true, in: tx)
            try core.audit.record(
                intent, resource: request.name, before: try job.message(fetching: 0).told, in: tx)
            return Google_Protobuf_Empty()
        }
    }

    /// - Parameter lanes: How many the job is to have from now on; 0: those that it has end by themselves.
    private func change(
        _ name: String, _ request: some Message & Sendable, id requestID: String, lanes: Int = 0,
        _ body: @escaping @Sendable (inout JobRow) throws -> Void
    ) async throws -> JobMessage {
        let (core, queue) = (core, queue)
        let organization = try CallRights.current().organization.rawValue
        let id = try ResourceName.jobs.identifier(in: name)
        let (intent, now) = (CallScope.current?.audit, core.environment.now())
        let change: @Sendable (borrowing Transaction) throws -> JobMessage = { tx in
            guard var job = try JobStore.lock(id, of: organization, in: tx) else {
                throw ScrapeError.resourceUnknown(name: name)
            }
            let (before, hadEnded) = (try job.message(fetching: 0), job.state.hasEnded)
            try body(&job)
            job.updatedAt = now
            if job.state.hasEnded, !hadEnded { try SweepStore.put(id, of: organization, since: now, in: tx) }
            // A lane that has not noticed yet that the job rested goes on.
            for lane in 0..<Int64(lanes) where job.lanes & (1 << lane) == 0 {
                job.lanes |= 1 << lane
                try queue.enqueue(
                    .crawlStep, CrawlStepPayload(organization: organization, job: id, lane: lane), by: job.initiator,
                    in: tx)
            }
            try JobStore.update(job, in: tx)
            let after = try job.message(fetching: 0)
            try core.audit.record(
                intent, resource: name, before: before.told, after: after.told, in: tx)
            return after
        }
        // The row's lock is all that it needs. Lanes take that ever again: a snapshot from before would be out of date
        // each time that it comes to be this one's turn.
        guard !requestID.isEmpty else {
            return try await core.store.system(.startCrawls).write(.readCommitted, change)
        }
        return try await core.replay.write(request, id: requestID, across: .startCrawls, change)
    }
}

extension JobMessage {
    /// What the audit log has of it: the scraper as it was has an entry of its own.
    var told: String {
        var message = self
        message.clearPlan()
        return MaskedText.of(message)
    }
}

/// What a job begins with.
enum CrawlStart {
    static func pages(of plan: CrawlPlan) -> [FoundPage] {
        plan.starts.map { FoundPage(url: $0, key: PageKey(of: $0.text), depth: 0) }
    }
}
