import ComplianceContract
import Crypto
import Foundation
import Jobs
import Logging
import NIOCore
import Policy
import PolicyModel
import ServiceKit
import ServiceLifecycle
import SwiftProtobuf
import Testing
import Wire
import WireProtos

@testable import ComplianceService
@testable import Persistence

typealias LogsMethods = Datavault_Compliance_V1_AuditLogsService.Methods
typealias LogsClient = Datavault_Compliance_V1_AuditLogsService.Client

/// Who makes a call, as a gateway would have found out.
struct AuditCaller: Sendable {
    var organization = "acme"
    var subject = "users/00000000-0000-4000-8000-000000000001"
    var permissions: Set<String> = ["audit.read"]

    static let admin = AuditCaller(permissions: ["audit.read", "audit.personal", "audit.erase"])
}

/// Compliance's handlers behind the policy layer, on a real store, called with signed principals in this process.
struct AuditHarness: Sendable {
    let log: AuditFixture
    let appender: GroupAppender
    let outbox: Outbox
    let keys: LogKeyStore
    let feed: LogFeed
    /// As the gateway, and as a role that tells events.
    let gateway, scrape: ClientChannel
    private let key: Curve25519.Signing.PrivateKey

    fileprivate init(
        log: AuditFixture, appender: GroupAppender, outbox: Outbox, keys: LogKeyStore, feed: LogFeed,
        gateway: ClientChannel, scrape: ClientChannel, key: Curve25519.Signing.PrivateKey
    ) {
        (self.log, self.appender, self.outbox, self.keys, self.feed) = (log, appender, outbox, keys, feed)
        (self.gateway, self.scrape, self.key) = (gateway, scrape, key)
    }

    var logs: LogsClient { LogsClient(gateway) }
    var intake: Datavault_Compliance_V1_AuditIntakeService.Client { .init(scrape) }

    func by(_ caller: AuditCaller, _ method: MethodDescriptor) throws -> CallOptions {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let principal = VerifiedPrincipal(
            organization: caller.organization, subject: caller.subject, kind: .user, permissions: caller.permissions,
            sourceAddress: "192.0.2.7", strength: .bearer, audience: .compliance, method: method.path, issuedAt: now,
            expiresAt: now + 60_000, keyID: "tests")
        var options = CallOptions()
        options.metadata.add(
            PrincipalToken.metadataName, bytes: try PrincipalSigner(key: key, keyID: "tests").sign(principal))
        return options
    }

    func verifier() async throws -> VerifierKey {
        let response = try await logs.listLogKeys(.init(), options: by(AuditCaller(), LogsMethods.listLogKeys))
        return try #require(VerifierKey(response.keys[0].verifier))
    }

    func add(_ events: [IncomingEvent]) async throws { _ = try await appender.append(events) }

    /// The role's own events, as its relay would take them.
    func ownEvents() async throws -> [Datavault_Compliance_V1_AuditEvent] {
        let payloads = try await log.store.system(.auditTest).read { tx in
            try tx.values([UInt8].self, "SELECT payload FROM outbox_messages ORDER BY id")
        }
        return try payloads.map { try Datavault_Compliance_V1_AuditEvent(serializedBytes: $0) }
    }
}

func withCompliance(
    _ kind: Store.Kind, feed configuration: LogFeed.Configuration = LogFeed.Configuration(),
    _ body: @Sendable (AuditHarness) async throws -> Void
) async throws {
    try await withAuditStore(kind) { store in
        let (log, key, feed) = (
            AuditFixture(store: store), Curve25519.Signing.PrivateKey(), LogFeed(configuration: configuration)
        )
        let appender = log.appender { logs in feed.grown(logs) }
        let outbox = Outbox(store)
        let audit = AuditOutbox(outbox)
        let keys = LogKeyStore(name: "dv/audit", rootKey: AuditFixture.rootKey)
        let now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000_000) }
        try await LogKeyStart(store: store, keys: keys, now: now, logger: Logger(label: "test")).ensure()
        var policy = PolicyConfiguration(
            trustDomain: "dv", role: .compliance,
            verifier: PrincipalVerifier(
                keys: PrincipalKeys(["tests": .init(publicKey: key.publicKey, certificateFingerprint: nil)])))
        policy.denials = audit
        let server = Server(
            services: [
                AuditIntakeHandler(appender: appender),
                AuditLogsHandler(
                    store: store, replay: Replay(store: store), audit: audit, subjectKeys: log.keys, logKeys: keys,
                    feed: feed, now: now),
            ],
            interceptors: PolicyLayer.interceptors(policy))
        let gateway = ClientChannel(.inProcess(server, uriNames: ["spiffe://dv/gateway"]))
        let scrape = ClientChannel(.inProcess(server, uriNames: ["spiffe://dv/scrape"]))
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await body(
                    AuditHarness(
                        log: log, appender: appender, outbox: outbox, keys: keys, feed: feed, gateway: gateway,
                        scrape: scrape, key: key)))
        } catch { result = .failure(error) }
        await gateway.shutDown(grace: .zero)
        await scrape.shutDown(grace: .zero)
        await server.drain(grace: .zero)
        try result.get()
    }
}

/// The reason that a call is refused for; an issue if it succeeds.
func auditRefusal(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> some Any
) async throws -> String {
    do {
        _ = try await body()
        Issue.record("the call succeeded", sourceLocation: sourceLocation)
    } catch let error as RPCError {
        let fields = error.detail(Google_Rpc_BadRequest.self)?.fieldViolations.map(\.field) ?? []
        return ([error.detail(Google_Rpc_ErrorInfo.self)?.reason ?? "\(error.code)"] + fields).joined(separator: " ")
    }
    return ""
}
