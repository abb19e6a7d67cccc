import Crypto
import Outbound

/// What asking for a page's robots.txt has come to.
enum RobotsStep: Sendable {
    case known(RobotsAnswer)
    /// Nobody has asked the origin yet: a request of the host's budget has to be spent on it.
    case mustAsk
}

/// Visits pages of one job: asks for them, and reads what comes.
struct PageVisitor: Sendable {
    let rules: CrawlRules
    let plan: ExtractionPlan?
    let fetcher: PageFetcher
    let robots: RobotsKeeper
    let pool: ExtractionPool
    let retries: RetryRules
    let environment: ScrapeEnvironment

    /// Why a page is not to be asked for; nil: it is.
    func refusal(_ page: ClaimedPage, _ url: CrawlURL, _ answer: RobotsAnswer) -> PageResult? {
        let verdict = answer.verdict(on: url)
        var result: PageResult
        switch verdict {
        case .disallowed:
            result = PageResult(page, .robotsDisallowed, answer.file.refusal(of: url.target))
        case .unreachable:
            // A host that cannot be asked at all has a plainer problem than a missing robots.txt.
            let problem = answer.failure?.problem ?? .robotsUnreachable
            let detail = answer.failure?.detail ?? "robots.txt could not be had, which forbids everything"
            result = PageResult(page, problem, detail)
            if problem.isRetryable {
                result = again(result, asked: max(answer.expiresAt - environment.now(), 0))
            }
        default: return nil
        }
        result.robots = verdict
        return result
    }

    /// Asks for a page once.
    func visit(_ page: ClaimedPage, _ url: CrawlURL, robots answer: RobotsAnswer?) async -> PageResult {
        let now = environment.now()
        var result: PageResult
        do throws(FetchFailure) {
            let limit = page.kind == .sitemap ? Sitemap.maximumBytes : rules.limits.pageBytes
            let accept = page.kind == .sitemap ? "application/xml,text/xml;q=0.9,*/*;q=0.1" : PageFetcher.html
            let answer = try await fetcher.fetch(url.text, userAgent: rules.userAgent, bytes: limit, accept: accept)
            result = await read(page, url, answer, fetchedAt: now)
            result.httpStatus = answer.status
            result.duration = answer.duration
            result.contentType = answer.headers["Content-Type"].map { String($0.prefix(200)) }
            result.size = Int64(answer.body.count)
        } catch {
            result = PageResult(page, error.problem, error.detail)
            if error.problem.isRetryable { result = again(result, asked: nil) }
        }
        result.wasAsked = true
        result.fetchedAt = now
        result.robots = answer.map { $0.verdict(on: url) } ?? .notAsked
        return result
    }

    /// Lets a page wait for another attempt, if it may have one.
    private func again(_ result: PageResult, asked: Int64?) -> PageResult {
        var result = result
        let pause = retries.pause(after: result.page.attempts + 1, asked: asked, random: environment.random())
        if let pause { (result.status, result.dueAt) = (.queued, environment.now() + pause) }
        return result
    }

    private func read(
        _ page: ClaimedPage, _ url: CrawlURL, _ answer: FetchedAnswer, fetchedAt: Int64
    ) async -> PageResult {
        var result: PageResult
        switch answer.status {
        case 200, 203:
            let (reader, rules) = (reader, rules)
            do throws(CancellationError) {
                result = try await pool.run { cancellation in
                    var result =
                        page.kind == .sitemap
                        ? reader.readSitemap(page, answer, at: url, cancellation)
                        : reader.read(page, answer, at: url, fetchedAt: fetchedAt, cancellation)
                    if rules.keepsPages, page.kind == .page, result.status == .fetched, !cancellation.wasHeeded {
                        result.evidence = Evidence.compressed(answer.body)
                    }
                    return result
                }
            } catch {
                // The one who asked has gone: the page counts as not visited.
                return PageResult(page, .internal)
            }
            result.hostSignal = .answered
        case 301, 302, 303, 307, 308: result = redirect(page, url, answer)
        case 429, 503:
            let asked = RetryAfter.microseconds(answer.headers["Retry-After"], now: environment.now())
            result = again(PageResult(page, .throttled, "the site answers \(answer.status)"), asked: asked)
            result.hostSignal = .complained(retryAfter: asked)
        case 400..<500:
            result = PageResult(page, .clientError, "the site answers \(answer.status)")
            result.hostSignal = .answered
        case 500..<600:
            result = again(PageResult(page, .serverError, "the site answers \(answer.status)"), asked: nil)
        default: result = PageResult(page, .statusUnexpected, "the site answers \(answer.status)")
        }
        return result
    }

    var reader: AnswerReader {
        AnswerReader(rules: rules, plan: plan, robots: { [robots] in robots.remembered($0) })
    }

    /// Adds the sitemaps of a start page's host: those that robots.txt names, or the usual one.
    func withSitemaps(_ result: PageResult, _ url: CrawlURL, _ answer: RobotsAnswer) -> PageResult {
        guard rules.usesSitemaps, result.page.kind == .page, result.page.number <= rules.starts else { return result }
        var filter = LinkFilter(rules: rules, page: result.page, robots: reader.robots)
        let named = answer.file.sitemaps.isEmpty ? [url.origin + "/sitemap.xml"] : answer.file.sitemaps
        for text in named {
            if let absolute = LinkResolver.resolve(text, base: url.text), let url = CrawlURL(absolute) {
                filter.addSitemap(url)
            }
        }
        var result = result
        result.found += filter.found
        result.notFollowed.add(filter.notFollowed)
        return result
    }

    private func redirect(_ page: ClaimedPage, _ url: CrawlURL, _ answer: FetchedAnswer) -> PageResult {
        guard let location = answer.headers["Location"],
            let text = LinkResolver.resolve(location, base: url.text),
            let target = CrawlURL(text, ignoring: rules.ignored)
        else { return PageResult(page, .urlInvalid, "the redirect's address cannot be read") }
        guard target != url, page.hops < CrawlRules.hops else {
            return PageResult(
                page, .redirectLoop,
                target == url ? "it redirects to itself" : "more than \(CrawlRules.hops) redirects in a row")
        }
        var filter = LinkFilter(rules: rules, page: page, robots: reader.robots)
        filter.isRedirect = true
        filter.budget = MatchBudget(steps: MatchBudget.url)
        if page.kind == .sitemap { filter.addSitemap(target) } else { filter.add(target) }
        guard !filter.found.isEmpty else {
            var result = PageResult(page, .redirectOutOfScope, "it redirects to a page that is not part of the scope")
            result.finalURL = target.text
            return result
        }
        var result = PageResult(page, .redirected, "it redirects to another page")
        result.finalURL = target.text
        result.found = filter.found
        return result
    }
}
