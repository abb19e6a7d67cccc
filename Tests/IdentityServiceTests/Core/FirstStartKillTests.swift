import Foundation
import Jobs
import Logging
import Policy
import ServiceKit
import StoreTesting
import Testing

@testable import IdentityService
@testable import Persistence

/// A first start that is killed at any moment leaves all or nothing, and the next start has both an admin and the
/// credentials. Real processes, killed by strace(1) as they enter a system call that changes what lasts.
@Suite(.serialized, .timeLimit(.minutes(15))) struct FirstStartKillTests {
    private static let probe = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "identity-probe").path
    private static let logger = Logger(label: "test")

    /// System calls of one kind, on one file if one is named, at each of which a process is killed.
    private struct Moments {
        let call: String
        var path: String?
        /// Of how many moments one is taken: a log has many, and they are much the same.
        var stride = 1
    }

    /// What a killed process has left.
    private enum Remains: String {
        case nothing
        /// The credentials lie beside their place, and nobody has them.
        case fileOnly
        /// An admin, whose credentials lie beside their place.
        case commit
        case all
    }

    /// Runs the probe, which ends by itself if it is not killed.
    ///
    /// - Returns: Whether it was killed.
    private func run(_ folder: String, _ settings: [String], _ moments: Moments, number: Int) async throws -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/strace")
        process.arguments =
            ["-f", "-qq", "-o", "/dev/null", "-e", "trace=\(moments.call)"]
            + ["-e", "inject=\(moments.call):signal=SIGKILL:when=\(number)"]
            + (moments.path.map { ["-P", $0] } ?? []) + [Self.probe, "once", "data.folder=\(folder)"]
            + ["identity.listen=127.0.0.1:0", "identity.admin.listen=127.0.0.1:0"] + settings
        process.standardOutput = FileHandle.nullDevice
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = await offPool {
            defer { process.waitUntilExit() }
            return String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        }
        // strace ends as what it traced did.
        let isKilled = process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
        #expect(isKilled || process.terminationStatus == 0, "\(text)")
        return isKilled
    }

    private func core(_ store: Store) -> IdentityCore {
        IdentityCore(
            store: store, replay: Replay(store: store),
            audit: AuditOutbox(
                Outbox(store), destination: IdentityService.auditDestination, encode: AuditEncoding.encode),
            permissions: Permissions(declared: Harness.declared), environment: IdentityEnvironment(),
            limits: IdentityLimits(), passwords: TestPasswords(), observers: UserChangeObservers([]))
    }

    /// Reads what a process has left, and finds it whole.
    private func look(_ store: Store, _ folder: String) async throws -> Remains {
        let (operators, counts) = try await store.system(.test).read { tx in
            (
                try tx.values(String.self, "SELECT id FROM organizations WHERE is_operator"),
                try tx.values(
                    Int.self,
                    """
                    SELECT COUNT(*) AS n FROM organizations UNION ALL SELECT COUNT(*) FROM users
                    UNION ALL SELECT COUNT(*) FROM members UNION ALL SELECT COUNT(*) FROM outbox_messages
                        WHERE organization <> ''
                    """)
            )
        }
        let path = "\(folder)/first-admin.json"
        let isPlaced = FileManager.default.fileExists(atPath: path)
        let pending = try FirstAdminFile(folder: folder).pending()
        guard let id = operators.first else {
            #expect(counts == [0, 0, 0, 0])
            #expect(!isPlaced, "credentials that nobody has are in their place")
            return pending == nil ? .nothing : .fileOnly
        }
        #expect(counts.prefix(3) == [1, 1, 1])
        #expect(counts[3] >= 1)
        let placed =
            try isPlaced
            ? JSONDecoder().decode(FirstAdmin.self, from: Data(contentsOf: URL(filePath: path))) : nil
        let admin = placed ?? pending
        #expect(admin?.organization == "organizations/\(id)", "an admin without credentials")
        #expect(admin?.password != nil && (admin?.key?.hasPrefix("dv_live_") ?? true))
        return isPlaced ? .all : .commit
    }

    /// Starts again, and finds one admin with credentials in their place.
    private func recover(_ store: Store, _ folder: String) async throws {
        let start = FirstStart(
            core: core(store), file: FirstAdminFile(folder: folder), folder: folder,
            email: "admin@localhost.localdomain",
            password: nil, makeKey: nil, logger: Self.logger)
        _ = try await start.perform()
        let remains = try await look(store, folder)
        #expect(remains == .all)
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/first-admin.json.new"))
    }

    private static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kill-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    /// A folder with all that `datavault up` makes before the first start.
    private static func prepare(_ folder: String) async throws {
        _ = try await DevelopmentKeys.prepare(
            in: KeyFolder("\(folder)/keys"), trustDomain: TrustDomain(SuiteSettings.trustDomain.defaultValue))
        let store = try Store(.sqlite(path: "\(folder)/identity.db"))
        try await Migrator(IdentityService.migrations).migrate(store)
        await store.close()
    }

    @Test func onSQLite() async throws {
        try await Self.withFolder { folder in
            let template = "\(folder)/template"
            try FileManager.default.createDirectory(atPath: template, withIntermediateDirectories: true)
            try await Self.prepare(template)
            var seen: [Remains: Int] = [:]
            let used = "\(folder)/used"
            let file = "\(used)/first-admin.json"
            for moments in [
                Moments(call: "openat", path: "\(file).new"), Moments(call: "write", path: "\(file).new"),
                Moments(call: "fsync", path: "\(file).new"), Moments(call: "rename", path: "\(file).new"),
                Moments(call: "fsync", path: used),
                Moments(call: "pwrite64", path: "\(used)/identity.db-wal", stride: 5),
                Moments(call: "fdatasync", path: "\(used)/identity.db-wal"),
                Moments(call: "fsync", path: "\(used)/identity.db-wal"), Moments(call: "unlink"),
            ] {
                for number in stride(from: 1, to: 200, by: moments.stride) {
                    try? FileManager.default.removeItem(atPath: used)
                    try FileManager.default.copyItem(atPath: template, toPath: used)
                    guard try await run(used, [], moments, number: number) else { break }
                    let store = try Store(.sqlite(path: "\(used)/identity.db"))
                    seen[try await look(store, used), default: 0] += 1
                    try await recover(store, used)
                    await store.close()
                }
            }
            print("killed on SQLite:", Dictionary(uniqueKeysWithValues: seen.map { ($0.key.rawValue, $0.value) }))
            // Otherwise no process was killed where it matters.
            #expect(seen[.fileOnly] != nil && seen[.commit] != nil)
        }
    }

    @Test func onPostgreSQL() async throws {
        let address = try await migratedDatabase()
        let store = try Store(.postgres(address))
        try await Self.withFolder { folder in
            try await Self.prepare(folder)
            var seen: [Remains: Int] = [:]
            for moments in [
                // What is said to the server: each statement is a moment, and the commit is.
                Moments(call: "sendto"), Moments(call: "rename", path: "\(folder)/first-admin.json.new"),
                Moments(call: "fsync", path: folder),
            ] {
                for number in 1..<200 {
                    try await store.system(.test).write { tx in
                        try tx.run("DELETE FROM members")
                        try tx.run("DELETE FROM users")
                        try tx.run("DELETE FROM organizations")
                        try tx.run("DELETE FROM outbox_messages")
                    }
                    for name in ["first-admin.json", "first-admin.json.new"] {
                        try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
                    }
                    guard try await run(folder, ["identity.store.url=\(address)"], moments, number: number) else {
                        break
                    }
                    try await quiet(store)
                    seen[try await look(store, folder), default: 0] += 1
                    try await recover(store, folder)
                }
            }
            print("killed on PostgreSQL:", Dictionary(uniqueKeysWithValues: seen.map { ($0.key.rawValue, $0.value) }))
            #expect(seen[.fileOnly] != nil && seen[.commit] != nil)
        }
        await store.close()
    }

    /// Waits until the server has noticed the end of the killed process: until then its transaction may still commit.
    private func quiet(_ store: Store) async throws {
        while true {
            let others = try await store.system(.test).read { tx in
                try tx.value(
                    Int.self,
                    """
                    SELECT COUNT(*) AS n FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
                    """)
            }
            if others == 0 { return }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
