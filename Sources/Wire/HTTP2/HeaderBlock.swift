// swift-format-ignore-file: NeverForceUnwrap
// Pointers are unwrapped where the count beside them says that they are there.

/// A received header block, in one arena: for each field two 32-bit lengths, the name, the value.
///
/// Kept as bytes: most fields of most calls are never looked at, and a `String` each would cost more than the rest of
/// the call.
struct HeaderBlock: ~Copyable {
    private var arena = ByteQueue()
    private(set) var fieldCount = 0
    /// Size as RFC 9113, section 6.5.2 counts it: name, value and 32 a field.
    private(set) var listSize = 0

    mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        let room = unsafe arena.reserve(8 + name.count + value.count)
        unsafe room.storeBytes(of: UInt32(name.count), toByteOffset: 0, as: UInt32.self)
        unsafe room.storeBytes(of: UInt32(value.count), toByteOffset: 4, as: UInt32.self)
        if unsafe !name.isEmpty {
            unsafe (room.baseAddress! + 8).copyMemory(from: name.baseAddress!, byteCount: name.count)
        }
        if unsafe !value.isEmpty {
            unsafe (room.baseAddress! + 8 + name.count).copyMemory(from: value.baseAddress!, byteCount: value.count)
        }
        arena.commit(8 + name.count + value.count)
        fieldCount += 1
        listSize += name.count + value.count + 32
    }

    /// Counts a field that is not kept.
    mutating func count(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        fieldCount += 1
        listSize += name.count + value.count + 32
    }

    mutating func clear() {
        arena.clear(keeping: 2048)
        fieldCount = 0
        listSize = 0
    }

    /// Visits each field in order of arrival.
    func forEach(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void) {
        let bytes = unsafe arena.readable
        var offset = 0
        while offset < bytes.count {
            let nameCount = unsafe Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            let valueCount = unsafe Int(bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
            let nameStart = offset + 8
            let valueStart = nameStart + nameCount
            unsafe body(
                UnsafeRawBufferPointer(rebasing: bytes[nameStart..<valueStart]),
                UnsafeRawBufferPointer(rebasing: bytes[valueStart..<(valueStart + valueCount)])
            )
            offset = valueStart + valueCount
        }
    }

    /// Whether the block holds this field and nothing else.
    func holdsOnly(_ name: StaticString, _ value: StaticString) -> Bool {
        guard fieldCount == 1 else { return false }
        var result = false
        unsafe forEach { fieldName, fieldValue in
            result = unsafe fieldName.equals(name) && fieldValue.equals(value)
        }
        return result
    }

    /// The first value of `name`, which is lower-case as HTTP/2 demands; nil if there is none.
    func first(_ name: StaticString) -> String? {
        var result: String?
        unsafe forEach { fieldName, value in
            if result == nil, unsafe fieldName.equals(name) { result = unsafe String(decoding: value, as: UTF8.self) }
        }
        return result
    }

    /// How many fields of one name there are, and the first one's value, which is empty if there is none.
    func withFields<Result>(
        _ name: StaticString, _ body: (_ count: Int, _ first: UnsafeRawBufferPointer) -> Result
    ) -> Result {
        var count = 0
        var first = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        unsafe forEach { fieldName, value in
            guard unsafe fieldName.equals(name) else { return }
            count += 1
            if count == 1 { unsafe first = value }
        }
        return unsafe body(count, first)
    }

    /// The same for a name that is known at run time only.
    func first(named name: String) -> String? {
        let length = name.utf8.count
        var result: String?
        unsafe forEach { fieldName, value in
            guard result == nil, fieldName.count == length, unsafe fieldName.elementsEqual(name.utf8) else { return }
            result = unsafe String(decoding: value, as: UTF8.self)
        }
        return result
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are those of `text`.
    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return unsafe wireEqual(baseAddress, UnsafeRawPointer(text.utf8Start), count)
    }

    /// Whether the bytes begin with those of `text`.
    @inline(__always)
    func starts(with text: StaticString) -> Bool {
        guard count >= text.utf8CodeUnitCount else { return false }
        return unsafe wireEqual(baseAddress, UnsafeRawPointer(text.utf8Start), text.utf8CodeUnitCount)
    }
}
