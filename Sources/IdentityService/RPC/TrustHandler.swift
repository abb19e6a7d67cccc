import Crypto
import Foundation
import IdentityContract
import Logging
import Persistence
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

extension SystemReason {
    static let listPrincipalKeys = SystemReason("list the keys that principals are signed with")
    static let keepUsage = SystemReason("keep when keys were used")
}

/// The calls by which roles learn whom to believe.
struct TrustHandler: Datavault_Identity_V1_TrustService.Handler, DrainAware {
    /// Times and bounds.
    struct Configuration: Sendable {
        /// How long a principal key is believed, unless it is listed anew.
        var principalKeyLife: Duration = .seconds(86_400)
        /// How often a stream of principal keys says that it is alive.
        var principalHeartbeat: Duration = .seconds(5)
        /// Listings of principal keys: each gateway has one, and two while its certificate is replaced.
        var maximumPrincipalKeys = 1_000

        /// The defaults.
        init() {}
    }

    typealias EventMessage = Datavault_Identity_V1_CredentialEvent

    let store: Store
    let vault: VaultStore
    let feed: CredentialFeed
    let tokens: any TokenTrust
    let usage: KeyUsageStore
    let changes: CredentialChanges
    let audit: AuditOutbox
    let environment: IdentityEnvironment
    var configuration = Configuration()
    let logger: Logger

    func serverWillDrain() { feed.drain() }

    // MARK: Credentials

    func watchCredentials(
        _ request: Datavault_Identity_V1_WatchCredentialsRequest, responses: ResponseWriter<EventMessage>,
        context: ServerContext
    ) async throws {
        try await vault.verify()
        let subscription = try feed.subscribe(peer: context.peer.certificateFingerprint)
        defer { feed.end(subscription) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await tell(subscription, responses) }
            // A stream whose peer does not read waits in its write, where it would never notice.
            group.addTask { try await subscription.untilEnd() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func tell(
        _ subscription: CredentialSubscription, _ responses: ResponseWriter<EventMessage>
    ) async throws {
        var sequence: Int64 = 0
        func send(_ payload: CredentialPayload?, asOf: Int64) async throws {
            if payload != nil { sequence += 1 }
            let event = EventMessage.with {
                $0.sequence = sequence
                $0.timeMs = asOf
                $0.event = payload
            }
            try await responses.write(event)
            subscription.progress()
        }
        let began = environment.now() / 1_000
        try await send(.start(start), asOf: began)
        feed.readOn(subscription)
        while true {
            let delivery = try await subscription.next()
            for payload in delivery.events { try await send(payload, asOf: delivery.asOf) }
            switch delivery.page {
            case .none: if delivery.events.isEmpty { try await send(nil, asOf: delivery.asOf) }
            case .some(.done):
                try await send(.complete(Datavault_Identity_V1_CredentialSnapshotComplete()), asOf: delivery.asOf)
            case .some: feed.readOn(subscription)
            }
        }
    }

    private var start: Datavault_Identity_V1_CredentialStreamStart {
        .with {
            $0.heartbeatMs = Int32(clamping: feed.configuration.heartbeat.wholeMilliseconds)
            $0.silenceLimitMs = Int32(clamping: feed.configuration.silenceLimit.wholeMilliseconds)
            $0.secretHashKey = unsafe vault.vault.secretHashKey.withUnsafeBytes { unsafe Data($0) }
            $0.issuer = tokens.issuer
            $0.audience = tokens.audience
        }
    }

    func reportKeyUsage(
        _ request: Datavault_Identity_V1_ReportKeyUsageRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_ReportKeyUsageResponse {
        try await usage.keep(
            request.usages.map { KeyUsage(key: $0.key, secret: $0.secret, usedAtMilliseconds: $0.lastUsedMs) })
        return Datavault_Identity_V1_ReportKeyUsageResponse()
    }

    // MARK: Principal keys

    func registerPrincipalKey(
        _ request: Datavault_Identity_V1_RegisterPrincipalKeyRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_PrincipalKey {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: request.publicKey) else {
            throw IdentityError.fieldInvalid(field: "public_key", problem: "must be a public key of Ed25519")
        }
        let (now, changes, maximum) = (environment.now(), changes, configuration.maximumPrincipalKeys)
        let (audit, role) = (audit, CallScope.current?.caller.role ?? .gateway)
        // A caller without a certificate is one of this process: the policy layer has let it in as a gateway.
        let listed = ListedPrincipalKey(
            id: PrincipalKeyPair.keyID(of: key), publicKey: Array(request.publicKey),
            fingerprint: context.peer.certificateFingerprint,
            expiresAt: now + configuration.principalKeyLife.wholeMicroseconds)
        try await store.system(.listPrincipalKeys).write { tx in
            guard try PrincipalKeyStore.count(besides: listed, now: now, in: tx) < maximum else {
                throw IdentityError.limitReached(limit: "principal_keys", maximum: maximum)
            }
            // A listing that goes on for longer is no event: whom roles believe stays the same.
            if try !PrincipalKeyStore.isListed(listed, now: now, in: tx) {
                try audit.record(
                    "principal_key.create", by: role, of: nil, resource: "principal-keys/\(listed.id)",
                    after: MaskedText.of(Self.message(listed)), in: tx)
            }
            try PrincipalKeyStore.list(listed, now: now, in: tx)
            try changes.note(.principalKeys, in: tx)
        }
        return Self.message(listed)
    }

    func watchPrincipalKeys(
        _ request: Datavault_Identity_V1_WatchPrincipalKeysRequest,
        responses: ResponseWriter<Datavault_Identity_V1_PrincipalKeys>, context: ServerContext
    ) async throws {
        let wakeup = Wakeup()
        try feed.listen(wakeup)
        defer { feed.ignore(wakeup) }
        var problem: String?
        while !feed.isDraining {
            try Task.checkCancellation()
            let (now, maximum) = (environment.now(), configuration.maximumPrincipalKeys)
            do {
                let keys = try await store.system(.listPrincipalKeys).read { tx in
                    try PrincipalKeyStore.living(now: now, maximum: maximum, in: tx)
                }
                let message = Datavault_Identity_V1_PrincipalKeys.with {
                    $0.keys = keys.map(Self.message)
                    $0.heartbeatMs = Int32(clamping: configuration.principalHeartbeat.wholeMilliseconds)
                }
                problem = nil
                try await responses.write(message)
            } catch let error as StoreError where error.reason != .cancelled {
                // Silence: whoever watches keeps what it has, and looks for another instance.
                if problem != "\(error)" {
                    logger.error("principal keys cannot be read", metadata: ["error": "\(error)"])
                }
                problem = "\(error)"
            }
            await wakeup.wait(for: configuration.principalHeartbeat)
        }
        throw RPCError(code: .unavailable, message: "the server is draining")
    }

    private static func message(_ key: ListedPrincipalKey) -> Datavault_Identity_V1_PrincipalKey {
        .with {
            $0.id = key.id
            $0.publicKey = Data(key.publicKey)
            $0.certificateFingerprint = key.fingerprint
            $0.expiresAtMs = key.expiresAt / 1_000
        }
    }
}
