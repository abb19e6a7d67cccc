import CZlib

/// How messages are compressed on the wire (`grpc-encoding`).
public enum Compression: Sendable, Hashable {
    case identity
    case gzip

    /// The coding of that name; nil if it is not one of ours.
    init?(name: UnsafeRawBufferPointer) {
        if unsafe name.equals("identity") {
            self = .identity
        } else if unsafe name.equals("gzip") {
            self = .gzip
        } else {
            return nil
        }
    }
}

/// gzip (RFC 1952) of single messages, by zlib.
enum Gzip {
    enum Failure: Error {
        /// The bytes are no gzip, or are cut short.
        case malformed
        /// The content is larger than allowed.
        case tooLarge
        /// Nobody wants the content any more.
        case cancelled
    }

    /// Level 1: a message is compressed while a call waits, and higher levels gain little on small ones.
    private static let level: Int32 = 1

    /// Bytes worked at between two looks at whether to go on: below a millisecond.
    private static let chunkSize = 64 * 1024

    static func compress(_ input: UnsafeRawBufferPointer) -> [UInt8] {
        unsafe compress(input) { false } ?? []
    }

    /// - Returns: nil once `isCancelled`.
    static func compress(_ input: UnsafeRawBufferPointer, isCancelled: () -> Bool) -> [UInt8]? {
        var stream = unsafe z_stream()
        guard unsafe wire_deflate_init_gzip(&stream, level) == Z_OK else { fatalError("out of memory") }
        defer { unsafe deflateEnd(&stream) }
        let bound = unsafe Int(deflateBound(&stream, UInt(input.count)))
        var isComplete = false
        let output = unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            unsafe stream.next_in = UnsafeMutablePointer(
                mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
            unsafe stream.next_out = output.baseAddress
            unsafe stream.avail_out = UInt32(bound)
            var left = input.count
            repeat {
                let size = min(left, chunkSize)
                left -= size
                unsafe stream.avail_in = UInt32(size)
                let result = unsafe deflate(&stream, left > 0 ? Z_NO_FLUSH : Z_FINISH)
                // Room is never short, so all input of a chunk is taken.
                precondition(result == (left > 0 ? Z_OK : Z_STREAM_END), "deflateBound was no bound")
            } while left > 0 && !isCancelled()
            isComplete = left == 0
            count = unsafe bound - Int(stream.avail_out)
        }
        return isComplete ? output : nil
    }

    /// The content's size as the trailer says it (RFC 1952, section 2.3.1): a hint, as anybody can write it.
    static func claimedSize(_ input: UnsafeRawBufferPointer) -> Int {
        guard input.count >= 4 else { return 0 }
        return unsafe Int(UInt32(littleEndian: input.loadUnaligned(fromByteOffset: input.count - 4, as: UInt32.self)))
    }

    /// - Throws: `Failure`; memory stays within `limit` and one chunk, whatever the input claims.
    static func decompress(
        _ input: UnsafeRawBufferPointer,
        limit: Int,
        isCancelled: () -> Bool = { false }
    ) throws(Failure) -> [UInt8] {
        var stream = unsafe z_stream()
        guard unsafe wire_inflate_init_gzip(&stream) == Z_OK else { fatalError("out of memory") }
        defer { unsafe inflateEnd(&stream) }
        unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe stream.avail_in = UInt32(input.count)
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(max(input.count * 4, 1024), chunkSize))
        while true {
            let (result, produced) = unsafe chunk.withUnsafeMutableBufferPointer { chunk in
                unsafe stream.next_out = chunk.baseAddress
                unsafe stream.avail_out = UInt32(chunk.count)
                let result = unsafe inflate(&stream, Z_NO_FLUSH)
                return unsafe (result, chunk.count - Int(stream.avail_out))
            }
            guard output.count + produced <= limit else { throw .tooLarge }
            output.append(contentsOf: chunk[..<produced])
            if result == Z_STREAM_END { break }
            if isCancelled() { throw .cancelled }
            // Z_BUF_ERROR with all input used means that it is cut short.
            guard unsafe result == Z_OK && (produced > 0 || stream.avail_in > 0) else { throw .malformed }
        }
        // Bytes behind the end are no part of the message.
        guard unsafe stream.avail_in == 0 else { throw .malformed }
        return output
    }
}
