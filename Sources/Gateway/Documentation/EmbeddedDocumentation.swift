import CDocumentation

/// The bytes of the documentation that is part of the program; they are read where they lie.
enum EmbeddedDocumentation {
    static var count: Int { datavault_documentation_size }

    /// A part of them.
    static func bytes(_ range: Range<Int>) -> [UInt8] {
        // A constant of the C target that is never freed, and of the size beside it.
        let all = unsafe UnsafeRawBufferPointer(start: datavault_documentation_start(), count: count)
        return unsafe Array(all[range])
    }
}
