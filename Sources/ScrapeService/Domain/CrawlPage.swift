/// A page in a lane's hand.
struct ClaimedPage: Sendable, Hashable {
    enum Kind: Int, Sendable, Hashable {
        case page = 0
        case sitemap = 1
    }

    let number: Int64
    let url: String
    let host: String
    let kind: Kind
    let depth: Int
    /// Redirects in a row that led here.
    let hops: Int
    /// Attempts before this one.
    let attempts: Int
}

/// 128 bits of a URL's SHA-256: what tells pages of a job apart.
struct PageKey: Sendable, Hashable {
    let high: UInt64
    let low: UInt64

    var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * $0)) }
    }
}

/// A page that was found, to be put in line.
struct FoundPage: Sendable, Hashable {
    let url: CrawlURL
    let key: PageKey
    var kind = ClaimedPage.Kind.page
    let depth: Int
    var hops = 0
    var referrer: Int64?
    /// Why it is left out from the start; nil: it waits.
    var problem: Problem?
    /// The same in words, where there is more to say.
    var detail: String?
    var robots = RobotsVerdict.notAsked
    /// Tells paths with queries apart, of which each may have a bounded number; nil without query.
    var pathKey: PageKey?
}

/// What became of a page in this attempt.
struct PageResult: Sendable {
    /// What a host's answer says of how much it is asked.
    enum HostSignal: Sendable, Hashable {
        case none
        case answered
        case complained(retryAfter: Int64?)
    }

    let page: ClaimedPage
    var status: PageStatus
    /// For a page that waits again: not before.
    var dueAt: Int64 = 0
    /// Whether a request was made for it.
    var wasAsked = false
    var problem: Problem?
    var detail: String?
    var robots = RobotsVerdict.notAsked
    var httpStatus: Int?
    var fetchedAt: Int64?
    /// Microseconds.
    var duration: Int64?
    var contentType: String?
    var charset: String?
    var size: Int64?
    var contentHash: [UInt8]?
    var finalURL: String?
    var canonicalURL: String?
    var truncatedBy: String?
    /// Serialized records, good and bad ones.
    var records: [[UInt8]] = []
    var quarantined: [[UInt8]] = []
    var found: [FoundPage] = []
    /// Links that are not followed, by reason.
    var notFollowed = ProblemCounts()
    /// The content to keep, compressed.
    var evidence: [UInt8]?
    /// Where it lies once it is kept.
    var pack: (name: String, offset: Int, size: Int)?
    var hostSignal = HostSignal.none

    init(_ page: ClaimedPage, _ status: PageStatus, _ problem: Problem? = nil, _ detail: String? = nil) {
        (self.page, self.status, self.problem, self.detail) = (page, status, problem, detail)
    }

    init(_ page: ClaimedPage, _ problem: Problem, _ detail: String? = nil) {
        self.init(page, problem.isLeftOut ? .leftOut : .failed, problem, detail)
    }
}
