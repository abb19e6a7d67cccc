/// Text in memory that does not move: nghttp2 refers to it instead of copying it.
///
/// Whoever submits a header block with it holds it until the block has been sent.
//
// @safe, unchecked: the memory is never changed, and lives as long as the object.
@safe
final class StableText: @unchecked Sendable {
    let start: UnsafeMutablePointer<UInt8>
    let count: Int

    init(_ text: String) {
        let bytes = Array(text.utf8)
        count = bytes.count
        unsafe start = .allocate(capacity: max(bytes.count, 1))
        unsafe start.initialize(repeating: 0, count: max(bytes.count, 1))
        for (index, byte) in bytes.enumerated() { unsafe start[index] = byte }
    }

    deinit { unsafe start.deallocate() }
}
