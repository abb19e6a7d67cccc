internal import CZstd

/// Zstandard (RFC 8878), with windows of at most 8 MiB as RFC 9659 has it for the web.
@safe
final class ZstdStage: DecodingStage {
    private let context: OpaquePointer?
    private var input: [UInt8] = []
    private var position = 0
    /// Whether the last call ended at a frame's end.
    private(set) var isAtEnd = false

    init() {
        unsafe context = ZSTD_createDCtx()
        unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 23)
    }

    deinit { unsafe ZSTD_freeDCtx(context) }

    func push(_ bytes: [UInt8]) {
        input = position < input.count ? Array(input[position...]) + bytes : bytes
        position = 0
    }

    func pull() throws(OutboundError) -> [UInt8]? {
        guard unsafe context != nil else { throw OutboundError(.unexpected, "no memory to decode a body") }
        // At a frame's end without more input a call would begin another frame.
        if isAtEnd, position == input.count { return nil }
        var result = 0
        let output = unsafe [UInt8](unsafeUninitializedCapacity: DecodingBuffer.size) { buffer, count in
            unsafe input.withUnsafeBytes { bytes in
                var source = unsafe ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: position)
                var target = unsafe ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
                result = unsafe ZSTD_decompressStream(context, &target, &source)
                position = unsafe source.pos
                count = unsafe target.pos
            }
        }
        guard ZSTD_isError(result) == 0 else {
            throw OutboundError(.decodingFailed, "the body is not what its encoding says")
        }
        isAtEnd = result == 0
        if output.isEmpty { return position < input.count ? try pull() : nil }
        return output
    }
}
