import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files with their system's errors.
enum FileIO {
    /// Writes a new file for its owner alone, and waits until it is on the disk.
    static func write(_ bytes: [UInt8], to path: String) throws(ObjectError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot write", path) }
        defer { _ = close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe writeSome(descriptor, buffer.baseAddress.map { unsafe $0 + written }, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot write", path) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw failure("cannot write", path) }
    }

    /// Reads a file, or those of its bytes that lie in a range.
    static func read(
        _ path: String, _ range: Range<Int>?, named name: String, limit: Int
    ) throws(ObjectError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw failure("cannot read", name) }
        defer { _ = close(descriptor) }
        let end = Int(lseek(descriptor, 0, SEEK_END))
        guard end >= 0 else { throw failure("cannot read", name) }
        let range = range ?? 0..<end
        guard range.lowerBound >= 0, range.upperBound <= end else {
            throw ObjectError(.notFound, "\(name) has \(end) bytes, and not \(range)")
        }
        guard range.count <= limit else {
            throw ObjectError(.tooLarge, "\(name) is read at most \(limit) bytes at once")
        }
        return try unsafe filled(range.count) { buffer, filled throws(ObjectError) in
            while filled < range.count {
                let count = unsafe pread(
                    descriptor, buffer.baseAddress.map { unsafe $0 + filled }, range.count - filled,
                    off_t(range.lowerBound + filled))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw failure("cannot read", name) }
                filled += count
            }
        }
    }

    /// How many bytes a file has; nil if there is none.
    static func size(_ path: String, named name: String) throws(ObjectError) -> Int? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure("cannot read", name)
        }
        defer { _ = close(descriptor) }
        return Int(lseek(descriptor, 0, SEEK_END))
    }

    /// Waits until a folder's entries are on the disk.
    static func sync(folder: String) throws(ObjectError) {
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot open", folder) }
        defer { _ = close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("cannot write", folder) }
    }

    /// What the last system call says.
    static func failure(_ what: String, _ name: String) -> ObjectError {
        let code = errno
        let reason: ObjectError.Reason =
            switch code {
            case ENOENT, ENOTDIR: .notFound
            case ENOSPC, EDQUOT: .full
            case EACCES, EPERM, EROFS: .denied
            case EMFILE, ENFILE, ENOMEM: .unavailable
            default: .unexpected
            }
        return ObjectError(reason, "\(what) \(name): \(unsafe String(cString: strerror(code)))")
    }

    /// An array that a closure fills, whose error keeps its type.
    private static func filled(
        _ count: Int, _ fill: (UnsafeMutableBufferPointer<UInt8>, inout Int) throws(ObjectError) -> Void
    ) throws(ObjectError) -> [UInt8] {
        var problem: ObjectError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(ObjectError) { try unsafe fill(buffer, &filled) } catch { problem = error }
        }
        if let problem { throw problem }
        return bytes
    }
}

private func writeSome(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, buffer, count)
}
