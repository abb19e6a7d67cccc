import Persistence

/// Puts pages in line, within the bounds of a job.
enum CrawlFrontier {
    struct Limits: Sendable {
        let pagesPerHost: Int64
        let pagesPerPath: Int64
        let pages: Int64

        init(_ rules: CrawlRules) {
            (pagesPerHost, pagesPerPath, pages) = (rules.pagesPerHost, rules.pagesPerPath, rules.knownPages)
        }
    }

    /// - Parameters:
    ///   - found: Some may be known already, or stand there twice.
    ///   - hosts: Counts what is new; to be written by the caller.
    static func add(
        _ found: [FoundPage], to job: inout JobRow, limits: Limits,
        counting hosts: inout [String: (queued: Int64, pages: Int64)], in tx: borrowing Transaction
    ) throws {
        if found.isEmpty { return }
        let (organization, id) = (job.organization, job.id)
        var seen: Set<PageKey> = []
        var wanted = found.filter { seen.insert($0.key).inserted }
        wanted = try withinLimits(wanted, &job, limits, in: tx)
        let inserted = try FrontierStore.insert(
            wanted, numberedFrom: job.nextPage, organization: organization, job: id, in: tx)
        var paths: [PageKey: Int64] = [:]
        for (index, page) in wanted.enumerated() where inserted.contains(job.nextPage + Int64(index)) {
            hosts[page.url.host, default: (0, 0)].pages += 1
            if let problem = page.problem {
                job.leftOut += 1
                job.problems.add(problem)
            } else {
                job.queued += 1
                hosts[page.url.host, default: (0, 0)].queued += 1
            }
            if let path = page.pathKey { paths[path, default: 0] += 1 }
        }
        job.nextPage += Int64(wanted.count)
        try FrontierStore.countPaths(paths, organization: organization, job: id, in: tx)
    }

    /// Leaves out what would be too much. What is known already may be counted as too much, too: telling would cost a
    /// look for each.
    private static func withinLimits(
        _ pages: [FoundPage], _ job: inout JobRow, _ limits: Limits, in tx: borrowing Transaction
    ) throws -> [FoundPage] {
        let (organization, id) = (job.organization, job.id)
        var hosts = Dictionary(
            try FrontierStore.hosts(
                named: Set(pages.map(\.url.host)), organization: organization, job: id, in: tx
            ).map { ($0.host, $0.pages) }, uniquingKeysWith: { $1 })
        var paths = try FrontierStore.pathCounts(
            Set(pages.compactMap(\.pathKey)), organization: organization, job: id, in: tx)
        var total = job.nextPage
        return pages.filter { page in
            let inPath = page.pathKey.map { paths[$0.bytes, default: 0] } ?? 0
            guard total <= limits.pages, hosts[page.url.host, default: 0] < limits.pagesPerHost,
                inPath < limits.pagesPerPath
            else {
                job.problems.add(.tooManyPages)
                return false
            }
            total += 1
            hosts[page.url.host, default: 0] += 1
            if let path = page.pathKey { paths[path.bytes, default: 0] += 1 }
            return true
        }
    }
}
