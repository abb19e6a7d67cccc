import Crypto
import Foundation
import Logging
package import Persistence
import ServiceKit

/// The log's own parts without calls, for programs that measure them or kill them.
package struct AuditProbe: Sendable {
    private static let log = LogName(organization: "acme")

    private let store: Store
    private let appender: GroupAppender

    /// - Parameter store: With Compliance's tables.
    package init(store: Store) {
        self.store = store
        let keys = SubjectKeys(rootKey: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
        var configuration = GroupAppender.Configuration()
        configuration.waiting = 1_000_000
        appender = GroupAppender(
            store: store, writer: LogWriter(kind: store.kind, keys: keys), configuration: configuration,
            now: { Int64(Date().timeIntervalSince1970 * 1_000_000) }, logger: Logger(label: "datavault.probe")
        ) { _ in }
    }

    /// Compliance's tables.
    package static var migrations: [Migration] { ComplianceService.migrations }

    /// Appends events of these numbers, as large as Identity's are, and returns when they are on disk.
    ///
    /// - Returns: How many were new.
    @discardableResult
    package func append(_ numbers: [Int64], of organization: String = log.organization) async throws -> Int {
        try await appender.append(
            try numbers.map { number in
                let user = "users/0b0c7a52-7e0e-4a44-9d55-\(String(format: "%012lld", number % 1_000))"
                return try IncomingEvent(
                    leaf: AuditLeaf(
                        source: "identity", sequence: number, time: number * 1_000, loggedAt: 0,
                        organization: organization, action: "user.update", actor: user, resource: user,
                        requestID: "0dfdcc897d53bbcfc9645e0ca673b711",
                        before: String(repeating: "b", count: 100), after: String(repeating: "a", count: 100)),
                    personal: [.init(name: "source_address", subject: user, value: "192.0.2.7")])
            })
    }

    /// How many entries the log has.
    package func size() async throws -> Int64 {
        try await store.system(.readLogHead).read { tx in try LogHead.read(Self.log, in: tx).frontier.size }
    }

    /// Works out the proof that an entry is in the whole log, as a call does.
    ///
    /// - Returns: Its hashes, and the root that they lead to.
    package func inclusion(of index: Int64) async throws -> (proof: [[UInt8]], root: [UInt8]) {
        let log = Self.log
        return try await log.handle(store).read { tx in
            let size = try LogHead.read(log, in: tx).frontier.size
            let (path, root) = (MerkleProof.inclusion(of: index, size: size), MerkleProof.root(size: size))
            let found = try TileStore.hashes(of: path.nodes + root.nodes, log, size: size, in: tx)
            let proof = path.answer(Array(found.prefix(path.nodes.count)))
            return (proof, root.answer(Array(found.suffix(root.nodes.count)))[0])
        }
    }

    /// Works out the proof that the whole log begins with what it was at a size.
    package func consistency(from first: Int64) async throws -> [[UInt8]] {
        let log = Self.log
        return try await log.handle(store).read { tx in
            let size = try LogHead.read(log, in: tx).frontier.size
            let query = MerkleProof.consistency(from: first, to: size)
            return query.answer(try TileStore.hashes(of: query.nodes, log, size: size, in: tx))
        }
    }
}
