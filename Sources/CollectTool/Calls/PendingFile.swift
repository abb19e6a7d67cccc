import Foundation

/// A file that takes its name only when it is whole: whoever looks sees the old one or the new one.
final class PendingFile {
    private let path: String
    private let pending: String
    private let handle: FileHandle
    private var size: Int64 = 0

    /// Opens it beside its place.
    ///
    /// - Throws: `CollectFailure` (`argument`) where that cannot be written to.
    init(_ path: String) throws {
        (self.path, pending) = (path, "\(path).\(UUID().uuidString.prefix(8)).part")
        let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        var isFolder: ObjCBool = false
        guard FileManager.default.createFile(atPath: pending, contents: nil),
            let handle = FileHandle(forWritingAtPath: pending)
        else {
            let exists = unsafe FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder)
            throw CollectFailure(
                .argument, "\(path) cannot be written",
                advice: exists ? "Look at the rights of \(folder)." : "There is no folder \(folder).")
        }
        self.handle = handle
    }

    func write(_ bytes: [UInt8]) throws {
        do { try handle.write(contentsOf: Data(bytes)) } catch {
            throw CollectFailure(.failed, "\(path) cannot be written: \(error.localizedDescription)")
        }
        size += Int64(bytes.count)
    }

    /// Puts it in its place.
    ///
    /// - Returns: Its bytes.
    func commit() throws -> Int64 {
        do {
            try handle.synchronize()
            try handle.close()
        } catch { throw CollectFailure(.failed, "\(path) cannot be written: \(error.localizedDescription)") }
        guard unsafe rename(pending, path) == 0 else {
            discard()
            throw CollectFailure(.failed, "\(path) cannot be replaced: \(unsafe String(cString: strerror(errno)))")
        }
        return size
    }

    /// Forgets it.
    func discard() { try? FileManager.default.removeItem(atPath: pending) }

    /// Writes a whole file.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try PendingFile(path)
        do {
            try file.write(bytes)
            _ = try file.commit()
        } catch {
            file.discard()
            throw error
        }
    }
}
