internal import CProtobufC

#if canImport(Glibc)
    internal import Glibc
#endif

/// A message as it lies in memory; protobuf-c's form, so its functions take it too.
typealias MessagePointer = UnsafeMutableRawPointer

extension MessagePointer {
    /// The flag, the oneof's case or the low half of the list's count.
    @inline(__always)
    func quantifier(_ field: UnsafePointer<FieldEntry>) -> UInt32 {
        unsafe load(fromByteOffset: field.pointee.quantifier, as: UInt32.self)
    }

    @inline(__always)
    func setQuantifier(_ field: UnsafePointer<FieldEntry>, _ value: UInt32) {
        unsafe storeBytes(of: value, toByteOffset: field.pointee.quantifier, as: UInt32.self)
    }

    /// How many elements a list or map has.
    @inline(__always)
    func count(_ field: UnsafePointer<FieldEntry>) -> Int {
        unsafe load(fromByteOffset: field.pointee.quantifier, as: Int.self)
    }

    /// The elements of a list or map: nil where there are none.
    @inline(__always)
    func elements(_ field: UnsafePointer<FieldEntry>) -> UnsafeMutableRawPointer? {
        unsafe load(fromByteOffset: field.pointee.offset, as: UnsafeMutableRawPointer?.self)
    }

    /// The message that a field holds.
    @inline(__always)
    func message(_ field: UnsafePointer<FieldEntry>) -> MessagePointer? {
        unsafe load(fromByteOffset: field.pointee.offset, as: MessagePointer?.self)
    }

    /// Throws where another member of a field's oneof is set.
    @inline(__always)
    func checkOneof(_ field: UnsafePointer<FieldEntry>) throws(TranscodingError) {
        guard unsafe field.pointee.presence == .oneof else { return }
        let current = unsafe quantifier(field)
        guard unsafe current == 0 || current == field.pointee.number else {
            throw TranscodingError(.duplicate, "another member of the same oneof is set already")
        }
    }

    /// Whether a singular field is set.
    @inline(__always)
    func isSet(_ field: UnsafePointer<FieldEntry>) -> Bool {
        switch unsafe field.pointee.presence {
        case .implicit:
            switch unsafe field.pointee.kind.size {
            case 4: unsafe load(fromByteOffset: field.pointee.offset, as: UInt32.self) != 0
            default: unsafe load(fromByteOffset: field.pointee.offset, as: UInt64.self) != 0
            }
        case .flag: unsafe quantifier(field) != 0
        case .oneof: unsafe quantifier(field) == field.pointee.number
        case .pointer: unsafe message(field) != nil
        }
    }

    /// Marks a singular field as set, after its value has been stored.
    @inline(__always)
    func markSet(_ field: UnsafePointer<FieldEntry>) {
        switch unsafe field.pointee.presence {
        case .implicit:
            // Only floating-point fields have a flag here: see LayoutBuilder.
            if unsafe field.pointee.quantifier != 0 { unsafe setQuantifier(field, isSet(field) ? 1 : 0) }
        case .flag: unsafe setQuantifier(field, 1)
        case .oneof: unsafe setQuantifier(field, field.pointee.number)
        case .pointer: break
        }
    }

    @inline(__always)
    func storeBytes(_ start: UnsafePointer<UInt8>, _ count: Int) {
        unsafe storeBytes(of: count, as: Int.self)
        unsafe storeBytes(of: UnsafeRawPointer(start), toByteOffset: 8, as: UnsafeRawPointer.self)
    }

    /// The message in a singular field, made where it is missing. Sets the oneof's case.
    func mutableMessage(_ field: UnsafePointer<FieldEntry>, in arena: Arena) throws(TranscodingError) -> MessagePointer?
    {
        guard let type = unsafe field.pointee.message else { return nil }
        let isCurrent = unsafe field.pointee.presence != .oneof || quantifier(field) == field.pointee.number
        if isCurrent, let present = unsafe message(field) { return unsafe present }
        let made = unsafe try arena.allocateMessage(type)
        unsafe storeBytes(of: made, toByteOffset: field.pointee.offset, as: MessagePointer.self)
        unsafe markSet(field)
        return unsafe made
    }

    /// Room for one more element at the end of a list, counted already. What stands there is undefined.
    ///
    /// Of a list with n elements the array has room for the next power of two, at least `smallestList`.
    @inline(__always)
    func appendElement(_ field: UnsafePointer<FieldEntry>, size: Int, in arena: Arena)
        throws(TranscodingError) -> UnsafeMutableRawPointer
    {
        let count = unsafe count(field)
        var start = unsafe elements(field)
        if count == 0 || (count >= smallestList && count & (count - 1) == 0) {
            unsafe start = unsafe try grow(
                field, size: size, count: count, capacity: max(count * 2, smallestList), in: arena)
        }
        unsafe storeBytes(of: count + 1, toByteOffset: field.pointee.quantifier, as: Int.self)
        // `grow` has just set it where it was missing.
        return unsafe start.unsafelyUnwrapped + count * size
    }

    /// Room for some more elements at the end of a list, counted already.
    func appendElements(_ field: UnsafePointer<FieldEntry>, _ more: Int, size: Int, in arena: Arena)
        throws(TranscodingError) -> UnsafeMutableRawPointer
    {
        let count = unsafe count(field)
        var start = unsafe elements(field)
        let capacity = listCapacity(count + more)
        if count == 0 || capacity > listCapacity(count) {
            unsafe start = unsafe try grow(field, size: size, count: count, capacity: capacity, in: arena)
        }
        unsafe storeBytes(of: count + more, toByteOffset: field.pointee.quantifier, as: Int.self)
        return unsafe start.unsafelyUnwrapped + count * size
    }

    private func grow(
        _ field: UnsafePointer<FieldEntry>, size: Int, count: Int, capacity: Int, in arena: Arena
    ) throws(TranscodingError) -> UnsafeMutableRawPointer {
        let start = unsafe try arena.allocate(capacity * size)
        if count > 0, let old = unsafe elements(field) { unsafe memcpy(start, old, count * size) }
        unsafe storeBytes(of: start, toByteOffset: field.pointee.offset, as: UnsafeMutableRawPointer.self)
        return unsafe start
    }
}

private let smallestList = 4

private func listCapacity(_ count: Int) -> Int {
    var capacity = smallestList
    while capacity < count { capacity *= 2 }
    return capacity
}

/// Bytes that a string or bytes field holds.
@inline(__always)
func loadBytes(_ value: UnsafeRawPointer) -> UnsafeBufferPointer<UInt8> {
    let count = unsafe value.load(as: Int.self)
    let start = unsafe value.load(fromByteOffset: 8, as: UnsafePointer<UInt8>?.self)
    return unsafe UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
}

extension MessagePointer {
    /// Takes away what a field holds.
    func clear(_ field: UnsafePointer<FieldEntry>) {
        if unsafe field.pointee.shape != .singular {
            unsafe storeBytes(of: 0, toByteOffset: field.pointee.quantifier, as: Int.self)
            unsafe storeBytes(of: nil, toByteOffset: field.pointee.offset, as: UnsafeMutableRawPointer?.self)
            return
        }
        if unsafe field.pointee.presence == .oneof {
            guard unsafe quantifier(field) == field.pointee.number else { return }
        }
        unsafe memset(self + field.pointee.offset, 0, field.pointee.kind.size)
        if unsafe field.pointee.quantifier != 0 { unsafe setQuantifier(field, 0) }
    }

    /// Takes the last element off a list.
    func removeLast(_ field: UnsafePointer<FieldEntry>) {
        unsafe storeBytes(of: count(field) - 1, toByteOffset: field.pointee.quantifier, as: Int.self)
    }
}
