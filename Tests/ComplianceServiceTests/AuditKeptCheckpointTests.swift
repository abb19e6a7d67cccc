import ComplianceContract
import Foundation
import GoogleAPIContract
import Logging
import Persistence
import SwiftProtobuf
import Synchronization
import Testing
import Wire

@testable import ComplianceService

/// Checkpoints that the log signs by itself and keeps.
@Suite(.timeLimit(.minutes(5))) struct AuditKeptCheckpointTests {
    private typealias List = Datavault_Compliance_V1_ListCheckpointsResponse

    /// Microseconds since 1970, as a test says.
    private final class Clock: Sendable {
        private let time = Mutex(Int64(1_795_276_800_000_000))
        var now: Int64 { time.withLock { $0 } }
        func advance(_ seconds: Int64) { time.withLock { $0 += seconds * 1_000_000 } }
    }

    private func signer(_ log: AuditHarness, _ clock: Clock, kept: Int = 100, batch: Int = 1) -> CheckpointSigner {
        var configuration = CheckpointSigner.Configuration()
        (configuration.interval, configuration.kept, configuration.batch) = (.seconds(60), kept, batch)
        return CheckpointSigner(
            store: log.log.store, keys: log.keys, configuration: configuration, now: { clock.now },
            logger: Logger(label: "test"))
    }

    private func list(
        _ log: AuditHarness, _ caller: AuditCaller = AuditCaller(),
        _ change: (inout Datavault_Compliance_V1_ListCheckpointsRequest) -> Void = { _ in }
    ) async throws -> List {
        var request = Datavault_Compliance_V1_ListCheckpointsRequest()
        change(&request)
        return try await log.logs.listCheckpoints(request, options: log.by(caller, LogsMethods.listCheckpoints))
    }

    private func get(_ log: AuditHarness, _ size: Int64) async throws -> CheckpointMessage {
        try await log.logs.getCheckpoint(
            .with { $0.size = size }, options: log.by(AuditCaller(), LogsMethods.getCheckpoint))
    }

    @Test(arguments: auditStores) func logsAreSignedWhenTheyHaveGrown(_ kind: Store.Kind) async throws {
        try await withCompliance(kind) { log in
            let clock = Clock()
            let signer = signer(log, clock)
            #expect(try await signer.round() == 0)
            try await log.add([try AuditFixture.event(1), try AuditFixture.event(2, of: AuditFixture.globex)])
            try await log.add([try AuditFixture.event(3, of: .suite)])
            // Each log of its own, the suite's among them.
            #expect(try await signer.round() == 3)
            clock.advance(3_600)
            #expect(try await signer.round() == 0, "nothing has grown")
            try await log.add([try AuditFixture.event(4)])
            #expect(try await signer.round() == 1)
            try await log.add([try AuditFixture.event(5)])
            clock.advance(59)
            #expect(try await signer.round() == 0, "the interval is not over")
            clock.advance(1)
            #expect(try await signer.round() == 1)
            #expect(try await list(log).checkpoints.map(\.size) == [3, 2, 1])
            #expect(try await list(log, AuditCaller(organization: "globex")).checkpoints.map(\.size) == [1])
            #expect(try await list(log, AuditCaller(organization: "initech")).checkpoints.isEmpty)
            let operators = AuditCaller(permissions: ["audit.read", "tenants.audit"])
            let suite = try await list(log, operators) { $0.scope = .suite }.checkpoints
            #expect(suite.map(\.origin) == ["dv/audit/suite"])
            let refused = try await auditRefusal { try await list(log) { $0.scope = .suite } }
            #expect(refused == "PERMISSION_MISSING")
        }
    }

    /// Whoever has kept nothing can show later that the log still begins with what it was, whatever key signed that.
    @Test(arguments: auditStores) func consistencyFromEachIsShown(_ kind: Store.Kind) async throws {
        try await withCompliance(kind) { log in
            let (clock, old) = (Clock(), try await log.verifier())
            let signer = signer(log, clock)
            var next = Int64(1)
            for count in [Int64(1), 6, 249, 1, 300] {
                try await log.add(try (next..<next + count).map { try AuditFixture.event($0) })
                next += count
                #expect(try await signer.round() == 1)
                clock.advance(60)
                if count == 249 {
                    _ = try await log.logs.rotateLogKey(
                        .init(),
                        options: log.by(AuditCaller(permissions: ["tenants.audit"]), LogsMethods.rotateLogKey))
                }
            }
            let keys = [try await log.verifier(), old]
            let kept = try await list(log).checkpoints
            #expect(kept.map(\.size) == [557, 257, 256, 7, 1])
            #expect(Set(kept.map(\.keyID)).count == 2)
            try await log.add([try AuditFixture.event(next)])
            for checkpoint in kept {
                let signed = try SignedCheckpoint(checkpoint.text, keys: keys)
                #expect(signed.size == checkpoint.size && signed.origin == checkpoint.origin)
                #expect(signed.root == Array(checkpoint.rootHash) && signed.time == checkpoint.time.seconds)
                #expect(try await get(log, checkpoint.size) == checkpoint)
                let proof = try await log.logs.getConsistencyProof(
                    .with { $0.firstSize = signed.size },
                    options: log.by(AuditCaller(), LogsMethods.getConsistencyProof))
                let present = try SignedCheckpoint(proof.checkpoint.text, keys: keys)
                #expect(present.size == 558)
                #expect(
                    MerkleVerification.isConsistent(
                        first: signed.size, signed.root, second: present.size, present.root,
                        proof: proof.hashes.map { Array($0) }))
            }
            let present = try await get(log, 0)
            #expect(present.size == 558)
            for size in [Int64(2), 558, .max] {
                #expect(try await auditRefusal { try await get(log, size) } == "CHECKPOINT_UNKNOWN")
            }
        }
    }

    @Test(arguments: auditStores) func theOldestAreDroppedAndListsArePaged(_ kind: Store.Kind) async throws {
        try await withCompliance(kind) { log in
            let clock = Clock()
            let signer = signer(log, clock, kept: 5)
            try await log.add([try AuditFixture.event(100, of: AuditFixture.globex)])
            for number in Int64(1)...8 {
                try await log.add([try AuditFixture.event(number)])
                try await signer.round()
                clock.advance(60)
            }
            var (sizes, token) = ([[Int64]](), "")
            repeat {
                let page = try await list(log) { ($0.pageSize, $0.pageToken) = (2, token) }
                sizes.append(page.checkpoints.map(\.size))
                token = page.nextPageToken
            } while !token.isEmpty
            #expect(sizes == [[8, 7], [6, 5], [4]])
            #expect(try await list(log, AuditCaller(organization: "globex")).checkpoints.map(\.size) == [1])
            let first = try await list(log) { $0.pageSize = 2 }.nextPageToken
            let other = try await auditRefusal {
                try await list(log, AuditCaller(organization: "globex")) { $0.pageToken = first }
            }
            #expect(other == "PAGE_TOKEN_INVALID page_token")
        }
    }

    /// Instances that share a database keep one between them.
    @Test(arguments: auditStores) func ofSeveralInstancesOneSigns(_ kind: Store.Kind) async throws {
        try await withCompliance(kind) { log in
            let clock = Clock()
            try await log.add(try (1...20).map { try AuditFixture.event($0, of: .init(organization: "o\($0)")) })
            let signers = (0..<4).map { _ in signer(log, clock, batch: 7) }
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for signer in signers { group.addTask { try await signer.round() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.reduce(0, +) == 20, "\(counts)")
        }
    }

    /// Between times of the log's own, which never go back, an export is in one piece, and proved.
    @Test(arguments: auditStores) func exportsOfATimeHold(_ kind: Store.Kind) async throws {
        try await withCompliance(kind) { log in
            let key = try await log.verifier()
            // Three entries at 10 s, four at 20 s, two at 30 s.
            for (second, numbers) in [(Int64(10), Int64(1)...3), (20, 4...7), (30, 8...9)] {
                let (events, writer) = (try numbers.map { try AuditFixture.event($0, time: 1) }, log.log.writer)
                _ = try await log.log.store.system(.appendEvents).write { tx in
                    try writer.append([events], now: second * 1_000_000, in: tx)
                }
            }
            func export(
                _ change: (inout Datavault_Compliance_V1_ExportAuditLogsRequest) -> Void
            ) async throws -> Range<Int64> {
                var request = Datavault_Compliance_V1_ExportAuditLogsRequest()
                change(&request)
                let stream = try await log.logs.exportAuditLogs(
                    request, options: log.by(.admin, LogsMethods.exportAuditLogs))
                var text = ""
                for try await part in stream { text += String(decoding: part.data, as: UTF8.self) }
                var verifier = ExportVerifier(keys: [key])
                for line in text.split(separator: "\n") { try verifier.take(String(line)) }
                let report = try verifier.report()
                return report.first..<report.end
            }
            func at(_ seconds: Int64) -> Google_Protobuf_Timestamp { .init(seconds: seconds, nanos: 0) }
            #expect(try await export { $0.startTime = at(20) } == 3..<9)
            #expect(try await export { $0.endTime = at(20) } == 0..<3)
            #expect(try await export { ($0.startTime, $0.endTime) = (at(11), at(30)) } == 3..<7)
            #expect(try await export { ($0.startTime, $0.firstIndex) = (at(20), 5) } == 5..<9)
            #expect(try await export { ($0.endTime, $0.endIndex) = (at(30), 5) } == 0..<5)
            #expect(try await export { $0.startTime = at(31) }.isEmpty)
            #expect(try await export { $0.endTime = at(10) } == 0..<0)
            #expect(try await export { ($0.startTime, $0.endTime) = (at(30), at(10)) }.isEmpty)
            let refused = try await auditRefusal { try await export { $0.endTime = at(.max) } }
            #expect(refused == "FIELDS_INVALID end_time")
        }
    }
}
