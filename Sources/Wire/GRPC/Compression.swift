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
    }

    /// Level 1: a message is compressed while a call waits, and higher levels gain little on small ones.
    private static let level: Int32 = 1

    static func compress(_ input: UnsafeRawBufferPointer) -> [UInt8] {
        var stream = unsafe z_stream()
        guard unsafe wire_deflate_init_gzip(&stream, level) == Z_OK else { fatalError("out of memory") }
        defer { unsafe deflateEnd(&stream) }
        let bound = unsafe Int(deflateBound(&stream, UInt(input.count)))
        return unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            unsafe stream.next_in = UnsafeMutablePointer(
                mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
            unsafe stream.avail_in = UInt32(input.count)
            unsafe stream.next_out = output.baseAddress
            unsafe stream.avail_out = UInt32(bound)
            let result = unsafe deflate(&stream, Z_FINISH)
            precondition(result == Z_STREAM_END, "deflateBound was no bound")
            count = unsafe bound - Int(stream.avail_out)
        }
    }

    /// - Throws: `Failure`; memory stays within `limit` and one chunk, whatever the input claims.
    static func decompress(_ input: UnsafeRawBufferPointer, limit: Int) throws(Failure) -> [UInt8] {
        var stream = unsafe z_stream()
        guard unsafe wire_inflate_init_gzip(&stream) == Z_OK else { fatalError("out of memory") }
        defer { unsafe inflateEnd(&stream) }
        unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe stream.avail_in = UInt32(input.count)
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(max(input.count * 4, 1024), 64 * 1024))
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
            // Z_BUF_ERROR with all input used means that it is cut short.
            guard unsafe result == Z_OK && (produced > 0 || stream.avail_in > 0) else { throw .malformed }
        }
        // Bytes behind the end are no part of the message.
        guard unsafe stream.avail_in == 0 else { throw .malformed }
        return output
    }
}
