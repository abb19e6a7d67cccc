/// How many bytes may be compared with patterns of robots.txt: files and paths come from sites, and their product with the
/// links of a page would hold a thread for minutes.
struct MatchBudget: Sendable, Hashable {
    /// For all links of one page: some tens of milliseconds.
    static let page = 20_000_000
    /// For those of a sitemap, which may be fifty thousand.
    static let sitemap = 100_000_000
    /// For one URL that is about to be asked for.
    static let url = 2_000_000

    private(set) var steps: Int

    init(steps: Int) { self.steps = steps }

    var isUsedUp: Bool { steps <= 0 }

    mutating func spend(_ count: Int) { steps -= count }
}
