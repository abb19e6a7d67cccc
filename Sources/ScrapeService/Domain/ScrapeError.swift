/// Why Scrape refuses something: one case for each reason of the contract. `RPC/ScrapeError+RPC.swift` says what callers
/// are told.
enum ScrapeError: Error, Hashable {
    /// Nothing of this name is there for the caller, whether it belongs to others or to nobody.
    case resourceUnknown(name: String)
    case etagMismatch
    case fieldImmutable(String)
    case pageTokenInvalid
    /// `problem` is the end of a sentence: "must …".
    case fieldInvalid(field: String, problem: String)
    case selectorInvalid(field: String, problem: String)
    case patternInvalid(field: String, problem: String)
    case urlInvalid(field: String)
    case addressNotAllowed(field: String, host: String)
    case startOutOfScope(field: String)
    case fieldNameTaken(field: String)
    case scraperInUse
    case jobState(String)
    case limitReached(limit: String, maximum: Int)
    case contentNotKept(name: String)
    case contentDamaged(name: String)
    case previewFailed(problem: String, detail: String)
    case busy(retryAfter: Duration)
}
