import ComplianceContract
import Crypto
import Foundation
import Jobs
import NIOCore
import PipelineContract
import Policy
import PolicyModel
import ScrapeContract
import ServiceKit
import ServiceLifecycle
import SwiftProtobuf
import Testing
import Wire
import WireProtos

@testable import Persistence
@testable import PipelineService

/// Who makes a call, as a gateway would have found out.
struct PipelineCaller: Sendable {
    var organization = OrganizationID(UUID().uuidString.lowercased())
    var subject = "users/00000000-0000-4000-8000-000000000001"
    var permissions: Set<String> = [
        "datasets.read", "datasets.write", "files.read", "files.write", "pipelines.read", "pipelines.write",
        "pipelines.run",
    ]
}

/// The service behind the policy layer, on a real store and real objects, called with signed principals in this process,
/// with a worker that does its runs and a scrape role of the test's.
struct PipelineBed: Sendable {
    let core: PipelineCore
    let channel: ClientChannel
    let scrape: TestScrape
    /// Where the store and the objects are, for other processes.
    let storeAddress, folder: String
    let caller = PipelineCaller()
    fileprivate let key: Curve25519.Signing.PrivateKey

    fileprivate static let keyID = "tests"

    var files: Datavault_Pipeline_V1_FilesService.Client { .init(channel) }
    var datasets: Datavault_Pipeline_V1_DatasetsService.Client { .init(channel) }
    var pipelines: Datavault_Pipeline_V1_PipelinesService.Client { .init(channel) }
    var runs: Datavault_Pipeline_V1_RunsService.Client { .init(channel) }

    /// The options of a call by somebody.
    func by(_ caller: PipelineCaller? = nil, _ method: MethodDescriptor) throws -> CallOptions {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let caller = caller ?? self.caller
        let principal = VerifiedPrincipal(
            organization: caller.organization.rawValue, subject: caller.subject, kind: .user,
            permissions: caller.permissions, sourceAddress: "192.0.2.7", strength: .bearer, audience: .pipeline,
            method: method.path, issuedAt: now, expiresAt: now + 60_000, keyID: Self.keyID)
        var options = CallOptions()
        let token = try PrincipalSigner(key: key, keyID: Self.keyID).sign(principal)
        options.metadata.add(PrincipalToken.metadataName, bytes: token)
        return options
    }

    /// All audit events, in their order.
    func events() async throws -> [Datavault_Compliance_V1_AuditEvent] {
        let payloads = try await core.store.system(.pipelineTest).read { tx in
            try tx.values([UInt8].self, "SELECT payload FROM outbox_messages ORDER BY id")
        }
        return try payloads.map { try Datavault_Compliance_V1_AuditEvent(serializedBytes: $0) }
    }

    /// All objects that are there.
    func objects() async throws -> [String] {
        try await core.objects.list(prefix: "", after: nil, limit: 1_000).map(\.description)
    }
}

/// Runs a test against the service on a fresh store.
///
/// - Parameter hasWorker: Whether runs are done.
func withPipelines(
    _ kind: Store.Kind, bounds: PipelineBounds = PipelineBounds(), hasWorker: Bool = true,
    _ body: @Sendable (PipelineBed) async throws -> Void
) async throws {
    try await withPipelineStore(kind) { store, address, folder in
        let key = Curve25519.Signing.PrivateKey()
        let scrape = TestScrape()
        let scrapePolicy = PolicyConfiguration(
            trustDomain: "dv", role: .scrape, verifier: PrincipalVerifier(keys: PrincipalKeys([:])))
        let scrapeServer = Server(services: [scrape], interceptors: PolicyLayer.interceptors(scrapePolicy))
        let scrapeChannel = ClientChannel(.inProcess(scrapeServer, uriNames: ["spiffe://dv/pipeline"]))
        var core = PipelineCore(
            store: store, objects: try FolderObjectStore(folder), replay: Replay(store: store),
            audit: AuditOutbox(Outbox(store)), queue: JobQueue(store), work: WorkPool(threads: 2),
            scrape: ScrapeRecords(channel: { scrapeChannel }, role: .pipeline))
        core.bounds = bounds
        var policy = PolicyConfiguration(
            trustDomain: "dv", role: .pipeline,
            verifier: PrincipalVerifier(
                keys: PrincipalKeys([
                    PipelineBed.keyID: .init(publicKey: key.publicKey, certificateFingerprint: nil)
                ])))
        policy.denials = core.audit
        let server = Server(
            services: PipelineService.services(core), interceptors: PolicyLayer.interceptors(policy))
        let channel = ClientChannel(.inProcess(server, uriNames: ["spiffe://dv/gateway"]))
        let bed = PipelineBed(
            core: core, channel: channel, scrape: scrape, storeAddress: address, folder: folder, key: key)
        var configuration = WorkerConfiguration()
        configuration.lease = .seconds(60)
        configuration.drain = .zero
        let worker = JobWorker(core.queue, handlers: [RunJob.handler(core)], configuration: configuration)
        let working = Task { if hasWorker { try? await worker.run() } }
        let result: Result<Void, any Error>
        do { result = .success(try await body(bed)) } catch { result = .failure(error) }
        working.cancel()
        await working.value
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
        await scrapeChannel.shutDown(grace: .zero)
        await scrapeServer.drain(grace: .zero)
        try result.get()
    }
}

/// Why a call was refused, and what its details say.
struct PipelineRefusal: Equatable {
    var code: StatusCode
    var reason: String
    var metadata: [String: String] = [:]
    var fields: [String] = []
}

/// The refusal that the body ends in; an issue if it succeeds.
func pipelineRefusal(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> some Any
) async throws -> PipelineRefusal {
    do {
        _ = try await body()
        Issue.record("the call succeeded", sourceLocation: sourceLocation)
    } catch let error as RPCError {
        let info = error.detail(Google_Rpc_ErrorInfo.self)
        return PipelineRefusal(
            code: error.code, reason: info?.reason ?? "", metadata: info?.metadata ?? [:],
            fields: error.detail(Google_Rpc_BadRequest.self)?.fieldViolations.map(\.field) ?? [])
    }
    return PipelineRefusal(code: .ok, reason: "")
}
