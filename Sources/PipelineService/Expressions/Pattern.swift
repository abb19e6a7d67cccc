internal import CRE2

/// A compiled pattern in RE2's syntax: matching takes time linear in the text. It owns the C object and frees it.
@safe final class Pattern: Sendable {
    // RE2 objects are immutable, and RE2 says that threads may share them.
    private nonisolated(unsafe) let handle: OpaquePointer

    /// Gives the reason where the text is no pattern.
    init(_ text: [UInt8], maximumMemory: Int64) throws(PatternError) {
        var message = [CChar](repeating: 0, count: 200)
        let compiled = unsafe text.withUnsafeBytes { bytes in
            // RE2 wants no NULL for an empty pattern.
            unsafe message.withUnsafeMutableBufferPointer { message in
                let empty: [CChar] = [0]
                return unsafe empty.withUnsafeBufferPointer { empty in
                    let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? empty.baseAddress
                    return unsafe datavault_re2_compile(
                        start, bytes.count, false, maximumMemory, message.baseAddress, message.count)
                }
            }
        }
        guard let compiled = unsafe compiled else {
            let end = message.firstIndex(of: 0) ?? message.count
            throw PatternError(message: String(decoding: message[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        unsafe handle = compiled
    }

    deinit { unsafe datavault_re2_free(handle) }

    /// If a part of the text matches, as CEL's `matches` asks.
    func finds(in bytes: [UInt8], _ extent: Extent) -> Bool {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let base = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else {
                var empty: CChar = 0
                return unsafe datavault_re2_find(handle, &empty, 0, 0, nil, 0)
            }
            return unsafe datavault_re2_find(
                handle, base.advanced(by: Int(extent.start)), Int(extent.length), 0, nil, 0)
        }
    }
}

/// Why a text is no pattern.
struct PatternError: Error {
    let message: String
}
