import Foundation
import StoreTesting
import Testing

@testable import Persistence

/// What is acknowledged is on disk: seen from outside the process that writes.
@Suite struct DurabilityTests {
    private static let probe = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "persistence-probe").path

    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "probe-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    /// The fsyncs of the log between "ready" and "done", as strace saw them.
    private func syncs(_ mode: String, _ count: Int) async throws -> Int {
        var result = 0
        try await withFolder { folder in
            let trace = folder.appending(path: "trace")
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/strace")
            process.arguments = [
                "-f", "-y", "-e", "trace=fsync,fdatasync,write", "-o", trace.path, Self.probe,
                folder.appending(path: "probe.db").path, mode, "\(count)",
            ]
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            await offPool { process.waitUntilExit() }
            #expect(process.terminationStatus == 0)
            let lines = try String(contentsOf: trace, encoding: .utf8).split(separator: "\n")
            let start = try #require(lines.firstIndex { $0.contains("\"ready") })
            let end = try #require(lines.firstIndex { $0.contains("\"done") })
            result = lines[start..<end].count { $0.contains("sync(") && $0.contains("probe.db-wal") }
        }
        return result
    }

    @Test func eachCommitIsSynced() async throws {
        let count = try await syncs("sequential", 20)
        #expect(count >= 20)
        #expect(count <= 25)
    }

    @Test func aGroupSharesItsSync() async throws {
        let count = try await syncs("together", 400)
        #expect(count >= 1)
        #expect(count <= 100, "\(count) syncs for 400 writes at the same time")
    }

    @Test func acknowledgedWritesSurviveAKill() async throws {
        try await withFolder { folder in
            let file = folder.appending(path: "probe.db").path
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(filePath: Self.probe)
            process.arguments = [file, "endless"]
            process.standardOutput = output
            try process.run()
            var text = ""
            while text.split(separator: "\n").count < 60 {
                let data = output.fileHandleForReading.availableData
                try #require(!data.isEmpty, "the probe ended by itself")
                text += String(decoding: data, as: UTF8.self)
            }
            kill(process.processIdentifier, SIGKILL)
            text += String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            // The last line may be cut.
            let acknowledged = text.split(separator: "\n").dropFirst().dropLast().compactMap { Int($0) }
            let store = try Store(.sqlite(path: file))
            let kept = try await store.system(.test).read {
                try $0.values(Int.self, "SELECT n FROM numbers ORDER BY n")
            }
            await store.close()
            #expect(acknowledged.count > 40)
            #expect(Set(acknowledged).isSubset(of: kept))
            #expect(kept == Array(0..<kept.count))
        }
    }

    /// With the disk's waiting on, and nothing but a crash between the write and the reading.
    @Test func postgresKeepsWhatItAcknowledged() async throws {
        let server = try PostgresServer(options: ["-c", "fsync=on", "-c", "synchronous_commit=off"])
        defer { server.end() }
        let store = try Store(.postgres(server.url))
        try await Migrator(Note.migrations).migrate(store)
        for round in 0..<5 {
            try await store.scoped(acme).write { try $0.add("n\(round)") }
            try server.command("crash")
            try server.command("start")
            #expect(try await store.ids().count == round + 1)
        }
        let commits = try await store.system(.test).read {
            try $0.value(String.self, "SELECT current_setting('synchronous_commit') AS s")
        }
        #expect(commits == "on")
        await store.close()
    }

    @Test func sqliteIsSetAsDocumented() async throws {
        try await withStore(.sqlite) { store in
            let settings = try await store.engine.exclusive { connection in
                try ["synchronous", "journal_mode", "foreign_keys"].map {
                    try connection.rows(PreparedSQL(unchecked: "PRAGMA \($0)"), maximum: 1)[0].values[0]
                }
            }
            #expect(settings == [.integer(2), .text("wal"), .integer(1)])
        }
    }

    @Test func aFolderThatIsMissingIsSaid() {
        let error = #expect(throws: StoreError.self) { try Store(.sqlite(path: "/nowhere/at/all.db")) }
        #expect(error?.reason == .unavailable)
    }
}
