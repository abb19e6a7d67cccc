import IdentityContract
import Logging
import Metrics
import Persistence
import ServiceKit
import ServiceLifecycle
import Synchronization

extension SystemReason {
    static let recordFailedLogIns = SystemReason("record failed log-ins in their users' organizations")
}

/// Failed log-ins on their way to the audit log. They are written beside the call, whose answer must not come later for
/// a user who exists.
final class FailedLogIns: Sendable {
    private let log: Mutex<FailureLog>
    private let now: @Sendable () -> Int64

    init(maximumPerMinute: Int, now: @escaping @Sendable () -> Int64) {
        var log = FailureLog()
        log.maximumPerMinute = maximumPerMinute
        self.log = Mutex(log)
        self.now = now
    }

    /// Keeps one until it is written.
    ///
    /// - Parameter source: The address that it came from.
    func note(_ user: UserID, of organization: OrganizationID, from source: String?) {
        let party = AuditParty(organization: organization.rawValue, actor: user.name)
        log.withLock { $0.add(party, from: source, now: now()) }
    }

    func take(isFinal: Bool) -> [FailureLog.Entry] { log.withLock { $0.take(now: now(), isFinal: isFinal) } }
    func giveBack(_ entries: [FailureLog.Entry]) { log.withLock { $0.giveBack(entries) } }
}

/// Writes failed log-ins to the audit log, those of a second in a transaction.
struct FailedLogInRecorder: Service {
    private static let interval: Duration = .seconds(1)
    /// Entries of one transaction.
    private static let batch = 500

    private let failures: FailedLogIns
    private let store: Store
    private let audit: AuditOutbox
    private let logger: Logger

    init(_ failures: FailedLogIns, store: Store, audit: AuditOutbox, logger: Logger) {
        (self.failures, self.store, self.audit, self.logger) = (failures, store, audit, logger)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                if !Task.isCancelled { await writeOrKeep(isFinal: false) }
            }
        }
        // The group's end has cancelled this task; what is left is written by one that nobody cancels.
        await Task { await writeOrKeep(isFinal: true) }.value
    }

    private func writeOrKeep(isFinal: Bool) async {
        do { try await write(isFinal: isFinal) } catch {
            logger.warning("failed log-ins could not be recorded yet", metadata: ["error": "\(error)"])
        }
    }

    /// Writes what there is.
    ///
    /// - Throws: `StoreError`; what could not be written is kept for the next time.
    func write(isFinal: Bool = false) async throws {
        var rest = failures.take(isFinal: isFinal)[...]
        while !rest.isEmpty {
            let entries = Array(rest.prefix(Self.batch))
            do {
                try await store.system(.recordFailedLogIns).write(.readCommitted) { [audit] tx in
                    for entry in entries { try Self.record(entry, audit, in: tx) }
                }
            } catch {
                failures.giveBack(Array(rest))
                throw error
            }
            rest = rest.dropFirst(entries.count)
        }
    }

    private static func record(_ entry: FailureLog.Entry, _ audit: AuditOutbox, in tx: borrowing Transaction) throws {
        try audit.record(
            SessionsHandler.logInAction, by: entry.party, resource: entry.party.actor,
            after: entry.count == 1 ? nil : #"{"failures":\#(entry.count)}"#,
            personal: entry.source.map {
                [AuditPersonal(name: "source_address", subject: entry.party.actor, value: $0)]
            } ?? [],
            outcome: IdentityError.loginFailed.auditOutcome, in: tx)
    }
}
