@testable import Wire

/// Calls `body` with the bytes of `text` as the library's pure functions take them.
func withBytes<R>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    unsafe try withBytes(Array(text.utf8), body)
}

func withBytes<R>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try unsafe bytes.withUnsafeBytes { try unsafe body($0) }
}

/// A header block of text fields.
func makeBlock(_ fields: [(String, String)]) -> HeaderBlock {
    var block = HeaderBlock()
    for (name, value) in fields {
        unsafe withBytes(name) { name in
            unsafe withBytes(value) { value in unsafe block.append(name: name, value: value) }
        }
    }
    return block
}
