extension AnswerReader {
    /// Reads a sitemap's answer.
    func readSitemap(
        _ page: ClaimedPage, _ answer: FetchedAnswer, at url: CrawlURL,
        _ cancellation: WorkCancellation = WorkCancellation()
    ) -> PageResult {
        var result = PageResult(page, .fetched)
        let sitemap = Sitemap(answer.body)
        var filter = LinkFilter(rules: rules, page: page, robots: robots)
        filter.budget = MatchBudget(steps: MatchBudget.sitemap)
        for (number, text) in sitemap.pages.enumerated() {
            if number % Self.linksALook == 0, cancellation.isHeeded() { return result }
            if let absolute = LinkResolver.absolute(text), let url = CrawlURL(absolute, ignoring: rules.ignored) {
                filter.add(url)
            } else {
                filter.notFollowed.add(.urlInvalid)
            }
        }
        if page.hops < Sitemap.maximumDepth {
            for text in sitemap.sitemaps.prefix(1_000) {
                if let absolute = LinkResolver.absolute(text), let url = CrawlURL(absolute) { filter.addSitemap(url) }
            }
        } else {
            filter.notFollowed.add(.tooDeep, Int64(sitemap.sitemaps.count))
        }
        result.found = filter.found
        result.notFollowed = filter.notFollowed
        return result
    }
}
