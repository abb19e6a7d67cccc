import ComplianceContract
import Crypto
import Foundation
import IdentityContract
import Jobs
import Logging
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

/// A clock that tests set.
final class KeysClock: Sendable {
    private let offset = Mutex<Int64>(0)

    /// Microseconds since 1970.
    var now: Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) + offset.withLock { $0 } }
    func advance(_ duration: Duration) { offset.withLock { $0 += Int64(duration / .microseconds(1)) } }
}

/// What instances of Identity on one store share.
struct KeysSetting: Sendable {
    var store: Store
    var rootKey = SymmetricKey(size: .bits256)
    var clock = KeysClock()
    var configuration = ApiKeyConfiguration()
    var feed = CredentialFeed.Configuration()
    var trust = TrustHandler.Configuration()

    init(store: Store) {
        self.store = store
        // A loaded machine is not what these tests are about: only those of silence have short times.
        feed.heartbeat = .milliseconds(100)
        feed.silenceLimit = .seconds(60)
        feed.stall = .seconds(120)
    }
}

/// One instance of Identity, with all that is about keys, behind the policy layer, called in this process.
final class KeysInstance: Sendable {
    let core: IdentityCore
    let keys: ApiKeys
    let vault: VaultStore
    let feed: CredentialFeed
    let changes: CredentialChanges
    let retirement: OverlapRetirement
    let cleaner: KeyCleaner
    let clock: KeysClock
    let server: Server
    /// As a gateway.
    let channel: ClientChannel
    /// As the pipeline.
    let roleChannel: ClientChannel
    private let key = Curve25519.Signing.PrivateKey()

    static let keyID = "tests"
    static let declared = [
        "users.read", "users.write", "api_keys.read", "api_keys.write", "organizations.read", "organizations.write",
        "tenants.manage", "notes.read", "notes.write",
    ]

    init(_ setting: KeysSetting) {
        let (store, clock) = (setting.store, setting.clock)
        self.clock = clock
        var environment = IdentityEnvironment()
        environment.now = { clock.now }
        let logger = Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })
        let permissions = Permissions(declared: Self.declared)
        let audit = AuditOutbox(
            Outbox(store), destination: IdentityService.auditDestination, encode: AuditEncoding.encode)
        vault = VaultStore(store: store, vault: SecretVault(rootKey: setting.rootKey), now: environment.now)
        changes = CredentialChanges(bell: Wakeup(), now: environment.now)
        keys = ApiKeys(
            vault: vault, effective: EffectivePermissions(permissions: permissions), environment: environment,
            changes: changes, configuration: setting.configuration)
        core = IdentityCore(
            store: store, replay: Replay(store: store), audit: audit, permissions: permissions,
            environment: environment, limits: IdentityLimits(), passwords: TestPasswords(),
            observers: UserChangeObservers([KeyChangeObserver(keys: keys, audit: audit)]))
        let tokens = StoredTokenTrust(issuer: "issuer", audience: "audience")
        feed = CredentialFeed(
            store: store, vault: vault,
            reader: CredentialReader(vault: vault.vault, permissions: permissions, logger: logger), tokens: tokens,
            bell: changes.bell, environment: environment, configuration: setting.feed, logger: logger)
        retirement = OverlapRetirement(core: core, keys: keys, logger: logger)
        cleaner = KeyCleaner(
            store: store, environment: environment, configuration: setting.configuration,
            retention: setting.feed.retention, logger: logger)
        var policy = PolicyConfiguration(
            trustDomain: "dv", role: .identity,
            verifier: PrincipalVerifier(
                keys: PrincipalKeys([Self.keyID: .init(publicKey: key.publicKey, certificateFingerprint: nil)])))
        policy.denials = audit
        server = Server(
            services: [
                ApiKeysHandler(core: core, keys: keys), UsersHandler(core: core, passwords: TestPasswords()),
                MembersHandler(core: core), OrganizationsHandler(core: core),
                TrustHandler(
                    store: store, vault: vault, feed: feed, tokens: tokens,
                    usage: KeyUsageStore(
                        store: store, environment: environment, batch: setting.configuration.usageBatch),
                    changes: changes, audit: audit, environment: environment, configuration: setting.trust,
                    logger: logger),
            ],
            interceptors: PolicyLayer.interceptors(policy))
        channel = ClientChannel(.inProcess(server, uriNames: ["spiffe://dv/gateway"]))
        roleChannel = ClientChannel(.inProcess(server, uriNames: ["spiffe://dv/pipeline"]))
    }

    var apiKeys: Datavault_Identity_V1_ApiKeysService.Client { .init(channel) }
    var users: Datavault_Identity_V1_UsersService.Client { .init(channel) }
    var members: Datavault_Identity_V1_MembersService.Client { .init(channel) }
    var organizations: Datavault_Identity_V1_OrganizationsService.Client { .init(channel) }
    var trust: Datavault_Identity_V1_TrustService.Client { .init(channel) }
    var roleTrust: Datavault_Identity_V1_TrustService.Client { .init(roleChannel) }

    /// Runs a body while the instance looks for changes.
    func run(_ body: (KeysInstance) async throws -> Void) async throws {
        let looking = Task { [feed] in try await feed.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(self)) } catch { result = .failure(error) }
        feed.drain()
        await channel.shutDown(grace: .zero)
        await roleChannel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
        looking.cancel()
        _ = try? await looking.value
        try result.get()
    }

    /// The options of a call by somebody.
    func by(_ caller: TestCaller, _ method: MethodDescriptor) throws -> CallOptions {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let principal = VerifiedPrincipal(
            organization: caller.organization.rawValue, subject: caller.subject,
            kind: caller.subject.hasPrefix("api-keys/") ? .apiKey : .user, permissions: caller.permissions,
            sourceAddress: "192.0.2.7", strength: .bearer, audience: .identity, method: method.path, issuedAt: now,
            expiresAt: now + 60_000, keyID: Self.keyID)
        var options = CallOptions()
        let token = try PrincipalSigner(key: key, keyID: Self.keyID).sign(principal)
        options.metadata.add(PrincipalToken.metadataName, bytes: token)
        return options
    }

    /// An organization with an admin, who calls.
    func organization() async throws -> TestCaller {
        let (core, now) = (core, clock.now)
        let id = OrganizationID(core.environment.identifier())
        try await core.store.system(.test).write { tx in
            try OrganizationStore.insert(
                Organization(id: id, displayName: "Acme", createdAt: now, updatedAt: now), in: tx)
        }
        return try await person(.admin, of: id)
    }

    /// A person who calls.
    func person(_ roles: MemberRoles, of organization: OrganizationID) async throws -> TestCaller {
        let (core, now) = (core, clock.now)
        let user = User(
            id: UserID(core.environment.identifier()),
            email: EmailAddress("\(core.environment.identifier())@example.com"),
            displayName: "", createdAt: now, updatedAt: now)
        try await core.store.scoped(organization).write { tx in
            try UserStore.insert(user, passwordHash: nil, of: organization, in: tx)
            try MemberStore.insert(Member(user: user.id, roles: roles, createdAt: now), of: organization, in: tx)
        }
        return TestCaller(
            organization: organization, subject: user.id.name,
            permissions: core.permissions.granted(to: roles, isOperator: false))
    }

    /// All audit events, in their order.
    func events() async throws -> [Datavault_Compliance_V1_AuditEvent] {
        let payloads = try await core.store.system(.test).read { tx in
            try tx.values([UInt8].self, "SELECT payload FROM outbox_messages ORDER BY id")
        }
        return try payloads.map { try Datavault_Compliance_V1_AuditEvent(serializedBytes: $0) }
    }
}

/// Calls about keys.
extension KeysInstance {
    typealias Methods = Datavault_Identity_V1_ApiKeysService.Methods

    func create(
        _ caller: TestCaller, requestID: String = "", _ change: (inout ApiKeyMessage) -> Void = { _ in }
    ) async throws -> ApiKeySecretsMessage {
        var request = Datavault_Identity_V1_CreateApiKeyRequest()
        request.requestID = requestID
        request.apiKey.displayName = "key"
        change(&request.apiKey)
        return try await apiKeys.createApiKey(request, options: by(caller, Methods.createApiKey))
    }

    func get(_ caller: TestCaller, _ name: String) async throws -> ApiKeyMessage {
        try await apiKeys.getApiKey(.with { $0.name = name }, options: by(caller, Methods.getApiKey))
    }

    func update(
        _ caller: TestCaller, _ name: String, mask: [String] = [], _ change: (inout ApiKeyMessage) -> Void
    ) async throws -> ApiKeyMessage {
        var request = Datavault_Identity_V1_UpdateApiKeyRequest()
        request.apiKey.name = name
        change(&request.apiKey)
        if !mask.isEmpty { request.updateMask = Google_Protobuf_FieldMask(protoPaths: mask) }
        return try await apiKeys.updateApiKey(request, options: by(caller, Methods.updateApiKey))
    }

    func rotate(
        _ caller: TestCaller, _ name: String, overlap: Int64? = nil, requestID: String = ""
    ) async throws -> ApiKeySecretsMessage {
        var request = Datavault_Identity_V1_RotateApiKeyRequest()
        (request.name, request.requestID) = (name, requestID)
        if let overlap { request.overlap.seconds = overlap }
        return try await apiKeys.rotateApiKey(request, options: by(caller, Methods.rotateApiKey))
    }

    func rotateSigning(
        _ caller: TestCaller, _ name: String, overlap: Int64? = nil
    ) async throws -> ApiKeySecretsMessage {
        var request = Datavault_Identity_V1_RotateSigningSecretRequest()
        request.name = name
        if let overlap { request.overlap.seconds = overlap }
        return try await apiKeys.rotateSigningSecret(request, options: by(caller, Methods.rotateSigningSecret))
    }

    func revoke(_ caller: TestCaller, _ name: String) async throws -> ApiKeyMessage {
        try await apiKeys.revokeApiKey(.with { $0.name = name }, options: by(caller, Methods.revokeApiKey))
    }

    func revokeLeaked(_ secret: String) async throws {
        _ = try await apiKeys.revokeLeakedApiKey(.with { $0.secret = secret })
    }

    func list(
        _ caller: TestCaller, _ change: (inout Datavault_Identity_V1_ListApiKeysRequest) -> Void = { _ in }
    ) async throws -> Datavault_Identity_V1_ListApiKeysResponse {
        var request = Datavault_Identity_V1_ListApiKeysRequest()
        change(&request)
        return try await apiKeys.listApiKeys(request, options: by(caller, Methods.listApiKeys))
    }

    func report(_ key: String, _ secret: String, at time: Int64) async throws {
        _ = try await trust.reportKeyUsage(
            .with {
                $0.usages = [
                    .with {
                        $0.key = key
                        $0.secret = secret
                        $0.lastUsedMs = time / 1_000
                    }
                ]
            })
    }
}

/// Runs a test against instances of Identity on a fresh store.
func withKeys(
    _ kind: Store.Kind, _ change: (inout KeysSetting) -> Void = { _ in },
    _ body: (KeysInstance, KeysSetting) async throws -> Void
) async throws {
    try await withIdentityStore(kind) { store in
        var setting = KeysSetting(store: store)
        change(&setting)
        let final = setting
        try await KeysInstance(final).run { try await body($0, final) }
    }
}

extension String {
    /// A name without its collection.
    var identifier: String { String(split(separator: "/").last ?? "") }
}
