public import SwiftProtobuf

/// A message as it goes on the wire: the five bytes of the prefix, then the message's own.
///
/// SwiftProtobuf encodes straight behind the prefix, so that prefix and message are one allocation and one copy.
//
// Unchecked: the storage is changed only while nobody else refers to it.
@safe
public struct EncodedMessage: SwiftProtobufContiguousBytes, @unchecked Sendable {
    /// Prefix and message; the header is their size. No array, as making one asks the runtime for its type each time.
    @usableFromInline final class Storage: ManagedBuffer<Int, UInt8> {}

    @usableFromInline var storage: ManagedBuffer<Int, UInt8>

    /// `MessagePrefix.size`, for inlined code.
    @inlinable static var prefixSize: Int { 5 }

    /// Room for `count` bytes behind the prefix of an uncompressed message. They are not initialized to `repeating`:
    /// SwiftProtobuf writes every one.
    @inlinable
    public init(repeating: UInt8, count: Int) {
        storage = Storage.create(minimumCapacity: count + Self.prefixSize) { _ in count + Self.prefixSize }
        unsafe storage.withUnsafeMutablePointerToElements { start in
            unsafe start[0] = 0
            unsafe start[1] = UInt8(truncatingIfNeeded: count >> 24)
            unsafe start[2] = UInt8(truncatingIfNeeded: count >> 16)
            unsafe start[3] = UInt8(truncatingIfNeeded: count >> 8)
            unsafe start[4] = UInt8(truncatingIfNeeded: count)
        }
    }

    @inlinable
    public init<S: Sequence>(_ sequence: S) where S.Element == UInt8 {
        let bytes = Array(sequence)
        self.init(repeating: 0, count: bytes.count)
        unsafe withUnsafeMutableBytes { room in
            unsafe bytes.withUnsafeBytes { unsafe room.copyMemory(from: $0) }
        }
    }

    /// Bytes of the message.
    @inlinable
    public var count: Int { unsafe storage.withUnsafeMutablePointerToHeader { unsafe $0.pointee } - Self.prefixSize }

    @inlinable
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe storage.withUnsafeMutablePointers { size, start in
            let count = unsafe size.pointee - Self.prefixSize
            return try unsafe body(UnsafeRawBufferPointer(start: start + Self.prefixSize, count: count))
        }
    }

    @inlinable
    public mutating func withUnsafeMutableBytes<R>(_ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
        if !isKnownUniquelyReferenced(&storage) { self = unsafe withUnsafeBytes { unsafe EncodedMessage($0) } }
        return try unsafe storage.withUnsafeMutablePointers { size, start in
            let count = unsafe size.pointee - Self.prefixSize
            return try unsafe body(UnsafeMutableRawBufferPointer(start: start + Self.prefixSize, count: count))
        }
    }

    /// Prefix and message.
    func withFrame<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe storage.withUnsafeMutablePointers { size, start in
            try unsafe body(UnsafeRawBufferPointer(start: start, count: size.pointee))
        }
    }
}
