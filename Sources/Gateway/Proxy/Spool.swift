import NIOCore
import Synchronization
import Wire

#if canImport(Glibc)
    import Glibc
#endif

/// How many bodies may lie on disk, and how large they may be together.
final class SpoolBudget: Sendable {
    private struct State {
        var count = 0
        var bytes = 0
    }

    private let state = Mutex(State())
    private let maxCount: Int
    private let maxBytes: Int

    init(count: Int, bytes: Int) { (maxCount, maxBytes) = (count, bytes) }

    func enter() -> Bool {
        state.withLock { state in
            guard state.count < maxCount else { return false }
            state.count += 1
            return true
        }
    }

    func take(_ bytes: Int) -> Bool {
        state.withLock { state in
            guard state.bytes + bytes <= maxBytes else { return false }
            state.bytes += bytes
            return true
        }
    }

    func leave(bytes: Int) {
        state.withLock { state in
            state.count -= 1
            state.bytes -= bytes
        }
    }
}

/// A body on disk, in a file that has no name: it is gone when this is, whatever happens to the process.
//
// Unchecked: one call has it, and uses it from one thread at a time.
final class Spool: @unchecked Sendable {
    private let descriptor: Int32
    private let budget: SpoolBudget
    private(set) var count = 0

    private init(_ folder: String, _ budget: SpoolBudget) throws(RPCError) {
        guard budget.enter() else { throw .overloaded }
        var path = Array("\(folder)/datavault-upload-XXXXXX".utf8CString)
        let file = unsafe path.withUnsafeMutableBufferPointer { name in
            guard let start = name.baseAddress else { return Int32(-1) }
            let file = unsafe mkstemp(start)
            if file >= 0 {
                _ = fcntl(file, F_SETFD, FD_CLOEXEC)
                unsafe unlink(start)
            }
            return file
        }
        guard file >= 0 else {
            budget.leave(bytes: 0)
            throw RPCError(code: .internal, message: "the body cannot be kept until its digest is verified")
        }
        (descriptor, self.budget) = (file, budget)
    }

    deinit {
        close(descriptor)
        budget.leave(bytes: count)
    }

    /// Takes a whole body, and verifies it.
    ///
    /// - Throws: DIGEST_MISMATCH, BODY_TOO_LARGE, OVERLOADED; as `nextChunk`.
    static func fill(
        from exchange: any Exchange, limit: Int, _ digest: ContentDigest, _ core: EdgeCore
    ) async throws(RPCError) -> Spool {
        let spool = try Spool(core.configuration.spoolFolder, core.spools)
        var hash = BodyHash(digest.algorithm)
        while let chunk = try await exchange.nextChunk() {
            guard spool.count + chunk.readableBytes <= limit else { throw .bodyTooLarge(limit) }
            let before = hash
            // Disks are slow, and hashing is work: neither is the loop's.
            hash = try await core.offload.run { () throws(RPCError) in
                try spool.append(chunk)
                var hash = before
                hash.update(chunk)
                return hash
            }
        }
        guard hash.finish() == digest.value else { throw .digestMismatch }
        return spool
    }

    private func append(_ chunk: ByteBuffer) throws(RPCError) {
        guard budget.take(chunk.readableBytes) else { throw .overloaded }
        let start = count
        count += chunk.readableBytes
        let isWritten = unsafe chunk.withUnsafeReadableBytes { bytes in
            var done = 0
            while done < bytes.count {
                let written = unsafe pwrite(
                    descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(start + done))
                if written <= 0 {
                    if errno == EINTR { continue }
                    return false
                }
                done += written
            }
            return true
        }
        guard isWritten else {
            throw RPCError(code: .internal, message: "the body cannot be kept until its digest is verified")
        }
    }

    func read(at offset: Int, size: Int) throws(RPCError) -> ByteBuffer {
        var buffer = ByteBuffer()
        let wanted = min(size, count - offset)
        var done = 0
        while done < wanted {
            let got = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted - done) { bytes in
                max(
                    0,
                    unsafe pread(descriptor, bytes.baseAddress, min(bytes.count, wanted - done), off_t(offset + done)))
            }
            guard got > 0 else { throw RPCError(code: .internal, message: "the kept body cannot be read") }
            done += got
        }
        return buffer
    }
}

/// A verified body, from disk.
final class SpooledPieces: PieceSource {
    private let spool: Spool
    private let size: Int
    private let offload: OffloadPool
    private var offset = 0

    init(_ spool: Spool, size: Int, _ offload: OffloadPool) {
        (self.spool, self.size, self.offload) = (spool, size, offload)
    }

    func next() async throws(RPCError) -> ByteBuffer? {
        let (spool, offset, size) = (spool, offset, size)
        guard offset < spool.count else { return nil }
        let piece = try await offload.run { () throws(RPCError) in try spool.read(at: offset, size: size) }
        self.offset += piece.readableBytes
        return piece
    }
}
