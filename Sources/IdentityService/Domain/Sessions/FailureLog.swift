import ServiceKit

/// Failed log-ins of known users, of which the first few a minute are written one by one, and the others counted, so
/// that a flood of them fills neither store nor log.
struct FailureLog: Sendable {
    /// What is to be written.
    struct Entry: Sendable, Hashable {
        let party: AuditParty
        /// Failures that this entry stands for.
        let count: Int
        /// The address that the failure came from; nil where nobody said it, and for an entry that stands for several.
        var source: String?
    }

    /// Failures of a user that are written one by one in each minute.
    var maximumPerMinute = 5
    /// Users whose failures are told apart; those of others are lost while as many are under attack at once.
    var maximumUsers = 10_000
    /// Entries that wait to be written.
    var maximumPending = 10_000

    private struct Window {
        let start: Int64
        var written = 0
        var counted = 0
    }

    private static let minute: Int64 = 60_000_000
    private var windows: [AuditParty: Window] = [:]
    private var pending: [Entry] = []
    /// Failures that could not be kept.
    private(set) var lost = 0

    init() {}

    /// - Parameters:
    ///   - source: The address that the failure came from.
    ///   - now: Microseconds since 1970.
    mutating func add(_ party: AuditParty, from source: String? = nil, now: Int64) {
        if let window = windows[party], now - window.start >= Self.minute { close(party, window) }
        guard windows[party] != nil || windows.count < maximumUsers else {
            lost += 1
            return
        }
        var window = windows[party] ?? Window(start: now)
        if window.written < maximumPerMinute {
            window.written += 1
            append(Entry(party: party, count: 1, source: source))
        } else {
            window.counted += 1
        }
        windows[party] = window
    }

    /// What is to be written now.
    ///
    /// - Parameter isFinal: Whether minutes that are not over are closed as well.
    mutating func take(now: Int64, isFinal: Bool = false) -> [Entry] {
        for (party, window) in windows where isFinal || now - window.start >= Self.minute { close(party, window) }
        defer { pending = [] }
        return pending
    }

    /// Entries that could not be written, for the next time.
    mutating func giveBack(_ entries: [Entry]) { for entry in entries { append(entry) } }

    private mutating func close(_ party: AuditParty, _ window: Window) {
        windows[party] = nil
        if window.counted > 0 { append(Entry(party: party, count: window.counted)) }
    }

    private mutating func append(_ entry: Entry) {
        guard pending.count < maximumPending else {
            lost += entry.count
            return
        }
        pending.append(entry)
    }
}
