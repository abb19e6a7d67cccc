import NIOCore

/// What the protocol itself needs of a request's headers, read as they arrive.
///
/// These fields are not kept as bytes: nobody asks for them again.
struct RequestFields {
    enum ContentType {
        case missing, grpc, other
    }

    var method: RegisteredMethod?
    /// `:path`, where it names no method that is served.
    var unknownPath: String?
    var isPost = false
    var contentType = ContentType.missing
    /// `te: trailers`, by which clients say that no proxy on the way eats trailers.
    var acceptsTrailers = false
    var timeout: TimeAmount?
    var hasBadTimeout = false
    var compression = Compression.identity
    var hasUnknownEncoding = false
    var acceptsGzip = false

    /// Takes `:path`.
    mutating func takePath(_ value: UnsafeRawBufferPointer, _ methods: borrowing MethodTable) {
        method = unsafe methods.find(value)
        if method == nil { unknownPath = unsafe String(decoding: value, as: UTF8.self) }
    }

    /// Takes a field other than `:path`; false if it is not the protocol's, or is asked for later.
    mutating func take(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        switch name.count {
        case 2:
            guard unsafe name.equals("te") else { return false }
            acceptsTrailers = unsafe value.equals("trailers")
        case 7:
            if unsafe name.equals(":method") {
                isPost = unsafe value.equals("POST")
            } else {
                return unsafe name.equals(":scheme")
            }
        case 12:
            if unsafe name.equals("content-type") {
                contentType = unsafe Self.isGRPC(value) ? .grpc : .other
            } else if unsafe name.equals("grpc-timeout") {
                timeout = unsafe Timeout.parse(value)
                hasBadTimeout = timeout == nil
            } else {
                return false
            }
        case 13:
            guard unsafe name.equals("grpc-encoding") else { return false }
            if let coding = unsafe Compression(name: value) {
                compression = coding
            } else {
                hasUnknownEncoding = true
            }
        case 20:
            guard unsafe name.equals("grpc-accept-encoding") else { return false }
            acceptsGzip = unsafe value.containsToken("gzip")
        default: return false
        }
        return true
    }

    private static func isGRPC(_ value: UnsafeRawBufferPointer) -> Bool {
        unsafe value.starts(with: "application/grpc")
            && (value.count == 16 || [UInt8(ascii: "+"), UInt8(ascii: ";")].contains(value[16]))
    }
}
