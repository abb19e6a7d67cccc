// Members of `stat` are for one module of C to give: the first that a run of the compiler meets, of those that include its
// header. Which one that is changes with the files that are compiled together.
import CoreFoundation

#if canImport(CNIOLinux)
    import CNIOLinux
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Small files that are there whole or not at all, whatever happens while they are written.
package enum DurableFile {
    /// What a file's name ends in until it is whole.
    package static let pendingSuffix = ".new"

    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// Reads a regular file.
    ///
    /// - Parameter secret: Whether to refuse a file that all users of the machine may read.
    package static func read(_ path: String, limit: Int, secret: Bool = false) throws(KeyError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot read", path) }
        defer { _ = close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure("cannot read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw KeyError(nil, "\(path) is not a regular file") }
        guard status.st_size <= limit else { throw KeyError(nil, "\(path) is over \(limit) bytes") }
        if secret, status.st_mode & 0o007 != 0 {
            throw KeyError(nil, "\(path) is a secret that every user of this machine can reach: chmod 600 \(path)")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let wanted = bytes.count - filled
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe readSome(descriptor, buffer.baseAddress.map { unsafe $0 + filled }, wanted)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot read", path) }
            if count == 0 { break }
            filled += count
        }
        return Array(bytes.prefix(filled))
    }

    /// Writes the file that is to replace `path` beside it, and waits until it is on the disk.
    package static func writePending(_ bytes: [UInt8], for path: String, secret: Bool) throws(KeyError) {
        let pending = path + pendingSuffix
        // What an interrupted run left may have another mode.
        try remove(pending)
        let descriptor = unsafe open(
            pending, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, secret ? 0o600 : 0o644)
        guard descriptor >= 0 else { throw failure("cannot write", pending) }
        defer { _ = close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe writeSome(descriptor, buffer.baseAddress.map { unsafe $0 + written }, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot write", pending) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw failure("cannot write", pending) }
    }

    /// Puts what `writePending` wrote in the place of `path`, in one step.
    package static func commit(_ path: String) throws(KeyError) {
        guard unsafe rename(path + pendingSuffix, path) == 0 else { throw failure("cannot replace", path) }
    }

    /// Writes a file that has no partner.
    package static func write(_ bytes: [UInt8], to path: String, secret: Bool) throws(KeyError) {
        try writePending(bytes, for: path, secret: secret)
        try commit(path)
        try syncFolder(of: path)
    }

    /// Removes a file, if there is one.
    package static func remove(_ path: String) throws(KeyError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure("cannot remove", path) }
    }

    /// Waits until what was renamed in a file's folder is on the disk.
    package static func syncFolder(of path: String) throws(KeyError) {
        let folder = folder(of: path)
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot open", folder) }
        defer { _ = close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("cannot write", folder) }
    }

    /// Makes a folder for its owner alone, with those that it lies in, where there is none.
    package static func makeFolder(_ path: String) throws(KeyError) {
        if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { throw failure("cannot open", path) }
            guard status.st_mode & S_IFMT == S_IFDIR else { throw KeyError(.out, "\(path) is not a folder") }
            return
        }
        let parent = folder(of: path)
        guard errno == ENOENT, parent != path else { throw failure("cannot make the folder", path) }
        try makeFolder(parent)
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("cannot make the folder", path) }
    }

    package static func folder(of path: String) -> String {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    package static func failure(_ what: String, _ path: String) -> KeyError {
        let reason = unsafe String(cString: strerror(errno))
        return KeyError(nil, "\(what) \(path): \(reason)")
    }
}

// read(2) and write(2), whose names the enum's own functions hide.

private func readSome(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(descriptor, buffer, count)
}

private func writeSome(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, buffer, count)
}
