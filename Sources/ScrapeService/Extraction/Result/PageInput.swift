/// A page as it was fetched.
package struct PageInput: Sendable {
    /// The body, decompressed.
    package var bytes: [UInt8]
    /// The URL that answered, after redirects; absolute.
    package var url: String
    /// The value of the answer's Content-Type.
    package var contentType: String?

    package init(bytes: [UInt8], url: String, contentType: String? = nil) {
        self.bytes = bytes
        self.url = url
        self.contentType = contentType
    }
}
