import COpenSSL

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Reading of certificate and key files, with the reason where it fails.
enum TLSFile {
    /// The largest file taken: system bundles of roots are about 200 KiB, keys and chains a few.
    static let maximumSize = 8 << 20

    /// The file's bytes, given to `body` and wiped after it, as they may be a key's.
    static func withContents<Result>(
        of path: String,
        _ body: (UnsafeRawBufferPointer) throws(TLSError) -> Result
    ) throws(TLSError) -> Result {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(errno, path) }
        defer { _ = close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure(errno, path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw TLSError(.fileUnreadable, "not a regular file", file: path)
        }
        guard status.st_size <= maximumSize else { throw TLSError(.fileUnreadable, "over 8 MiB", file: path) }

        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(Int(status.st_size), 1), alignment: 1)
        defer {
            // A plain loop of stores might be optimized away before the deallocation; this call is not.
            unsafe wire_wipe(buffer.baseAddress, buffer.count)
            unsafe buffer.deallocate()
        }
        var filled = 0
        while filled < buffer.count {
            // Rebasing keeps the read within the part that is not filled yet.
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = unsafe read(descriptor, rest.baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure(errno, path) }
            if count == 0 { break }
            filled += count
        }
        return try unsafe body(UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
    }

    private static func failure(_ number: Int32, _ path: String) -> TLSError {
        let reason = unsafe String(cString: strerror(number))
        return TLSError(number == ENOENT || number == ENOTDIR ? .fileMissing : .fileUnreadable, reason, file: path)
    }
}

/// What tells one state of a file from another without reading it.
struct TLSFileStamp: Sendable, Hashable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    /// Content and metadata times in nanoseconds: a rename over the file changes the inode, an edit the times.
    private let modified: Int64
    private let changed: Int64

    /// The stamp of the file that the path leads to now; nil if there is none.
    init?(path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        #if canImport(Glibc)
            modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
            changed = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
        #else
            modified = Int64(status.st_mtimespec.tv_sec) * 1_000_000_000 + Int64(status.st_mtimespec.tv_nsec)
            changed = Int64(status.st_ctimespec.tv_sec) * 1_000_000_000 + Int64(status.st_ctimespec.tv_nsec)
        #endif
    }
}
