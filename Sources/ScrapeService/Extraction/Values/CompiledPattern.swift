import CRE2

/// A pattern of RE2: matching takes time linear in the text.
///
/// The compiled pattern is immutable and RE2 locks its own caches, so threads may share it.
@safe
final class CompiledPattern: @unchecked Sendable {
    private let pattern: OpaquePointer
    private let groups: Int32

    /// - Throws: RE2's message.
    init(_ text: String, memory: Int) throws(PatternError) {
        var message = [CChar](repeating: 0, count: 256)
        let bytes = Array(text.utf8).map { CChar(bitPattern: $0) }
        guard
            let compiled = unsafe datavault_re2_compile(
                bytes, bytes.count, false, Int64(memory), &message, message.count)
        else {
            let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw PatternError(message: String(decoding: text, as: UTF8.self))
        }
        unsafe pattern = compiled
        groups = unsafe datavault_re2_group_count(compiled)
    }

    deinit { unsafe datavault_re2_free(pattern) }

    func matchesWhole(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) {
                unsafe datavault_re2_matches_whole(pattern, $0.baseAddress, $0.count)
            }
        }
    }

    /// The first group of the first match, or the whole match of a pattern without groups.
    func capture(in text: String) -> String? {
        var text = text
        return text.withUTF8 { bytes in
            var found = [datavault_re2_range](repeating: datavault_re2_range(start: -1, end: -1), count: 2)
            let isMatch = unsafe bytes.withMemoryRebound(to: CChar.self) {
                unsafe datavault_re2_find(pattern, $0.baseAddress, $0.count, 0, &found, 2)
            }
            let range = found[groups > 0 ? 1 : 0]
            guard isMatch, range.start >= 0 else { return nil }
            return unsafe String(decoding: UnsafeBufferPointer(rebasing: bytes[range.start..<range.end]), as: UTF8.self)
        }
    }
}

/// Why a pattern is none.
struct PatternError: Error {
    var message: String
}
