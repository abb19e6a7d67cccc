import NIOCore

/// Writes that wait for their flush, or for the handshake, in order.
struct TLSOutboundQueue {
    /// The most that a TLS record holds (RFC 8446, section 5.1).
    static let recordSize = 16 << 10
    /// Plaintext per write to the channel: large enough to make a system call's cost vanish, small enough to stay in
    /// the cache between encryption and the socket. With its records' overhead it just fits a buffer of 256 KiB.
    static let chunkSize = 15 * recordSize

    private struct Write {
        var buffer: ByteBuffer
        let promise: EventLoopPromise<Void>?
    }

    private var writes = CircularBuffer<Write>(initialCapacity: 4)
    private var flushedCount = 0
    /// Plaintext bytes held.
    private(set) var byteCount = 0

    var hasFlushed: Bool { flushedCount > 0 }

    mutating func append(_ buffer: ByteBuffer, promise: EventLoopPromise<Void>?) {
        byteCount += buffer.readableBytes
        writes.append(Write(buffer: buffer, promise: promise))
    }

    /// Releases all that is held so far for encryption.
    mutating func flush() {
        flushedCount = writes.count
    }

    /// Encrypts up to a chunk of flushed writes into the session's output, in records as large as the data allows:
    /// small writes are gathered into one record, large ones encrypted where they lie.
    ///
    /// - Returns: A promise for the chunk's write, which completes those of the writes that end in it.
    mutating func encryptChunk(with session: TLSSession) throws(TLSError) -> EventLoopPromise<Void>? {
        var promises: [EventLoopPromise<Void>] = []
        // Ownership of promises taken out passes to the caller; on failure they fail here.
        do {
            try gather(into: session, &promises)
        } catch {
            for promise in promises { promise.fail(error) }
            throw error
        }
        guard let first = promises.first else { return nil }
        for promise in promises.dropFirst() { first.futureResult.cascade(to: promise) }
        return first
    }

    private mutating func gather(
        into session: TLSSession,
        _ promises: inout [EventLoopPromise<Void>]
    ) throws(TLSError) {
        let total = min(byteCount, Self.chunkSize)
        // Header, content type and tag of a record take 22 bytes (29 in TLS 1.2).
        session.reserveOutput(total + (total / Self.recordSize + 2) * 32)
        var staged = ByteBuffer()
        var room = Self.chunkSize
        while flushedCount > 0 && room > 0 {
            let readable = writes[writes.startIndex].buffer.readableBytes
            var count = min(readable, room)
            if staged.readableBytes == 0 && (flushedCount == 1 || count >= Self.recordSize) {
                // A tail joins the next write's record.
                if flushedCount > 1 { count -= count % Self.recordSize }
                try encrypt(writes[writes.startIndex].buffer, count, with: session)
                writes[writes.startIndex].buffer.moveReaderIndex(forwardBy: count)
            } else {
                if staged.capacity == 0 { staged.reserveCapacity(Self.recordSize) }
                count = min(count, Self.recordSize - staged.readableBytes)
                if var part = writes[writes.startIndex].buffer.readSlice(length: count) { staged.writeBuffer(&part) }
                if staged.readableBytes == Self.recordSize {
                    try encrypt(staged, Self.recordSize, with: session)
                    staged.clear()
                }
            }
            byteCount -= count
            room -= count
            if count == readable {
                if let promise = writes.removeFirst().promise { promises.append(promise) }
                flushedCount -= 1
            }
        }
        try encrypt(staged, staged.readableBytes, with: session)
    }

    private func encrypt(_ buffer: ByteBuffer, _ count: Int, with session: TLSSession) throws(TLSError) {
        // The bytes are only read, within the call.
        let failure: TLSError? = unsafe buffer.withUnsafeReadableBytes { bytes in
            do throws(TLSError) {
                try unsafe session.write(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Drops everything, failing its promises. They are failed last: their callbacks may write.
    mutating func removeAll() -> [EventLoopPromise<Void>] {
        let promises = writes.compactMap(\.promise)
        writes.removeAll(keepingCapacity: false)
        flushedCount = 0
        byteCount = 0
        return promises
    }
}
