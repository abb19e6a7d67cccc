public import SwiftProtobuf

/// A message as it goes on the wire: the five bytes of the prefix, then the message's own.
///
/// SwiftProtobuf encodes straight behind the prefix, so that prefix and message are one allocation and one copy.
public struct EncodedMessage: SwiftProtobufContiguousBytes, Sendable {
    /// Prefix and message; the prefix's flag and length are set by `init(repeating:count:)`.
    @usableFromInline var storage: [UInt8]

    @usableFromInline static let prefixSize = 5

    /// Room for `count` bytes behind the prefix of an uncompressed message. They are not initialized to `repeating`:
    /// SwiftProtobuf writes every one.
    @inlinable
    public init(repeating: UInt8, count: Int) {
        storage = unsafe [UInt8](unsafeUninitializedCapacity: count + 5) { buffer, initialized in
            unsafe buffer[0] = 0
            unsafe buffer[1] = UInt8(truncatingIfNeeded: count >> 24)
            unsafe buffer[2] = UInt8(truncatingIfNeeded: count >> 16)
            unsafe buffer[3] = UInt8(truncatingIfNeeded: count >> 8)
            unsafe buffer[4] = UInt8(truncatingIfNeeded: count)
            initialized = count + 5
        }
    }

    @inlinable
    public init<S: Sequence>(_ sequence: S) where S.Element == UInt8 {
        let bytes = Array(sequence)
        self.init(repeating: 0, count: bytes.count)
        storage.replaceSubrange(5..., with: bytes)
    }

    /// Bytes of the message.
    @inlinable
    public var count: Int { storage.count - 5 }

    @inlinable
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe storage.withUnsafeBufferPointer { buffer in
            try unsafe body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[5...]))
        }
    }

    @inlinable
    public mutating func withUnsafeMutableBytes<R>(_ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe storage.withUnsafeMutableBufferPointer { buffer in
            try unsafe body(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[5...]))
        }
    }
}
