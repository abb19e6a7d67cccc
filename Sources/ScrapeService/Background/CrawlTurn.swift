import Persistence
import PolicyModel
import ScrapeContract
import ServiceKit

/// One transaction of a lane: what became of its pages is written down, with what they gave and found, and it is given
/// new pages and the times to ask for them. All of it stands, or none.
struct CrawlTurn: Sendable {
    /// A lane's place, and what bounds it.
    struct Lane: Sendable {
        let organization: String
        let job: String
        let number: Int64
        /// Lanes of the job.
        let count: Int
        let rules: CrawlRules

        /// Whose slots at a host they are.
        var holder: String { "\(job)/\(number)" }
    }

    let lane: Lane
    var results: [PageResult] = []
    /// Pages that stay in the lane's hand.
    var kept: [ClaimedPage] = []
    /// Hosts at which the lane has slots.
    var held: [String: Held] = [:]
    /// Pages that it would take; 0: none, as its time is over.
    var wanted = 0
    /// Behind which no request begins.
    var until: Int64 = 0
    /// How long after now the first one may begin, in microseconds.
    var lead: Int64 = 0
    let now: Int64
    /// Where the job's end is told; nil: nowhere.
    var audit: AuditOutbox?

    /// What a lane has in hand at a host.
    struct Held: Sendable {
        var pages = 0
        /// Of those, how many have no time yet to be asked for at.
        var missingTimes = 0
    }

    /// What a lane has been given.
    struct Grant: Sendable {
        var pages: [ClaimedPage] = []
        /// When requests may begin.
        var times: [RequestTime] = []
        /// Requests at once; nil: as before.
        var slots: Int?
    }

    struct Outcome: Sendable {
        /// The job as it is now; nil: there is none.
        var job: JobRow?
        var grants: [String: Grant] = [:]
        /// Hosts at which others have their turn: what has not been begun there goes back.
        var yielded: Set<String> = []
        /// When there may be something to do, if nothing is in hand.
        var nextAt: Int64?
    }

    func run(in tx: borrowing Transaction) throws -> Outcome {
        guard var job = try JobStore.lock(lane.job, of: lane.organization, in: tx) else { return Outcome() }
        var outcome = Outcome()
        if !job.state.hasEnded {
            if job.state == .queued { (job.state, job.startedAt) = (.running, now) }
            try write(results, of: &job, in: tx)
            endIfOver(&job)
            if job.state.hasEnded {
                try SweepStore.put(lane.job, of: lane.organization, since: now, in: tx)
                try tellEnd(of: job, in: tx)
            }
        }
        if job.state == .running, wanted > 0 {
            try claim(&outcome, of: job, in: tx)
        } else {
            try setLane(kept.map(\.number), at: Set(kept.map(\.host)), in: tx)
        }
        job.updatedAt = now
        try JobStore.update(job, in: tx)
        outcome.job = job
        return outcome
    }

    /// What came of a job belongs into the log as well as that somebody wanted it.
    private func tellEnd(of job: JobRow, in tx: borrowing Transaction) throws {
        guard let audit else { return }
        let message = try job.message(fetching: 0)
        try audit.record(
            "scrape_job.end", by: .scrape, of: OrganizationID(lane.organization), resource: message.name,
            after: message.told, in: tx)
    }

    private func endIfOver(_ job: inout JobRow) {
        guard job.state == .running else { return }
        let limits = lane.rules.limits
        if job.queued == 0 {
            let isNothing = job.fetched == 0
            job.end(isNothing ? .failed : .succeeded, isNothing ? .nothing : .complete, now: now)
        } else if job.fetched >= limits.pages {
            job.end(.succeeded, .pages, now: now)
        } else if job.bytes >= limits.bytes {
            job.end(.succeeded, .bytes, now: now)
        } else if job.worked(now: now) >= limits.duration {
            job.end(.succeeded, .duration, now: now)
        }
    }

    // MARK: Results

    private func write(_ results: [PageResult], of job: inout JobRow, in tx: borrowing Transaction) throws {
        if results.isEmpty { return }
        let (organization, id) = (lane.organization, lane.job)
        var known =
            lane.rules.keepsDuplicates
            ? []
            : try FrontierStore.known(
                contents: results.compactMap { $0.status == .fetched ? $0.contentHash : nil },
                organization: organization, job: id, in: tx)
        var records: [(page: Int64, payload: [UInt8])] = []
        var quarantined: [(page: Int64, payload: [UInt8])] = []
        var found: [FoundPage] = []
        var hosts: [String: (queued: Int64, pages: Int64)] = [:]
        for var result in results {
            if result.status == .fetched, !lane.rules.keepsDuplicates, let hash = result.contentHash,
                !known.insert(hash).inserted
            {
                result = result.asDuplicate
            }
            guard try FrontierStore.finish(result, organization: organization, job: id, in: tx) else { continue }
            job.count(result)
            if result.status != .queued { hosts[result.page.host, default: (0, 0)].queued -= 1 }
            records += result.records.map { (result.page.number, $0) }
            quarantined += result.quarantined.map { (result.page.number, $0) }
            found += result.found
        }
        try RecordStore.insertRecords(records, from: job.nextRecord, organization: organization, job: id, in: tx)
        try RecordStore.insertQuarantined(
            quarantined, from: job.nextQuarantined, organization: organization, job: id, in: tx)
        job.nextRecord += Int64(records.count)
        job.nextQuarantined += Int64(quarantined.count)
        let limits = CrawlFrontier.Limits(lane.rules)
        try CrawlFrontier.add(found, to: &job, limits: limits, counting: &hosts, in: tx)
        try FrontierStore.count(hosts, organization: organization, job: id, in: tx)
        try heed(results, in: tx)
    }

    /// Notes what hosts' answers say of how much they are asked.
    private func heed(_ results: [PageResult], in tx: borrowing Transaction) throws {
        for (host, results) in Dictionary(grouping: results, by: \.page.host).sorted(by: { $0.key < $1.key }) {
            var budget = try HostStore.lock(host, in: tx)
            let before = budget
            var hasComplained = false
            for result in results {
                if case .complained(let retryAfter) = result.hostSignal {
                    // One complaint a turn: what was under way at the same time says the same.
                    if hasComplained {
                        budget.nextAt = max(budget.nextAt, now + min(retryAfter ?? 0, 300_000_000))
                    } else {
                        budget.complain(retryAfter: retryAfter, now: now)
                    }
                    hasComplained = true
                }
            }
            if !hasComplained, results.contains(where: { $0.hostSignal == .answered }) { budget.recover() }
            if budget != before { try HostStore.set(budget, of: host, in: tx) }
        }
    }

    // MARK: Claims

    /// Writes the lane's hand down, and keeps its slots at the hosts of what is in it only.
    private func setLane(
        _ pages: [Int64], at hosts: Set<String>, in tx: borrowing Transaction
    ) throws {
        try FrontierStore.setLane(lane.number, pages, organization: lane.organization, job: lane.job, in: tx)
        try HostStore.release(by: lane.holder, besides: hosts, in: tx)
    }

    private func claim(_ outcome: inout Outcome, of job: JobRow, in tx: borrowing Transaction) throws {
        var hands = try FrontierStore.lanes(organization: lane.organization, job: lane.job, in: tx)
        hands[lane.number] = kept.map(\.number)
        var taken = Set(hands.values.joined())
        // Pages in hand may all be fetched: together they do not go beyond the limit.
        var room = min(Int64(wanted), lane.rules.limits.pages - job.fetched - Int64(taken.count))
        var mine = kept.map(\.number)
        let hosts = try FrontierStore.openHosts(
            organization: lane.organization, job: lane.job, count: lane.rules.hostsATurn, in: tx)
        for host in hosts {
            guard let grant = try grant(host, room: room, taken: taken, &outcome, in: tx) else { continue }
            outcome.grants[host] = grant
            room -= Int64(grant.pages.count)
            taken.formUnion(grant.pages.map(\.number))
            mine += grant.pages.map(\.number)
        }
        let hostsInHand = Set(held.filter { $0.value.pages > 0 }.keys).union(outcome.grants.keys)
        try setLane(mine, at: hostsInHand, in: tx)
    }

    private func grant(
        _ host: String, room: Int64, taken: Set<Int64>, _ outcome: inout Outcome, in tx: borrowing Transaction
    ) throws -> Grant? {
        let (organization, rules) = (lane.organization, lane.rules)
        let politeness = rules.politeness(at: host)
        var budget = try HostStore.lock(host, in: tx)
        let before = budget
        let others = try HostStore.slots(at: host, besides: lane.holder, now: now, in: tx)
        // A host that complains is asked one thing at a time.
        let most = budget.penalty > 0 ? 1 : politeness.concurrency
        let slots = min(most - others, (most + lane.count - 1) / lane.count)
        let isOthers = try HostStore.isOthersTurn(at: host, asker: organization, now: now, in: tx)
        guard slots > 0, !isOthers else {
            try HostStore.setTurn(
                at: host, asker: organization, now: now, waitsUntil: now + CrawlRules.turnPatience, in: tx)
            outcome.soon(now + CrawlRules.retryPause)
            if isOthers { outcome.yielded.insert(host) }
            return nil
        }
        var pages: [ClaimedPage] = []
        if room > 0 {
            // Those in hand stand first in line still.
            let line = try FrontierStore.waiting(
                at: host, organization: organization, job: lane.job, now: now,
                count: taken.count + Int(min(room, Int64(rules.pagesATurn))), in: tx)
            pages = Array(line.lazy.filter { !taken.contains($0.number) }.prefix(Int(room)))
        }
        let missing = held[host]?.missingTimes ?? 0
        let wantedTimes = pages.count + missing
        guard wantedTimes > 0 else {
            if let due = try FrontierStore.nextDue(at: host, organization: organization, job: lane.job, in: tx) {
                outcome.soon(max(due, now + CrawlRules.retryPause))
            }
            return nil
        }
        let times = budget.take(wantedTimes, delay: politeness.delay, now: now + lead, until: until).map {
            RequestTime(at: $0, delay: budget.delay(wishing: politeness.delay), givenAt: now)
        }
        if budget != before { try HostStore.set(budget, of: host, in: tx) }
        outcome.soon(budget.nextAt)
        // Pages without a time would only wait in the wrong hand; one may have to be looked at without being asked for.
        pages = Array(pages.prefix(max(times.count - missing, 0)))
        guard !times.isEmpty else { return nil }
        try HostStore.hold(slots, at: host, by: lane.holder, until: now + CrawlRules.holding, in: tx)
        try HostStore.setTurn(at: host, asker: organization, now: now, waitsUntil: nil, in: tx)
        return Grant(pages: pages, times: times, slots: slots)
    }
}

extension CrawlTurn.Outcome {
    mutating func soon(_ time: Int64) { nextAt = min(nextAt ?? .max, time) }
}

extension PageResult {
    /// The same, of a page that has been found to be another one's copy: what it gives counts for nothing.
    var asDuplicate: PageResult {
        var copy = self
        (copy.status, copy.problem) = (.leftOut, .duplicate)
        (copy.records, copy.quarantined, copy.found) = ([], [], [])
        copy.notFollowed = ProblemCounts()
        copy.detail = "another page of the job has the same content"
        return copy
    }
}

extension JobRow {
    /// Counts what became of a page.
    mutating func count(_ result: PageResult) {
        switch result.status {
        case .queued:
            if result.wasAsked || result.problem != nil { retries += 1 }
            return
        case .fetched:
            // A sitemap is no page of the site's.
            if result.page.kind == .page {
                fetched += 1
                if !result.records.isEmpty { extracted += 1 }
            }
        case .failed: failed += 1
        case .leftOut: leftOut += 1
        }
        queued -= 1
        bytes += result.size ?? 0
        if let problem = result.problem { problems.add(problem) }
        problems.add(result.notFollowed)
    }
}
