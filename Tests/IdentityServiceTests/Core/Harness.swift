import ComplianceContract
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

/// Who makes a call, as a gateway would have found out.
struct TestCaller: Sendable {
    var organization: OrganizationID
    var subject = "users/00000000-0000-4000-8000-000000000001"
    var permissions: Set<String>
}

/// Hashes nothing, so that tests need not wait; refuses what is short.
struct TestPasswords: PasswordSetting, PasswordCalls {
    func hash(_ password: String, of owner: PasswordOwner) async throws -> String {
        guard password.count >= 12 else {
            throw IdentityError.passwordWeak(field: "", problems: ["must have at least 12 characters"])
        }
        return "test:\(password)"
    }

    func setUserPassword(
        _ request: Datavault_Identity_V1_SetUserPasswordRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty { throw RPCError(code: .unimplemented, message: "not here") }

    func changePassword(
        _ request: Datavault_Identity_V1_ChangePasswordRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty { throw RPCError(code: .unimplemented, message: "not here") }
}

/// Keeps what it is told, and fails where it is asked to.
final class TestObserver: UserChangeObserver {
    struct Failure: Error {}

    private let seen = Mutex<[String]>([])
    private let isFailing = Mutex(false)

    var all: [String] { seen.withLock { $0 } }
    func fail() { isFailing.withLock { $0 = true } }

    func userChanged(
        _ user: UserID, of organization: OrganizationID, _ change: UserChange, in tx: borrowing Transaction
    ) throws {
        if isFailing.withLock({ $0 }) { throw Failure() }
        // What it is told is true in the transaction: the user is there, also while being deleted.
        let found = try UserStore.user(user, of: organization, in: tx) != nil
        tx.afterCommit { [self] in seen.withLock { $0.append("\(change) \(user) \(found)") } }
    }

    func networksChanged(of organization: OrganizationID, to networks: [String], in tx: borrowing Transaction) throws {
        tx.afterCommit { [self] in seen.withLock { $0.append("networks \(organization) \(networks)") } }
    }
}

/// Identity's handlers behind the policy layer, on a real store, called with signed principals in this process.
struct Harness: Sendable {
    let core: IdentityCore
    let channel: ClientChannel
    let observer: TestObserver
    private let key: Curve25519.Signing.PrivateKey

    static let keyID = "tests"
    static let declared = [
        "users.read", "users.write", "api_keys.read", "api_keys.write", "organizations.read", "organizations.write",
        "tenants.manage", "notes.read", "notes.write",
    ]

    fileprivate init(
        core: IdentityCore, channel: ClientChannel, observer: TestObserver, key: Curve25519.Signing.PrivateKey
    ) {
        (self.core, self.channel, self.observer, self.key) = (core, channel, observer, key)
    }

    var organizations: Datavault_Identity_V1_OrganizationsService.Client { .init(channel) }
    var users: Datavault_Identity_V1_UsersService.Client { .init(channel) }
    var members: Datavault_Identity_V1_MembersService.Client { .init(channel) }

    /// The options of a call by somebody.
    func by(_ caller: TestCaller, _ method: MethodDescriptor) throws -> CallOptions {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let principal = VerifiedPrincipal(
            organization: caller.organization.rawValue, subject: caller.subject, kind: .user,
            permissions: caller.permissions, sourceAddress: "192.0.2.7", strength: .bearer, audience: .identity,
            method: method.path, issuedAt: now, expiresAt: now + 60_000, keyID: Self.keyID)
        var options = CallOptions()
        let token = try PrincipalSigner(key: key, keyID: Self.keyID).sign(principal)
        options.metadata.add(PrincipalToken.metadataName, bytes: token)
        return options
    }

    /// An organization with an admin, and that one as a caller.
    func organization(
        isOperator: Bool = false, email: String = "admin@example.com"
    ) async throws -> (id: OrganizationID, admin: UserID, caller: TestCaller) {
        let (core, now) = (core, core.environment.now())
        let id = OrganizationID(core.environment.identifier())
        let admin = try await person(email, [], of: nil)
        try await core.store.system(.test).write { tx in
            try OrganizationStore.insert(
                Organization(id: id, displayName: "Acme", isOperator: isOperator, createdAt: now, updatedAt: now),
                in: tx)
            try UserStore.insert(admin, passwordHash: nil, of: id, in: tx)
            try MemberStore.insert(Member(user: admin.id, roles: .admin, createdAt: now), of: id, in: tx)
        }
        let permissions = core.permissions.granted(to: .admin, isOperator: isOperator)
        return (id, admin.id, TestCaller(organization: id, subject: admin.id.name, permissions: permissions))
    }

    /// A person, put into an organization if one is named.
    @discardableResult
    func person(_ email: String, _ roles: MemberRoles, of organization: OrganizationID?) async throws -> User {
        let now = core.environment.now()
        let user = User(
            id: UserID(core.environment.identifier()), email: EmailAddress(email), displayName: "", createdAt: now,
            updatedAt: now)
        if let organization {
            try await core.store.scoped(organization).write { tx in
                try UserStore.insert(user, passwordHash: nil, of: organization, in: tx)
                try MemberStore.insert(Member(user: user.id, roles: roles, createdAt: now), of: organization, in: tx)
            }
        }
        return user
    }

    /// All audit events, in their order.
    func events() async throws -> [Datavault_Compliance_V1_AuditEvent] {
        let payloads = try await core.store.system(.test).read { tx in
            try tx.values([UInt8].self, "SELECT payload FROM outbox_messages ORDER BY id")
        }
        return try payloads.map { try Datavault_Compliance_V1_AuditEvent(serializedBytes: $0) }
    }
}

/// Runs a test against Identity on a fresh store.
func withIdentity(
    _ kind: Store.Kind, limits: IdentityLimits = IdentityLimits(), _ body: @Sendable (Harness) async throws -> Void
) async throws {
    try await withIdentityStore(kind) { store in
        let (key, observer) = (Curve25519.Signing.PrivateKey(), TestObserver())
        let core = IdentityCore(
            store: store, replay: Replay(store: store),
            audit: AuditOutbox(
                Outbox(store), destination: IdentityService.auditDestination, encode: AuditEncoding.encode),
            permissions: Permissions(declared: Harness.declared), environment: IdentityEnvironment(), limits: limits,
            passwords: TestPasswords(), observers: UserChangeObservers([observer]))
        var policy = PolicyConfiguration(
            trustDomain: "dv", role: .identity,
            verifier: PrincipalVerifier(
                keys: PrincipalKeys([Harness.keyID: .init(publicKey: key.publicKey, certificateFingerprint: nil)])))
        policy.denials = core.audit
        let server = Server(
            services: [
                OrganizationsHandler(core: core), UsersHandler(core: core, passwords: TestPasswords()),
                MembersHandler(core: core),
            ],
            interceptors: PolicyLayer.interceptors(policy))
        let channel = ClientChannel(.inProcess(server, uriNames: ["spiffe://dv/gateway"]))
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await body(Harness(core: core, channel: channel, observer: observer, key: key)))
        } catch { result = .failure(error) }
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
        try result.get()
    }
}

/// Why a call was refused, and what its details say.
struct Refusal: Equatable {
    let code: StatusCode
    let reason: String
    let metadata: [String: String]
    let fields: [String]
}

/// The refusal that the body ends in; an issue if it succeeds.
func refusal(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> some Any
) async throws -> Refusal {
    do {
        _ = try await body()
        Issue.record("the call succeeded", sourceLocation: sourceLocation)
    } catch let error as RPCError {
        let info = error.detail(Google_Rpc_ErrorInfo.self)
        return Refusal(
            code: error.code, reason: info?.reason ?? "", metadata: info?.metadata ?? [:],
            fields: error.detail(Google_Rpc_BadRequest.self)?.fieldViolations.map(\.field) ?? [])
    }
    return Refusal(code: .ok, reason: "", metadata: [:], fields: [])
}
