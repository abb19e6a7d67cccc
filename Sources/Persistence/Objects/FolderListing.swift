import Foundation

/// Names of files below a folder, in the order of their bytes.
struct FolderListing {
    let prefix: String
    let after: String?
    let limit: Int
    private(set) var found: [ObjectKey] = []

    init(prefix: String, after: String?, limit: Int) { (self.prefix, self.after, self.limit) = (prefix, after, limit) }

    /// Looks into a folder.
    ///
    /// - Parameter base: The folder's name with a slash, or nothing for the root.
    mutating func visit(_ folder: String, _ base: String) throws(ObjectError) {
        let entries: [URL]
        do {
            entries = try FileManager.default.contentsOfDirectory(
                at: URL(fileURLWithPath: folder, isDirectory: true), includingPropertiesForKeys: [.isDirectoryKey],
                options: .skipsHiddenFiles)
        } catch {
            // Another process may remove folders meanwhile.
            guard FileManager.default.fileExists(atPath: folder) else { return }
            throw ObjectError(.unexpected, "\(folder) cannot be listed: \(error.localizedDescription)")
        }
        // A folder stands where its names stand: `a-b` before `a/b`, as a hyphen comes before a slash.
        let names = entries.map { entry in
            let isFolder = (try? entry.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
            return base + entry.lastPathComponent + (isFolder ? "/" : "")
        }
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            guard found.count < limit else { return }
            if name.hasSuffix("/") {
                guard mayHold(name) else { continue }
                try visit(folder + "/" + name.dropFirst(base.count).dropLast(), name)
            } else if name.hasPrefix(prefix), isAfter(name), let key = ObjectKey(parsing: name) {
                found.append(key)
            }
        }
    }

    private func isAfter(_ name: String) -> Bool {
        guard let after else { return true }
        return after.utf8.lexicographicallyPrecedes(name.utf8)
    }

    /// Whether names below a folder can begin with the prefix, and lie behind the last page.
    private func mayHold(_ folder: String) -> Bool {
        guard folder.hasPrefix(prefix) || prefix.hasPrefix(folder) else { return false }
        guard let after else { return true }
        return after.hasPrefix(folder) || isAfter(folder)
    }
}
