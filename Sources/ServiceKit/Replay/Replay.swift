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

    /// The reply that the same request under the same id was given before, for calls that ask others before they change
    /// something: a request that is repeated must not fail because one of those is away. `write` decides all the same.
    ///
    /// - Parameters: As of `write(_:id:sealing:_:)`.
    /// - Returns: nil if there was none yet.
    /// - Throws: `RPCError` REQUEST_ID_REUSED; `StoreError`.
    public func reply<Request: Message, Reply: Message>(
        to request: Request, id: String, sealing seal: ReplySeal? = nil
    ) async throws -> Reply? {
        guard !id.isEmpty else { return nil }
        let (scope, organization) = try Self.scope()
        let call = try call(request, id, seal, scope, organization)
        let kept = try await store.scoped(organization).read { tx in
            try call.kept(in: tx).flatMap { try $0.reply(to: call, seal) }
        }
        guard let kept else { return nil }
        scope.audit?.fulfill(.replayed)
        return try Reply(serializedBytes: kept)
    }

    private static func scope() throws -> (CallScope, OrganizationID) {
        guard let scope = CallScope.current, let organization = scope.caller.organization else {
            throw RPCError(code: .internal, message: "the call is bound to no organization")
        }
        return (scope, OrganizationID(organization))
    }

    private func call(
        _ request: some Message, _ id: String, _ seal: ReplySeal?, _ scope: CallScope, _ organization: OrganizationID
    ) throws -> RepeatableCall {
        let plainHash = try Self.hash(request, method: CallContext.current?.method ?? "")
        let now = configuration.now()
        return RepeatableCall(
            organization: organization, caller: Self.name(of: scope.caller), id: id,
            hash: seal.map { $0.hash(plainHash) } ?? plainHash, now: now,
            oldest: now - configuration.retention.nanoseconds / 1_000)
    }

    private func write<Request: Message, Reply: Message>(
        _ request: Request, id: String, _ seal: ReplySeal?, _ scope: CallScope, _ organization: OrganizationID,
        _ handle: StoreHandle, _ body: @escaping @Sendable (borrowing Transaction) throws -> Reply
    ) async throws -> Reply {
        guard !id.isEmpty else { return try await handle.write(.serializable, body) }

        let call = try call(request, id, seal, scope, organization)
        let maximum = configuration.maximumReply
        let (reply, isRepeated): (Reply, Bool) = try await handle.write { tx in
            if let kept = try call.kept(in: tx) {
                if let bytes = try kept.reply(to: call, seal) { return (try Reply(serializedBytes: bytes), true) }
                try call.forget(in: tx)
            }
            let reply = try body(tx)
            let bytes: [UInt8] = try reply.serializedBytes()
            guard bytes.count <= maximum else {
                throw RPCError(code: .internal, message: "the reply is too large to be kept under a request_id")
            }
            try call.keep(try seal.map { try $0.seal(bytes, at: call.place) } ?? bytes, in: tx)
            return (reply, false)
        }
        if isRepeated { scope.audit?.fulfill(.replayed) }
        return reply
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
}
