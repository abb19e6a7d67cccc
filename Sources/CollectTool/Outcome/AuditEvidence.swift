import Outbound

/// Checks an exported part of the log, with nothing but public keys.
public protocol LogVerifier: Sendable {
    /// Checks that an export's entries are in the tree that its checkpoint signs, and that the tree begins with all of
    /// an earlier one.
    ///
    /// - Parameters:
    ///   - export: The file.
    ///   - keys: Keys that checkpoints may be signed with, as `audit-logs:keys` gives them (C2SP signed-note).
    ///   - earlier: A checkpoint that was seen before, of as many entries as come before the export's first.
    /// - Throws: What is wrong, as an error whose description says it.
    func verify(export: String, keys: [String], earlier: String) async throws -> VerifiedLog
}

/// What an export that holds says.
public struct VerifiedLog: Sendable {
    /// An entry.
    public struct Entry: Sendable, Hashable {
        /// What was done, as `scraper.create`.
        public var action: String
        /// To what.
        public var resource: String

        public init(_ action: String, _ resource: String) { (self.action, self.resource) = (action, resource) }
    }

    /// In their order.
    public var entries: [Entry]
    /// Size of the tree that they are in.
    public var size: Int64
    /// The keys that may have signed it.
    public var keyIDs: [String]

    public init(entries: [Entry], size: Int64, keyIDs: [String]) {
        (self.entries, self.size, self.keyIDs) = (entries, size, keyIDs)
    }
}

/// The log of the work, from a checkpoint before it to one after it.
struct AuditEvidence {
    /// How long entries may take into the log: services hand them over from their outboxes.
    private static let arrival = Duration.seconds(30)
    private static let pause = Duration.milliseconds(300)

    private let gateway: GatewayClient
    private let verifier: any LogVerifier
    /// The signed checkpoint from before the work.
    private let before: JSONValue

    /// Notes what the log is now: what comes later is held to it.
    init(_ gateway: GatewayClient, _ verifier: any LogVerifier) async throws {
        (self.gateway, self.verifier) = (gateway, verifier)
        before = try await gateway.call(.get, "/api/v1/audit-logs:checkpoint")
    }

    /// The text of that checkpoint.
    var earlier: String { before["text"].text }

    /// Exports the log since then, and checks it.
    ///
    /// - Parameter expected: What has to be in it, and is waited for.
    func prove(_ expected: [VerifiedLog.Entry], to file: String) async throws -> (VerifiedLog, keys: [String]) {
        for entry in expected { try await wait(for: entry) }
        let first = before["size"].count
        _ = try await gateway.download(
            "/api/v1/audit-logs:export", query: first > 0 ? [("first_index", "\(first)")] : [], to: file)
        let keys = try await gateway.call(.get, "/api/v1/audit-logs:keys")["keys"].elements.map(\.["verifier"].text)
        let log: VerifiedLog
        do { log = try await verifier.verify(export: file, keys: keys, earlier: earlier) } catch {
            throw CollectFailure(.unproved, "the log does not hold: \(error)")
        }
        for entry in expected where !log.entries.contains(entry) {
            throw CollectFailure(.unproved, "the log has no entry \(entry.action) for \(entry.resource)")
        }
        return (log, keys)
    }

    private func wait(for entry: VerifiedLog.Entry) async throws {
        let deadline = ContinuousClock.now + Self.arrival
        while true {
            let reply = try await gateway.call(
                .get, "/api/v1/audit-logs",
                query: [("action", entry.action), ("resource", entry.resource), ("page_size", "1")])
            if !reply["auditLogs"].elements.isEmpty { return }
            guard ContinuousClock.now < deadline else {
                throw CollectFailure(
                    .unproved, "the entry \(entry.action) for \(entry.resource) did not reach the log in time",
                    advice: "Look at the readiness of the services: `datavault doctor`.")
            }
            try await Task.sleep(for: Self.pause)
        }
    }
}
