import COpenSSL
import NIOCore

/// The transport as OpenSSL sees it: a BIO over two `ByteBuffer`s.
///
/// OpenSSL's own memory BIO would copy each byte once more in either direction and keep its largest size for good; this
/// one reads from the buffer that the socket filled and appends to the one that the socket sends.
final class TLSByteLink {
    /// Received and not yet read by OpenSSL.
    var inbound = ByteBuffer()
    /// Written by OpenSSL and not yet sent.
    var outbound = ByteBuffer()

    /// One for the process, never freed. Nil if memory ran out at start. Only read once made, hence safe to share.
    private nonisolated(unsafe) static let method: OpaquePointer? = unsafe makeMethod()

    private static let retryFlags = BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY

    /// A BIO on this link; the caller owns it and keeps the link alive as long.
    func makeBIO() -> OpaquePointer? {
        guard let method = unsafe Self.method, let bio = unsafe BIO_new(method) else { return nil }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }

    private static func makeMethod() -> OpaquePointer? {
        guard let method = unsafe BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire")
        else { return nil }
        unsafe BIO_meth_set_read_ex(method, readThunk)
        unsafe BIO_meth_set_write_ex(method, writeThunk)
        unsafe BIO_meth_set_ctrl(method, controlThunk)
        return unsafe method
    }

    private static func link(of bio: OpaquePointer?) -> TLSByteLink? {
        // Not counted: the session owns the link longer than the BIO.
        guard let data = unsafe BIO_get_data(bio) else { return nil }
        return unsafe Unmanaged<TLSByteLink>.fromOpaque(data).takeUnretainedValue()
    }

    private typealias Read =
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<CChar>?, Int, UnsafeMutablePointer<Int>?
        ) -> Int32
    private typealias Write =
        @convention(c) (
            OpaquePointer?, UnsafePointer<CChar>?, Int, UnsafeMutablePointer<Int>?
        ) -> Int32
    private typealias Control = @convention(c) (OpaquePointer?, Int32, Int, UnsafeMutableRawPointer?) -> Int

    private static let readThunk: Read = { bio, destination, wanted, done in
        unsafe BIO_clear_flags(bio, retryFlags)
        guard let link = unsafe link(of: bio), let destination = unsafe destination else { return 0 }
        let count = min(wanted, link.inbound.readableBytes)
        guard count > 0 else {
            // Not the end: more may come.
            unsafe BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
            return 0
        }
        // `destination` has room for `wanted` bytes, by OpenSSL's contract.
        unsafe link.inbound.readWithUnsafeReadableBytes { bytes in
            guard let start = bytes.baseAddress else { return 0 }
            unsafe UnsafeMutableRawPointer(destination).copyMemory(from: start, byteCount: count)
            return count
        }
        unsafe done?.pointee = count
        return 1
    }

    private static let writeThunk: Write = { bio, source, count, done in
        unsafe BIO_clear_flags(bio, retryFlags)
        guard let link = unsafe link(of: bio), let source = unsafe source else { return 0 }
        unsafe link.outbound.writeBytes(UnsafeRawBufferPointer(start: source, count: count))
        unsafe done?.pointee = count
        return 1
    }

    private static let controlThunk: Control = { _, command, _, _ in
        // A flush succeeds, as the buffer is sent by its owner; all else is not offered.
        command == BIO_CTRL_FLUSH ? 1 : 0
    }
}
