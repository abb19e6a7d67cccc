import Crypto
import Foundation
public import Persistence
import Policy
import PolicyContract
import PolicyModel
public import SwiftProtobuf
import Wire

/// Makes calls that change something repeatable: the same request under the same `request_id` (AIP-155) changes once
/// and gets the same reply, for as long as replies are kept.
///
///     let note = try await replay.write(request, id: request.requestID) { tx in … }
///
/// The reply is kept in the transaction of the change, by organization and caller. One with a secret in it is sealed:
/// `replay.write(request, id: request.requestID, sealing: .reply(rootKey)) { … }`.
public struct Replay: Sendable {
    /// What is kept, and how much of it.
    public struct Configuration: Sendable {
        /// How long a reply is kept.
        public var retention: Duration = .seconds(86_400)
        /// Bytes of a reply that can be kept; a larger one fails the call.
        public var maximumReply = 1 << 20
        /// Now, in microseconds since 1970.
        public var now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000_000) }

        /// The defaults.
        public init() {}
    }

    private let store: Store
    let configuration: Configuration

    /// Keeps replies in a role's store, which has `migrations`.
    public init(store: Store, configuration: Configuration = Configuration()) {
        (self.store, self.configuration) = (store, configuration)
    }

    /// Runs a change of the current call's organization once.
    ///
    /// - Parameters:
    ///   - request: What the caller sent, as it came.
    ///   - id: Its `request_id`; empty: the call is not to be known again, and simply runs.
    ///   - seal: Encrypts the reply that is kept, for this organization, caller and id, and keys the request's hash, for
    ///     calls whose requests or replies hold secrets; nil: both lie in the store as they are.
    ///   - body: The change, as of `StoreHandle.write`.
    /// - Returns: The reply, `body`'s or that of the first time.
    /// - Throws: `RPCError` REQUEST_ID_REUSED if the caller used the id for another request; `StoreError`; what `body`
    ///   throws.
    public func write<Request: Message, Reply: Message>(
        _ request: Request, id: String, sealing seal: ReplySeal? = nil,
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Reply
    ) async throws -> Reply {
        let (scope, organization) = try Self.scope()
        return try await write(request, id: id, seal, scope, organization, store.scoped(organization), body)
    }

    /// Runs a change that reaches beyond the current call's organization once, as one that makes an organization does.
    /// The reply is kept with the caller's.
    ///
    /// - Parameters:
    ///   - reason: Why it works across organizations.
    ///   - seal: As of `write(_:id:sealing:_:)`.
    ///   - body: The change, as of `StoreHandle.write`, in a system transaction.
    /// - Returns, throws: As `write(_:id:sealing:_:)`.
    public func write<Request: Message, Reply: Message>(
        _ request: Request, id: String, across reason: SystemReason, sealing seal: ReplySeal? = nil,
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Reply
    ) async throws -> Reply {
        let (scope, organization) = try Self.scope()
        return try await write(request, id: id, seal, scope, organization, store.system(reason), body)
    }

    private static func scope() throws -> (CallScope, OrganizationID) {
        guard let scope = CallScope.current, let organization = scope.caller.organization else {
            throw RPCError(code: .internal, message: "the call is bound to no organization")
        }
        return (scope, OrganizationID(organization))
    }

    private func write<Request: Message, Reply: Message>(
        _ request: Request, id: String, _ seal: ReplySeal?, _ scope: CallScope, _ organization: OrganizationID,
        _ handle: StoreHandle, _ body: @escaping @Sendable (borrowing Transaction) throws -> Reply
    ) async throws -> Reply {
        guard !id.isEmpty else { return try await handle.write(.serializable, body) }

        let plainHash = try Self.hash(request, method: CallContext.current?.method ?? "")
        let hash = seal.map { $0.hash(plainHash) } ?? plainHash
        let caller = Self.name(of: scope.caller)
        let place = [organization.rawValue, caller, id]
        let (now, maximum) = (configuration.now(), configuration.maximumReply)
        let oldest = now - configuration.retention.nanoseconds / 1_000
        let (reply, isRepeated): (Reply, Bool) = try await handle.write { tx in
            let owner: SQL = tx.organization == nil ? "\(organization.rawValue)" : "\(.organization)"
            if let kept = try tx.optional(
                KeptReply.self,
                """
                SELECT request_hash, reply, created_at FROM replies
                WHERE organization = \(owner) AND caller = \(caller) AND request_id = \(id)
                """)
            {
                if kept.createdAt > oldest {
                    guard kept.hash == hash else { throw Self.reused(id) }
                    let bytes = try seal.map { try $0.open(kept.reply, at: place) } ?? kept.reply
                    return (try Reply(serializedBytes: bytes), true)
                }
                try tx.run(
                    """
                    DELETE FROM replies
                    WHERE organization = \(owner) AND caller = \(caller) AND request_id = \(id)
                    """)
            }
            let reply = try body(tx)
            let bytes: [UInt8] = try reply.serializedBytes()
            guard bytes.count <= maximum else {
                throw RPCError(code: .internal, message: "the reply is too large to be kept under a request_id")
            }
            let kept = try seal.map { try $0.seal(bytes, at: place) } ?? bytes
            try tx.run(
                """
                INSERT INTO replies (organization, caller, request_id, request_hash, reply, created_at)
                VALUES (\(owner), \(caller), \(id), \(hash), \(kept), \(now))
                """)
            return (reply, false)
        }
        if isRepeated { scope.audit?.fulfill(.replayed) }
        return reply
    }

    private struct KeptReply: RowDecodable {
        let hash: [UInt8]
        let reply: [UInt8]
        let createdAt: Int64

        init(row: Row) throws {
            (hash, reply, createdAt) = (try row["request_hash"], try row["reply"], try row["created_at"])
        }
    }

    /// Who an id belongs to: two callers may choose the same one.
    private static func name(of caller: Caller) -> String {
        switch caller {
        case .principal(let principal, _): "principal:\(principal.subject)"
        case .role(let role, let onBehalf): "role:\(role.rawValue):\(onBehalf?.initiator ?? "")"
        case .anonymous(let role): "anonymous:\(role.rawValue)"
        }
    }

    private static func hash(_ request: some Message, method: String) throws -> [UInt8] {
        var options = BinaryEncodingOptions()
        // A map's order differs from process to process.
        options.useDeterministicOrdering = true
        var hash = SHA256()
        hash.update(data: Array(method.utf8) + [0])
        hash.update(data: try request.serializedBytes(options: options) as [UInt8])
        return Array(hash.finalize())
    }

    private static func reused(_ id: String) -> RPCError {
        RPCError(
            .alreadyExists, Datavault_Policy_V1_Reason.requestIDReused,
            "the request_id was used for another request; make a new one for each request", metadata: ["request_id": id]
        )
    }
}
