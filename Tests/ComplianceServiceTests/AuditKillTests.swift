import Foundation
import StoreTesting
import Testing

@testable import ComplianceService
@testable import Persistence

/// A process that is killed while it appends has lost nothing that it acknowledged, and leaves a whole tree.
@Suite(.serialized, .timeLimit(.minutes(5))) struct AuditKillTests {
    private static let probe = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "compliance-probe").path

    /// Runs the probe, kills it once it has acknowledged some calls, and returns the numbers that it acknowledged.
    private static func run(_ address: String, first: Int64, calls: Int) async throws -> [Int64] {
        let process = Process()
        process.executableURL = URL(filePath: probe)
        process.arguments = [address, "\(first)"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        return await offPool {
            let handle = output.fileHandleForReading
            var (bytes, isKilled) = (Data(), false)
            while true {
                let more = handle.availableData
                if more.isEmpty { break }
                bytes += more
                if !isKilled, bytes.count(where: { $0 == 0x0A }) >= calls {
                    kill(process.processIdentifier, SIGKILL)
                    isKilled = true
                }
            }
            process.waitUntilExit()
            // A line that was cut off may say a shorter number than it would have.
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            return lines.dropLast().flatMap { $0.split(separator: " ").compactMap { Int64($0) } }
        }
    }

    @Test(arguments: auditStores) func nothingAcknowledgedIsLost(_ kind: Store.Kind) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "audit-kill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let address =
            switch kind {
            case .sqlite: folder.appending(path: "compliance.db").path
            case .postgres: try await AuditDatabase.make().runtime
            }
        if kind == .sqlite {
            let store = try Store(.sqlite(path: address))
            try await Migrator(ComplianceService.migrations).migrate(store)
            await store.close()
        }
        var acknowledged: Set<Int64> = []
        var first = Int64(1)
        for round in 1...6 {
            // Each begins among the numbers of the one before, as a relay does that never got its answer.
            let numbers = try await Self.run(address, first: first, calls: round * 15)
            #expect(!numbers.isEmpty)
            acknowledged.formUnion(numbers)
            first = max((numbers.max() ?? 0) - 64, 1)
            first -= (first - 1) % 8
            let store = try Store(kind == .sqlite ? .sqlite(path: address) : .postgres(address))
            let log = AuditFixture(store: store)
            let sequences = try await log.leaves().map { try AuditLeaf($0).sequence }
            #expect(Set(sequences).count == sequences.count, "an event is there twice")
            #expect(acknowledged.isSubset(of: sequences), "an acknowledged event is not there")
            #expect(try await log.isWhole())
            let size = try await log.head().frontier.size
            let tiles = try await store.system(.auditTest).read { tx in
                try tx.value(Int64.self, "SELECT COUNT(*) FROM audit_tiles WHERE level = 0") ?? 0
            }
            #expect(tiles == size / 256)
            await store.close()
        }
    }
}
