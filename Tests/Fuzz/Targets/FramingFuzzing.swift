@testable import Wire

/// Messages as they lie in a stream, and what is packed in them.
func fuzzFraming(_ input: [UInt8]) {
    let limit = 256 * 1024
    var queue = ByteQueue()
    let chunk = max(1, Int(input.first ?? 1))
    var rest = input.dropFirst()
    var taken = 0
    while !rest.isEmpty {
        queue.append(Array(rest.prefix(chunk)))
        rest = rest.dropFirst(chunk)
        frames: while true {
            let readable = unsafe queue.readable
            switch unsafe MessagePrefix.front(of: readable) {
            case .none, .partial: break frames
            case .malformed:
                queue.consume(readable.count)
                taken += readable.count
                break frames
            case .whole(let prefix):
                let end = MessagePrefix.size + prefix.length
                let content = unsafe UnsafeRawBufferPointer(rebasing: readable[MessagePrefix.size..<end])
                if prefix.isCompressed { unsafe unpack(content, limit: limit) }
                queue.consume(end)
                taken += end
            }
        }
    }
    precondition(taken + queue.count == max(input.count - 1, 0), "bytes were lost")
    unsafe input.withUnsafeBytes { bytes in
        unsafe unpack(bytes, limit: limit)
        let packed = unsafe Gzip.compress(bytes)
        let unpacked = unsafe packed.withUnsafeBytes { try? unsafe Gzip.decompress($0, limit: bytes.count) }
        precondition(unpacked == input, "gzip is no round trip")
        if !input.isEmpty {
            let cut = unsafe packed.withUnsafeBytes { try? unsafe Gzip.decompress($0, limit: bytes.count - 1) }
            precondition(cut == nil, "the limit does not limit")
        }
    }
}

private func unpack(_ bytes: UnsafeRawBufferPointer, limit: Int) {
    if let unpacked = try? unsafe Gzip.decompress(bytes, limit: limit) {
        precondition(unpacked.count <= limit, "the limit does not limit")
    }
}
