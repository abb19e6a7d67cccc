import CRE2

/// A pattern of the user's that is looked for in paths: RE2's, hence linear in the text.
@safe
final class PathPattern: Sendable {
    let text: String
    // Immutable once compiled, and RE2 allows its use by many threads.
    private nonisolated(unsafe) let compiled: OpaquePointer

    private static let maximumMemory: Int64 = 1 << 20

    /// - Throws: `PatternFault` with the reason of RE2.
    init(_ text: String) throws(PatternFault) {
        self.text = text
        var (copy, reason) = (text, [CChar](repeating: 0, count: 200))
        let made = copy.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe reason.withUnsafeMutableBufferPointer { buffer in
                    unsafe datavault_re2_compile(
                        characters.baseAddress, characters.count, false, Self.maximumMemory, buffer.baseAddress,
                        buffer.count)
                }
            }
        }
        guard let made = unsafe made else {
            let end = reason.firstIndex(of: 0) ?? reason.count
            throw PatternFault(reason: String(decoding: reason[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        unsafe compiled = made
    }

    deinit { unsafe datavault_re2_free(compiled) }

    /// Whether it is found anywhere in a text.
    func isFound(in text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe datavault_re2_find(compiled, characters.baseAddress, characters.count, 0, nil, 0)
            }
        }
    }
}

/// Why a pattern cannot be used.
struct PatternFault: Error, Hashable {
    let reason: String
}
