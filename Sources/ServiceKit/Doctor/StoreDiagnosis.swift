import Foundation
import Logging
import Persistence

extension SystemReason {
    static let examineStore = SystemReason("compare the clocks of the store and of this machine")
}

/// A role's database.
struct StoreDiagnosis {
    private let role: RoleDefinition
    private let keys: StoreSettings
    private let settings: Settings

    /// - Returns: nil for a role without one.
    init?(_ role: RoleDefinition, settings: Settings) {
        guard let keys = role.settings.store else { return nil }
        (self.role, self.keys, self.settings) = (role, keys, settings)
    }

    func diagnoses(now: @Sendable () -> Date) async -> [Diagnosis] {
        let subject = "\(role.name) store"
        let path = "\(settings[SuiteSettings.dataFolder])/\(role.name).db"
        let configuration = keys.configuration(settings, defaultPath: path)
        if case .sqlite(let sqlite) = configuration.backend, !FileManager.default.fileExists(atPath: sqlite.path) {
            return [
                Diagnosis(subject, .ok, "the SQLite file \(sqlite.path) is not there yet; the first start makes it")
            ]
        }
        do {
            let store = try Store(
                configuration, logger: Logger(label: "datavault.doctor") { _ in SwiftLogNoOpLogHandler() })
            let found = await examine(store, subject, now)
            await store.close()
            return found
        } catch {
            return [Diagnosis(subject, .failure, "\(error)", "see that the file's folder is there and may be written")]
        }
    }

    private func examine(_ store: Store, _ subject: String, _ now: @Sendable () -> Date) async -> [Diagnosis] {
        let kind = store.kind == .sqlite ? "SQLite" : "PostgreSQL"
        do { try await store.check() } catch {
            let advice =
                store.kind == .sqlite
                ? "see that the file is whole and belongs to this user"
                : "see that PostgreSQL runs and takes connections from here, and that \(keys.url.name) is right"
            return [Diagnosis(subject, .failure, "\(kind) does not serve: \(error)", advice)]
        }
        var found: [Diagnosis] = []
        do {
            let status = try await Migrator(role.migrations).status(of: store)
            let up = "run `datavault migrate \(role.name) up`"
            if !status.unknown.isEmpty || !status.changed.isEmpty {
                found.append(
                    Diagnosis(
                        subject, .failure,
                        "\(kind) was migrated by another version: "
                            + (status.unknown + status.changed).joined(separator: ", "),
                        "start the version that migrated it"))
            } else if !status.pending.isEmpty {
                found.append(
                    Diagnosis(subject, .failure, "\(kind) lacks \(status.pending.joined(separator: ", "))", up))
            } else {
                found.append(
                    Diagnosis(subject, .ok, "\(kind) answers, and has all \(status.applied.count) migrations"))
            }
            if store.kind == .postgres { found.append(try await clock(store, now)) }
        } catch { found.append(Diagnosis(subject, .failure, "\(kind): \(error)", "see the role's rights")) }
        return found
    }

    /// PostgreSQL's clock beside this machine's.
    private func clock(_ store: Store, _ now: @Sendable () -> Date) async throws -> Diagnosis {
        let before = now()
        let theirs = try await store.system(.examineStore).read { tx in
            try tx.value(Double.self, "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)")
        }
        let (mine, subject) = (
            before.addingTimeInterval(now().timeIntervalSince(before) / 2), "\(role.name) store clock"
        )
        let skew = (theirs ?? 0) - mine.timeIntervalSince1970
        let text =
            "PostgreSQL's clock is \(String(format: "%.1f", abs(skew))) s \(skew < 0 ? "behind" : "ahead of") this one"
        if abs(skew) > Doctor.smallSkew {
            return Diagnosis(
                subject, abs(skew) > Doctor.largeSkew ? .failure : .warning, text, "let NTP set both clocks")
        }
        return Diagnosis(subject, .ok, text)
    }
}
