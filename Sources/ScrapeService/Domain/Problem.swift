/// Why a page failed, was left out, or was never put in line; the raw value is the contract's `PageProblem`, and what
/// tables keep.
enum Problem: Int, Sendable, Hashable, CaseIterable {
    case urlInvalid = 1
    case addressNotAllowed = 2
    case nameUnresolved = 3
    case connectionFailed = 4
    case tlsFailed = 5
    case timeout = 6
    case tooLarge = 7
    case protocolBroken = 8
    case encodingBroken = 9
    case redirectLoop = 10
    case clientError = 11
    case serverError = 12
    case throttled = 13
    case statusUnexpected = 14
    case tooComplex = 15
    case `internal` = 16

    case robotsDisallowed = 30
    case robotsUnreachable = 31
    case noIndex = 32
    case redirectOutOfScope = 33
    case contentType = 34
    case duplicate = 35
    case notCanonical = 36
    case redirected = 37
    case jobEnded = 38

    case outOfScope = 60
    case pathExcluded = 61
    case tooDeep = 62
    case trap = 63
    case tooManyPages = 64
    case noFollow = 65

    /// Whether the page is left out rather than failed.
    var isLeftOut: Bool { (30..<60).contains(rawValue) }

    /// Whether another attempt may end otherwise.
    var isRetryable: Bool {
        switch self {
        case .nameUnresolved, .connectionFailed, .timeout, .serverError, .throttled, .robotsUnreachable,
            .protocolBroken:
            true
        default: false
        }
    }
}

/// What became of a page; the raw value is what tables keep.
enum PageStatus: Int, Sendable, Hashable {
    case queued = 0
    case fetched = 2
    case failed = 3
    case leftOut = 4
}

/// What robots.txt said of a page; the raw value is the contract's `RobotsDecision`.
enum RobotsVerdict: Int, Sendable, Hashable {
    case notAsked = 0
    case allowed = 1
    case disallowed = 2
    case absent = 3
    case unreachable = 4
}

/// How often what was in the way.
struct ProblemCounts: Sendable, Hashable {
    private(set) var counts: [Problem: Int64] = [:]

    init() {}

    /// Reads what `text` has written: `31=2 60=17`.
    init(_ text: String) {
        for part in text.split(separator: " ") {
            let sides = part.split(separator: "=")
            guard sides.count == 2, let raw = Int(sides[0]), let problem = Problem(rawValue: raw),
                let count = Int64(sides[1])
            else { continue }
            counts[problem] = count
        }
    }

    var text: String {
        counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue)=\($0.value)" }
            .joined(separator: " ")
    }

    mutating func add(_ problem: Problem, _ count: Int64 = 1) {
        if count > 0 { counts[problem, default: 0] += count }
    }

    mutating func add(_ other: ProblemCounts) {
        for (problem, count) in other.counts { add(problem, count) }
    }
}

extension Problem {
    /// As the contract spells it: `PAGE_PROBLEM_TOO_LARGE`.
    var contractName: String {
        "\(self)".reduce(into: "PAGE_PROBLEM_") { name, character in
            if character.isUppercase { name += "_" }
            name += character.uppercased()
        }
    }
}
