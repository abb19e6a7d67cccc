internal import CBrotli

/// Brotli (RFC 7932), with windows of at most 16 MiB.
@safe
final class BrotliStage: DecodingStage {
    private let decoder: OpaquePointer?
    private var input: [UInt8] = []
    private var position = 0
    private(set) var isAtEnd = false

    init() { unsafe decoder = BrotliDecoderCreateInstance(nil, nil, nil) }

    deinit { unsafe BrotliDecoderDestroyInstance(decoder) }

    func push(_ bytes: [UInt8]) {
        input = position < input.count ? Array(input[position...]) + bytes : bytes
        position = 0
    }

    func pull() throws(OutboundError) -> [UInt8]? {
        guard unsafe decoder != nil else { throw OutboundError(.unexpected, "no memory to decode a body") }
        if isAtEnd { return nil }
        var result = BROTLI_DECODER_RESULT_ERROR
        let output = unsafe [UInt8](unsafeUninitializedCapacity: DecodingBuffer.size) { buffer, count in
            unsafe input.withUnsafeBytes { bytes in
                var available = bytes.count - position
                var next = unsafe bytes.baseAddress.map { unsafe $0.assumingMemoryBound(to: UInt8.self) + position }
                var room = buffer.count
                var target = buffer.baseAddress
                result = unsafe BrotliDecoderDecompressStream(decoder, &available, &next, &room, &target, nil)
                position = bytes.count - available
                count = buffer.count - room
            }
        }
        switch result {
        case BROTLI_DECODER_RESULT_SUCCESS: isAtEnd = true
        case BROTLI_DECODER_RESULT_ERROR:
            throw OutboundError(.decodingFailed, "the body is not what its encoding says")
        default: break
        }
        return output.isEmpty ? nil : output
    }
}
