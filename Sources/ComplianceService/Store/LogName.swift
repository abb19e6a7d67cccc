import Persistence

extension SystemReason {
    static let appendEvents = SystemReason("append events of all organizations to their logs")
    static let readSuiteLog = SystemReason("read the log of what concerns no organization")
    static let readLogHead = SystemReason("read a log's size, and the key that it is signed with")
    static let logKeys = SystemReason("keep the keys that checkpoints are signed with")
    static let eraseInSuiteLog = SystemReason("erase a person's key of the log of what concerns no organization")
    static let signCheckpoints = SystemReason("sign what the logs of all organizations are, and keep that")
    static let measureLogs = SystemReason("count what the logs hold")
}

/// Which log: an organization's, or the suite's own.
struct LogName: Sendable, Hashable {
    /// The organization's identifier; empty for the suite's own log.
    let organization: String

    static let suite = LogName(organization: "")

    /// A handle that reads and changes nothing but this log's rows.
    func handle(_ store: Store) -> StoreHandle {
        organization.isEmpty ? store.system(.readSuiteLog) : store.scoped(OrganizationID(organization))
    }

    /// What stands for the log in conditions and values.
    func sql(in tx: borrowing Transaction) throws -> SQL {
        guard let own = tx.organization else { return "\(organization)" }
        guard own.rawValue == organization else {
            throw StoreError(.invalid, "the log is not the transaction's organization's")
        }
        return "\(.organization)"
    }

    /// The log's name in checkpoints.
    func origin(under name: String) -> String {
        organization.isEmpty ? "\(name)/suite" : "\(name)/organizations/\(organization)"
    }
}
