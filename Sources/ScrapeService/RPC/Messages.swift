import ScrapeContract
import SwiftProtobuf

typealias ScraperMessage = Datavault_Scrape_V1_Scraper
typealias JobMessage = Datavault_Scrape_V1_ScrapeJob
typealias PageMessage = Datavault_Scrape_V1_Page

extension ScraperRow {
    /// What callers see.
    func message() throws -> ScraperMessage {
        var message = try ScraperMessage(serializedBytes: definition)
        message.name = ResourceName.scrapers.name(id)
        message.displayName = displayName
        message.planVersion = planVersion
        message.createTime = Google_Protobuf_Timestamp(microseconds: createdAt)
        message.updateTime = Google_Protobuf_Timestamp(microseconds: updatedAt)
        message.etag = "\(version)"
        return message
    }
}

extension ScraperMessage {
    /// Without what the service gives.
    var definition: ScraperMessage {
        var message = self
        (message.name, message.planVersion, message.etag) = ("", "", "")
        message.clearCreateTime()
        message.clearUpdateTime()
        return message
    }
}

extension JobRow {
    /// What callers see.
    ///
    /// - Parameter fetching: Pages in lanes' hands.
    func message(fetching: Int64) throws -> JobMessage {
        let plan = try ScraperMessage(serializedBytes: plan)
        return .with {
            $0.name = ResourceName.jobs.name(id)
            $0.scraper = ResourceName.scrapers.name(scraper)
            $0.plan = plan
            $0.state = .init(state)
            $0.endReason = .init(endReason)
            $0.progress = progress(fetching: fetching)
            $0.initiator = initiator
            $0.createTime = Google_Protobuf_Timestamp(microseconds: createdAt)
            if let time = startedAt { $0.startTime = Google_Protobuf_Timestamp(microseconds: time) }
            if let time = endedAt { $0.endTime = Google_Protobuf_Timestamp(microseconds: time) }
            $0.updateTime = Google_Protobuf_Timestamp(microseconds: updatedAt)
        }
    }

    private func progress(fetching: Int64) -> Datavault_Scrape_V1_Progress {
        .with {
            let fetching = min(fetching, queued)
            $0.queued = queued - fetching
            $0.fetching = fetching
            ($0.fetched, $0.extracted, $0.failed, $0.leftOut) = (fetched, extracted, failed, leftOut)
            ($0.records, $0.quarantined, $0.bytes, $0.retries) = (records, quarantined, bytes, retries)
            $0.problems = problems.counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { problem, count in
                .with {
                    $0.problem = .init(problem)
                    $0.count = count
                }
            }
        }
    }
}

extension Datavault_Scrape_V1_PageProblem {
    init(_ problem: Problem) { self = Self(rawValue: problem.rawValue) ?? .unspecified }
}

extension Datavault_Scrape_V1_ScrapeJobState {
    init(_ state: JobRow.State) {
        self =
            switch state {
            case .queued: .queued
            case .running: .running
            case .paused: .paused
            case .succeeded: .succeeded
            case .failed: .failed
            case .cancelled: .cancelled
            }
    }
}

extension JobRow.State {
    /// Nil for "unspecified"; the contract's rules let nothing else through.
    init?(_ message: Datavault_Scrape_V1_ScrapeJobState) {
        switch message {
        case .queued: self = .queued
        case .running: self = .running
        case .paused: self = .paused
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        default: return nil
        }
    }
}

extension Datavault_Scrape_V1_EndReason {
    init(_ reason: JobRow.EndReason) {
        self =
            switch reason {
            case .none: .unspecified
            case .complete: .complete
            case .pages: .pageLimit
            case .bytes: .byteLimit
            case .duration: .durationLimit
            case .cancelled: .cancelled
            case .nothing: .nothingFetched
            }
    }
}
