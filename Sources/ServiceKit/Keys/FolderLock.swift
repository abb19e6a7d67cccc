#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Keeps others that make keys out of a folder: flock(2) on the folder itself, which leaves no file behind and which the
/// system releases however the process ends.
package struct FolderLock: ~Copyable {
    private let descriptor: Int32

    /// Waits for the folder.
    package init(_ folder: String, timeout: Duration) async throws {
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DurableFile.failure("cannot open", folder) }
        do {
            try await Self.wait(descriptor, folder, until: .now + timeout)
        } catch {
            _ = close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    private static func wait(_ descriptor: Int32, _ folder: String, until end: ContinuousClock.Instant) async throws {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw DurableFile.failure("cannot lock", folder) }
            guard ContinuousClock.now < end else {
                throw KeyError(nil, "another process makes keys in \(folder) and does not end; try again when it has")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    deinit { _ = close(descriptor) }
}
