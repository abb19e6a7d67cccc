public import Foundation
public import Persistence

/// What is enqueued again and again.
public struct JobSchedule: Sendable, Hashable {
    /// What becomes of runs whose time passed while no scheduler was there.
    public enum Missed: Sendable, Hashable {
        /// Nothing: the next one is the next.
        case skip
        /// The latest of them is run, late.
        case runOnce
        /// Each is run, the latest ones if there are more than this.
        case runAll(atMost: Int)
    }

    /// Whether a run is enqueued while the one before is still waiting or running.
    public enum Overlap: String, Sendable, SQLConvertible {
        case allow
        case skip
    }

    /// Unique in the store: putting another schedule under the name replaces it.
    public var name: String
    public var cron: CronSchedule
    public var request: JobRequest
    public var organization: OrganizationID?
    public var initiator: String
    public var missed = Missed.runOnce
    public var overlap = Overlap.allow
    public var isEnabled = true

    /// - Parameter request: of its options, priority and maximum of attempts are used.
    public init(
        _ name: String, _ cron: CronSchedule, _ request: JobRequest, for organization: OrganizationID? = nil,
        by initiator: String, missed: Missed = .runOnce, overlap: Overlap = .allow, isEnabled: Bool = true
    ) {
        self.name = name
        self.cron = cron
        self.request = request
        self.organization = organization
        self.initiator = initiator
        self.missed = missed
        self.overlap = overlap
        self.isEnabled = isEnabled
    }

    /// The times to run now, and the next one to wait for.
    ///
    /// - Parameters:
    ///   - due: the time that was waited for.
    ///   - grace: a run that is late by no more than this is not missed.
    ///   - bound: the most runs at once, whatever `missed` says.
    func runs(due: Date, now: Date, grace: Duration, bound: Int) -> (times: [Date], next: Date?) {
        let keep =
            switch missed {
            case .skip, .runOnce: 1
            case .runAll(let most): min(max(most, 1), bound)
            }
        var times: [Date] = []
        var time: Date? = due
        var looked = 0
        while let current = time, current <= now {
            times.append(current)
            if times.count > keep { times.removeFirst() }
            looked += 1
            // After a year without a scheduler, a minute's schedule is not counted through: it goes on from just before.
            if looked > 10_000, current < now - .seconds(86_400), let later = cron.next(after: now - .seconds(86_400)) {
                time = later
                looked = 0
            } else {
                time = cron.next(after: current)
            }
        }
        if missed == .skip { times.removeAll { $0 < now - grace } }
        return (times, time)
    }
}

/// A schedule as it stands in the store.
public struct JobScheduleInfo: Sendable, Hashable {
    public var schedule: JobSchedule
    /// Nil if it is not enabled, or never comes again.
    public var nextAt: Date?
    /// The scheduled time of the last run that was enqueued.
    public var lastAt: Date?
    /// Why it cannot be run: its time zone is unknown on this machine, for instance.
    public var error: String?
}
