import CZlib

/// Pages as they came, kept as what proves where values are from.
///
/// The pages of a turn lie in one object, each compressed by itself, so that a page costs no write of its own.
enum Evidence {
    /// As gzip: what every tool opens.
    static func compressed(_ body: [UInt8]) -> [UInt8]? { Gzip.compressed(body) }
}

/// gzip (RFC 1952), whole texts at a time.
enum Gzip {
    private static let windowBits: Int32 = 15 + 16

    static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = unsafe z_stream()
        guard
            unsafe deflateInit2_(
                &stream, Z_BEST_SPEED, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { unsafe _ = deflateEnd(&stream) }
        var output = [UInt8](repeating: 0, count: Int(unsafe deflateBound(&stream, UInt(bytes.count))) + 32)
        var input = bytes
        let count: Int? = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output -> Int? in
                unsafe stream.next_in = input.baseAddress
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(output.count)
                guard unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END else { return nil }
                return output.count - Int(unsafe stream.avail_out)
            }
        }
        guard let count else { return nil }
        return Array(output.prefix(count))
    }

    /// Nil if it is no gzip, or more than may be.
    static func expanded(_ bytes: [UInt8], atMost maximum: Int) -> [UInt8]? {
        var stream = unsafe z_stream()
        guard unsafe inflateInit2_(&stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return nil
        }
        defer { unsafe _ = inflateEnd(&stream) }
        var (input, output) = (bytes, [UInt8]())
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        return unsafe input.withUnsafeMutableBufferPointer { input -> [UInt8]? in
            unsafe stream.next_in = input.baseAddress
            unsafe stream.avail_in = UInt32(input.count)
            while true {
                let (code, count) = unsafe piece.withUnsafeMutableBufferPointer { piece in
                    unsafe stream.next_out = piece.baseAddress
                    unsafe stream.avail_out = UInt32(piece.count)
                    let code = unsafe inflate(&stream, Z_NO_FLUSH)
                    return (code, piece.count - Int(unsafe stream.avail_out))
                }
                guard code == Z_OK || code == Z_STREAM_END, output.count + count <= maximum else { return nil }
                output += piece.prefix(count)
                if code == Z_STREAM_END { return output }
                if count == 0 { return nil }
            }
        }
    }
}
