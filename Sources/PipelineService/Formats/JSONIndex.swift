internal import CSimdJSON

/// Finds the tokens of JSON texts with simdjson. It owns the C object, which holds one index at a time.
@safe final class JSONIndex {
    private let handle: OpaquePointer

    init() {
        guard let handle = unsafe datavault_json_index_new() else { fatalError("out of memory") }
        unsafe self.handle = handle
    }

    deinit { unsafe datavault_json_index_free(handle) }

    /// Where each token of a range of bytes starts: a brace, bracket, colon, comma, opening quote or the first character of
    /// another scalar. None where a string does not end or holds a control character, or where the text is not UTF-8.
    func tokens(of bytes: [UInt8], _ range: Range<Int>) -> [UInt32]? {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return [] }
            var offsets: UnsafePointer<UInt32>?
            var count = 0
            let status = unsafe datavault_json_index_build(
                handle, base + range.lowerBound, range.count, &offsets, &count)
            if status == datavault_json_empty { return [] }
            guard status == datavault_json_ok, let offsets = unsafe offsets else { return nil }
            let start = UInt32(range.lowerBound)
            // C keeps the index only until its next call.
            return [UInt32](capacity: count) { output in
                for index in 0..<count { output.append(unsafe offsets[index] + start) }
            }
        }
    }
}
