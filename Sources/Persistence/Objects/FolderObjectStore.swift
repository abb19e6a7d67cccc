import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Objects as files of one folder: for one machine.
///
/// An object is written beside its place, flushed, and renamed into it; then the folders are flushed. What a crash leaves
/// half written lies in `.pending`, which the next start empties. Several processes may share the folder.
public final class FolderObjectStore: ObjectStore {
    private let root: String
    private let limits: ObjectLimits
    private let queues: [DispatchQueue]
    private let next = Atomic<Int>(0)
    private let waiting = Atomic<Int>(0)

    /// How old a half-written file is before it is taken for what a crash left.
    private static let abandonedAfter: TimeInterval = 3_600

    /// Objects in `folder`, which is made, for its owner alone, if it is not there.
    public init(_ folder: String, limits: ObjectLimits = ObjectLimits()) throws(ObjectError) {
        (root, self.limits) = (folder, limits)
        queues = (0..<max(1, limits.concurrency)).map { DispatchQueue(label: "datavault.objects.\($0)") }
        try Self.makeFolder(root)
        try Self.makeFolder(pendingFolder)
        removeAbandoned()
    }

    private var pendingFolder: String { root + "/.pending" }
    private func path(_ key: ObjectKey) -> String { root + "/" + key.description }

    public func put(_ key: ObjectKey, _ bytes: [UInt8]) async throws(ObjectError) {
        guard bytes.count <= limits.objectBytes else {
            throw ObjectError(.tooLarge, "\(key) has \(bytes.count) bytes, more than \(limits.objectBytes)")
        }
        try await run { [self] () throws(ObjectError) in
            let pending = pendingFolder + "/" + UUID().uuidString
            do throws(ObjectError) {
                try FileIO.write(bytes, to: pending)
                let made = try Self.makeFolders(of: path(key), below: root)
                guard unsafe rename(pending, path(key)) == 0 else {
                    throw FileIO.failure("cannot write", key.description)
                }
                for folder in made { try FileIO.sync(folder: folder) }
            } catch {
                _ = unsafe unlink(pending)
                throw error
            }
        }
    }

    public func get(_ key: ObjectKey, range: Range<Int>?) async throws(ObjectError) -> [UInt8] {
        try await run { [self] () throws(ObjectError) in
            try FileIO.read(path(key), range, named: key.description, limit: limits.objectBytes)
        }
    }

    public func size(of key: ObjectKey) async throws(ObjectError) -> Int? {
        try await run { [self] () throws(ObjectError) in try FileIO.size(path(key), named: key.description) }
    }

    public func delete(_ key: ObjectKey) async throws(ObjectError) {
        try await run { [self] () throws(ObjectError) in
            guard unsafe unlink(path(key)) == 0 || errno == ENOENT || errno == ENOTDIR else {
                throw FileIO.failure("cannot remove", key.description)
            }
        }
    }

    public func list(prefix: String, after: ObjectKey?, limit: Int) async throws(ObjectError) -> [ObjectKey] {
        try await run { [self] () throws(ObjectError) in
            var listing = FolderListing(prefix: prefix, after: after?.description, limit: min(max(0, limit), 1_000))
            try listing.visit(root, "")
            return listing.found
        }
    }

    public func check() async throws(ObjectError) {
        try await run { [self] () throws(ObjectError) in
            guard unsafe access(root, W_OK | X_OK) == 0 else { throw FileIO.failure("cannot write to", root) }
        }
    }

    /// Runs what blocks on one of the store's own threads.
    private func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws(ObjectError) -> Result
    ) async throws(ObjectError) -> Result {
        guard waiting.add(1, ordering: .relaxed).newValue <= limits.maximumWaiting else {
            waiting.subtract(1, ordering: .relaxed)
            throw ObjectError(.unavailable, "too much waits for \(root)")
        }
        defer { waiting.subtract(1, ordering: .relaxed) }
        let queue = queues[(next.add(1, ordering: .relaxed).oldValue & Int.max) % queues.count]
        let outcome = await withCheckedContinuation {
            (waiter: CheckedContinuation<Swift.Result<Result, ObjectError>, Never>) in
            queue.async {
                do throws(ObjectError) { waiter.resume(returning: .success(try body())) } catch {
                    waiter.resume(returning: .failure(error))
                }
            }
        }
        return try outcome.get()
    }

    private func removeAbandoned() {
        let manager = FileManager.default
        for name in (try? manager.contentsOfDirectory(atPath: pendingFolder)) ?? [] {
            let path = pendingFolder + "/" + name
            let written = (try? manager.attributesOfItem(atPath: path))?[.modificationDate] as? Date
            if let written, written.timeIntervalSinceNow < -Self.abandonedAfter { _ = unsafe unlink(path) }
        }
    }

    private static func makeFolder(_ path: String) throws(ObjectError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw ObjectError(.unexpected, "the folder \(path) cannot be made: \(error.localizedDescription)") }
    }

    /// Makes the folders that a file lies in.
    ///
    /// - Returns: Those whose entries have changed, to be flushed: the file's own, and of each new one the one around it.
    private static func makeFolders(of path: String, below root: String) throws(ObjectError) -> [String] {
        var changed: [String] = []
        guard let slash = path.lastIndex(of: "/") else { return changed }
        var folder = String(path[..<slash])
        changed.append(folder)
        var missing: [String] = []
        while folder.utf8.count > root.utf8.count, unsafe access(folder, F_OK) != 0 {
            missing.append(folder)
            guard let parent = folder.lastIndex(of: "/") else { break }
            folder = String(folder[..<parent])
            changed.append(folder)
        }
        for folder in missing.reversed() {
            guard unsafe mkdir(folder, 0o700) == 0 || errno == EEXIST else {
                throw FileIO.failure("cannot make the folder", folder)
            }
        }
        return changed
    }
}
