import Crypto
import Foundation
import IdentityContract
import Jobs
import NIOCore
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Synchronization
import Testing
import Wire
import WireProtos

@testable import IdentityService
@testable import Persistence

/// A clock that stands until it is told to go on. Microseconds since 1970.
final class StandingClock: Sendable {
    private let time: Mutex<Int64>

    init() { time = Mutex(Int64(Date().timeIntervalSince1970 * 1_000_000)) }

    var now: Int64 { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 += duration.microseconds } }
}

/// Hashes that cost next to nothing.
let cheap = Argon2Parameters(memoryKiB: 64, iterations: 1, lanes: 1)

/// Identity's calls about sessions and passwords on a real store, with passwords that are hashed and a clock that stands.
struct SessionHarness: Sendable {
    let core: IdentityCore
    let parts: SessionParts
    let channel: ClientChannel
    let clock: StandingClock
    let verifier: AccessTokenVerifier
    private let keys: AccessTokenKeys
    private let key: Curve25519.Signing.PrivateKey

    static let password = "a lighthouse in the fog"
    static let rootKey = SymmetricKey(data: Data(repeating: 7, count: 32))

    fileprivate init(
        _ core: IdentityCore, _ parts: SessionParts, _ channel: ClientChannel, _ clock: StandingClock,
        _ key: Curve25519.Signing.PrivateKey
    ) {
        (self.core, self.parts, self.channel, self.clock, self.key) = (core, parts, channel, clock, key)
        keys = AccessTokenKeys()
        verifier = AccessTokenVerifier(.init(trustDomain: parts.configuration.trustDomain), keys: keys)
    }

    var sessions: Datavault_Identity_V1_SessionsService.Client { .init(channel) }
    var users: Datavault_Identity_V1_UsersService.Client { .init(channel) }

    /// A user with a password in an organization, which is made if none is named.
    func user(
        _ email: String = "ada@example.com", in organization: OrganizationID? = nil, roles: MemberRoles = .viewer,
        password: String? = SessionHarness.password
    ) async throws -> (organization: OrganizationID, id: UserID) {
        let (core, now) = (core, clock.now)
        let id = organization ?? OrganizationID(core.environment.identifier())
        let user = User(
            id: UserID(core.environment.identifier()), email: EmailAddress(email), displayName: "", createdAt: now,
            updatedAt: now)
        var hash: String?
        if let password { hash = try await parts.hasher.hash(NormalizedPassword(password)).text }
        try await core.store.system(.test).write { [hash] tx in
            if organization == nil {
                try OrganizationStore.insert(
                    Organization(id: id, displayName: "Acme Ltd", createdAt: now, updatedAt: now), in: tx)
            }
            try UserStore.insert(user, passwordHash: hash, of: id, in: tx)
            try MemberStore.insert(Member(user: user.id, roles: roles, createdAt: now), of: id, in: tx)
        }
        return (id, user.id)
    }

    func logIn(
        _ email: String = "ada@example.com", _ password: String = SessionHarness.password,
        organization: OrganizationID? = nil, from source: String? = nil
    ) async throws -> TokenResponse {
        var options = CallOptions()
        if let source { options.metadata.add("datavault-source-address", source) }
        return try await sessions.logIn(
            .with {
                $0.email = email
                $0.password = password
                if let organization { $0.organization = "organizations/\(organization.rawValue)" }
            }, options: options)
    }

    func refresh(_ token: String, from source: String? = nil) async throws -> TokenResponse {
        var options = CallOptions()
        if let source { options.metadata.add("datavault-source-address", source) }
        return try await sessions.refreshSession(.with { $0.refreshToken = token }, options: options)
    }

    /// What an access token says, verified as a gateway would with the keys that are published now.
    func verified(_ token: String) async throws -> AccessToken {
        let published = try await sessions.getTokenKeys(.init()).keys
        keys.replace(
            raw: published.compactMap { key in
                Data(base64URL: key.x).map { (id: key.kid, publicKey: $0) }
            })
        return try verifier.verify(token, now: clock.now / 1_000)
    }

    /// The options of a call by a user with a session, or by an API key.
    func by(
        _ subject: String, of organization: OrganizationID, session: String? = nil, permissions: Set<String> = [],
        kind: VerifiedPrincipal.Kind = .user, _ method: MethodDescriptor
    ) throws -> CallOptions {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let principal = VerifiedPrincipal(
            organization: organization.rawValue, subject: subject, kind: kind, permissions: permissions,
            sourceAddress: "192.0.2.7", strength: .bearer, audience: .identity, method: method.path, issuedAt: now,
            expiresAt: now + 60_000, keyID: Harness.keyID, session: session)
        var options = CallOptions()
        options.metadata.add(
            PrincipalToken.metadataName, bytes: try PrincipalSigner(key: key, keyID: Harness.keyID).sign(principal))
        return options
    }

    /// Tells of a change of a user, as the handlers of users do.
    func change(_ user: (organization: OrganizationID, id: UserID), _ change: UserChange) async throws {
        let observers = core.observers
        try await core.store.system(.test).write { tx in
            try observers.userChanged(user.id, of: user.organization, change, in: tx)
        }
    }

    /// Runs a statement's condition in the store.
    func count(_ sql: SQL) async throws -> Int {
        try await core.store.system(.test).read { tx in try tx.value(Int.self, sql) ?? -1 }
    }

    func revocations() async throws -> [TokenRevocationRow] {
        try await core.store.system(.test).read { tx in
            try tx.all(
                TokenRevocationRow.self,
                """
                SELECT id, organization, session, user_id, issued_before_ms, until_ms FROM token_revocations ORDER BY id
                """)
        }
    }
}

extension Data {
    init?(base64URL text: String) {
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        self.init(base64Encoded: standard + String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4))
    }
}

/// Runs a test against Identity's sessions on a fresh store.
func withSessions(
    _ kind: Store.Kind, _ change: (inout SessionConfiguration) -> Void = { _ in },
    _ body: @Sendable (SessionHarness) async throws -> Void
) async throws {
    var configuration = SessionConfiguration()
    configuration.argon2 = cheap
    configuration.pool.threads = 2
    // A loaded machine is no reason to refuse.
    configuration.pool.maximumWait = .seconds(3_600)
    configuration.throttle.accountBurst = 1_000
    configuration.throttle.sourceBurst = 1_000
    change(&configuration)
    try await withIdentityStore(kind) { [configuration] store in
        let (key, clock) = (Curve25519.Signing.PrivateKey(), StandingClock())
        var environment = IdentityEnvironment()
        environment.now = { clock.now }
        let parts = SessionParts(
            configuration, store: store, rootKeys: RootKeyRing(SessionHarness.rootKey), environment: environment)
        let core = IdentityCore(
            store: store, replay: Replay(store: store),
            audit: AuditOutbox(
                Outbox(store), destination: IdentityService.auditDestination, encode: AuditEncoding.encode),
            permissions: Permissions(declared: Harness.declared), environment: environment, limits: IdentityLimits(),
            passwords: PolicyPasswords(policy: configuration.policy, hasher: parts.hasher),
            observers: UserChangeObservers([parts.ender]), seal: ReplySeal(rootKey: SessionHarness.rootKey))
        var policy = PolicyConfiguration(
            trustDomain: "dv", role: .identity,
            verifier: PrincipalVerifier(
                keys: PrincipalKeys([Harness.keyID: .init(publicKey: key.publicKey, certificateFingerprint: nil)])))
        policy.denials = core.audit
        let server = Server(
            services: [
                parts.handler(core),
                UsersHandler(core: core, passwords: UserPasswordCalls(core: core, parts: parts)),
            ],
            interceptors: PolicyLayer.interceptors(policy))
        let channel = ClientChannel(.inProcess(server, uriNames: ["spiffe://dv/gateway"]))
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(SessionHarness(core, parts, channel, clock, key)))
        } catch { result = .failure(error) }
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
        parts.hasher.pool.close()
        try result.get()
    }
}
