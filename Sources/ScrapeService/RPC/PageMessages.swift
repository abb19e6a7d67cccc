import Persistence
import ScrapeContract
import SwiftProtobuf

/// Which pages a request asks for.
struct PageFilter: Sendable {
    let state: Datavault_Scrape_V1_PageState
    let problem: Problem?
    /// Whether the job has: what then still waits in the table is left out.
    let hasEnded: Bool
    /// Pages in lanes' hands.
    let inHand: Set<Int64>

    var condition: SQL {
        var conditions: [SQL] = []
        switch state {
        case .queued:
            conditions.append(hasEnded ? "1 = 0" : "page.state = 0")
            if !inHand.isEmpty { conditions.append("page.number NOT IN (\(SQL.list(inHand.sorted())))") }
        case .fetching:
            conditions.append(
                inHand.isEmpty ? "1 = 0" : "page.state = 0 AND page.number IN (\(SQL.list(inHand.sorted())))")
        case .fetched: conditions.append("page.state = \(PageStatus.fetched.rawValue)")
        case .failed: conditions.append("page.state = \(PageStatus.failed.rawValue)")
        case .leftOut:
            conditions.append(
                hasEnded
                    ? "(page.state = \(PageStatus.leftOut.rawValue) OR page.state = 0)"
                    : "page.state = \(PageStatus.leftOut.rawValue)")
        default: break
        }
        if problem == .jobEnded {
            conditions.append(hasEnded ? "page.state = 0" : "1 = 0")
        } else if let problem {
            conditions.append("page.problem = \(problem.rawValue)")
            if hasEnded { conditions.append("page.state <> 0") }
        }
        return conditions.isEmpty ? "1 = 1" : SQL.joined(conditions, separator: " AND ")
    }
}

extension PageRow {
    func message(of job: String, hasEnded: Bool, isInHand: Bool) -> PageMessage {
        var message = message(isInHand: isInHand)
        message.name = PageName.text(number, of: job)
        if state == .queued, hasEnded {
            message.state = .leftOut
            message.problem = .jobEnded
            message.detail = "the job ended before its turn came"
        }
        return message
    }

    private func message(isInHand: Bool) -> PageMessage {
        .with {
            $0.url = url
            $0.finalURL = finalURL ?? ""
            $0.referrer = referrerURL ?? ""
            $0.depth = depth
            $0.state =
                switch state {
                case .queued: isInHand ? .fetching : .queued
                case .fetched: .fetched
                case .failed: .failed
                case .leftOut: .leftOut
                }
            if let problem { $0.problem = .init(problem) }
            $0.detail = detail ?? ""
            $0.robots = .init(rawValue: robots.rawValue) ?? .unspecified
            $0.httpStatus = status ?? 0
            $0.attempts = attempts
            if let fetchedAt { $0.fetchTime = Google_Protobuf_Timestamp(microseconds: fetchedAt) }
            if let duration { $0.fetchDuration = Google_Protobuf_Duration(microseconds: duration) }
            $0.contentType = contentType ?? ""
            $0.charset = charset ?? ""
            $0.size = size ?? 0
            $0.contentHash = contentHash?.hexadecimal ?? ""
            ($0.records, $0.quarantined) = (records ?? 0, quarantined ?? 0)
            $0.kept = pack != nil
            $0.canonicalURL = canonicalURL ?? ""
            $0.truncatedBy = truncatedBy?.split(separator: " ").map(String.init) ?? []
        }
    }
}

extension PageMessage {
    /// A page that was only looked at.
    init(_ result: PageResult) {
        self.init()
        url = result.page.url
        finalURL = result.finalURL ?? ""
        state = result.status == .fetched ? .fetched : result.status == .leftOut ? .leftOut : .failed
        if let problem = result.problem { self.problem = .init(problem) }
        detail = result.detail ?? ""
        robots = .init(rawValue: result.robots.rawValue) ?? .unspecified
        httpStatus = Int32(result.httpStatus ?? 0)
        attempts = result.wasAsked ? 1 : 0
        if let time = result.fetchedAt { fetchTime = Google_Protobuf_Timestamp(microseconds: time) }
        if let time = result.duration { fetchDuration = Google_Protobuf_Duration(microseconds: time) }
        contentType = result.contentType ?? ""
        charset = result.charset ?? ""
        size = result.size ?? 0
        contentHash = result.contentHash?.hexadecimal ?? ""
        records = Int32(result.records.count)
        quarantined = Int32(result.quarantined.count)
        canonicalURL = result.canonicalURL ?? ""
        truncatedBy = result.truncatedBy?.split(separator: " ").map(String.init) ?? []
    }
}

extension Google_Protobuf_Duration {
    init(microseconds: Int64) {
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        self.init(seconds: seconds, nanos: Int32(rest) * 1_000)
    }
}
