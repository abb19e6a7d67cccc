public import Foundation
import Persistence

/// Looks at everything that roles need, changes nothing, and says what is wrong and what to do.
public struct Doctor: Sendable {
    private let roles: [RoleDefinition]
    private let settings: Settings
    private let now: @Sendable () -> Date

    /// Bytes that a disk should have free, below which it is a warning and a failure.
    static let (littleSpace, noSpace) = (1 << 30, 64 << 20)
    /// Differences to another clock, above which they are a warning and a failure. Principals last 60 s and are forgiven
    /// 5 s.
    static let (smallSkew, largeSkew) = (2.0, 5.0)

    /// Examines these roles.
    public init(_ roles: [RoleDefinition], settings: Settings, now: @escaping @Sendable () -> Date = { Date() }) {
        (self.roles, self.settings, self.now) = (roles, settings, now)
    }

    /// Looks at everything, one after another.
    public func examine() async -> [Diagnosis] {
        let changed = settings.schema.settings.count { settings.origin(of: $0).source != "default" }
        var all = [
            Diagnosis(
                "settings", .ok,
                "all \(settings.schema.settings.count) are right; \(changed) differ from their defaults")
        ]
        let folder = settings[SuiteSettings.dataFolder]
        all.append(dataFolder(folder))
        all.append(FileClock.diagnosis(folder: folder, now: now()))
        for role in roles {
            let keys = KeyDiagnosis(role, settings: settings, now: now())
            all.append(keys.diagnosis())
            if let store = StoreDiagnosis(role, settings: settings) { all += await store.diagnoses(now: now) }
            all += await PortDiagnosis(role, settings: settings).diagnoses()
            all += await PeerDiagnosis(role, settings: settings).diagnoses()
        }
        return all
    }

    private func dataFolder(_ path: String) -> Diagnosis {
        let subject = "data.folder"
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            let parent = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
            guard FileManager.default.isWritableFile(atPath: parent) else {
                return Diagnosis(
                    subject, .failure, "\(path) is not there, and \(parent) does not let this user make it",
                    "make it for this user, or set data.folder")
            }
            return Diagnosis(subject, .ok, "\(path) is not there yet; the start makes it")
        }
        guard isFolder.boolValue, FileManager.default.isWritableFile(atPath: path) else {
            return Diagnosis(
                subject, .failure, "\(path) is no folder that this user may write to",
                "change its owner, or set data.folder")
        }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue else {
            return Diagnosis(subject, .warning, "\(path): the system does not say how much space is free")
        }
        let text = "\(path) has \(free / (1 << 20)) MiB free"
        if free < Self.noSpace { return Diagnosis(subject, .failure, text, "make room: writes are about to fail") }
        if free < Self.littleSpace { return Diagnosis(subject, .warning, text, "make room") }
        return Diagnosis(subject, .ok, text)
    }
}

/// Whether the clock stands before times that files of the suite already have.
enum FileClock {
    /// Files that are looked at.
    static let maximumFiles = 1_000

    static func diagnosis(folder: String, now: Date) -> Diagnosis {
        var newest = Date.distantPast
        let files = FileManager.default.enumerator(
            at: URL(filePath: folder), includingPropertiesForKeys: [.contentModificationDateKey])
        for case let file as URL in (files?.prefix(maximumFiles).map { $0 } ?? []) {
            let values = try? file.resourceValues(forKeys: [.contentModificationDateKey])
            newest = max(newest, values?.contentModificationDate ?? .distantPast)
        }
        let behind = newest.timeIntervalSince(now)
        guard behind > Doctor.smallSkew else { return Diagnosis("clock", .ok, "it is \(now.formatted(.iso8601)) here") }
        return Diagnosis(
            "clock", behind > Doctor.largeSkew ? .failure : .warning,
            "it is \(now.formatted(.iso8601)) here, \(Int(behind)) s before the newest file in \(folder)",
            "set the clock, and let NTP keep it: tokens, certificates and schedules go by it")
    }
}
