internal import CSimdJSON

/// Reads protobuf bytes into message memory, and bounds what they may ask for while it does so: protobuf-c's own reader
/// follows any depth and takes strings that are not UTF-8. Strings and bytes point into the input, which must outlive
/// the message.
@safe struct WireDecoder: ~Copyable {
    let arena: Arena
    let paths: PathStack
    let maxDepth: Int
    let maxElements: Int
    var elements = 0
    /// How deep the walk is: where an error was thrown, its path's last level.
    var depth = 0

    init(_ workspace: Workspace, limits: TranscodingLimits) {
        arena = workspace.arena
        paths = workspace.paths
        maxDepth = limits.maxDepth
        maxElements = limits.maxElements
    }

    /// Merges bytes into a message, as protobuf merges: lists are added to, the last of several scalars stays.
    mutating func decode(
        _ reader: consuming WireReader, into message: MessagePointer, _ type: UnsafePointer<MessageEntry>
    ) throws(TranscodingError) {
        let level = depth
        paths.enter(level)
        while !reader.isAtEnd {
            let (number, wireType) = try reader.tag()
            guard let field = unsafe type.pointee.field(number: number) else {
                try reader.skip(number, wireType, depth: maxDepth - level)
                continue
            }
            unsafe paths.set(level, field: field)
            if unsafe wireType == field.pointee.kind.wireType {
                if unsafe field.pointee.shape == .singular {
                    unsafe try decodeSingular(&reader, field, message)
                } else {
                    unsafe try decodeElement(&reader, field, message)
                }
            } else if wireType == WireType.bytes, unsafe field.pointee.shape == .repeated,
                unsafe field.pointee.kind.isPackable
            {
                unsafe try decodePacked(try reader.lengthDelimited(), field, message)
            } else {
                // Of another type than the field: unknown, says protobuf.
                try reader.skip(number, wireType, depth: maxDepth - level)
            }
        }
    }

    @inline(__always)
    private mutating func decodeSingular(
        _ reader: inout WireReader, _ field: UnsafePointer<FieldEntry>, _ message: MessagePointer
    ) throws(TranscodingError) {
        let kind = unsafe field.pointee.kind
        let target = unsafe message + field.pointee.offset
        switch kind {
        case .message:
            let content = try reader.lengthDelimited()
            guard let type = unsafe field.pointee.message,
                let inner = unsafe try message.mutableMessage(field, in: arena)
            else { return }
            unsafe try decodeInner(content, into: inner, type)
            return
        case .string, .bytes:
            unsafe try decodeBytes(&reader, kind, to: target)
        default:
            let bits = try reader.scalar(kind)
            guard unsafe accepts(field, bits) else { return }
            unsafe store(bits, kind, target)
        }
        unsafe message.markSet(field)
    }

    @inline(__always)
    private mutating func decodeInner(
        _ content: WireReader, into message: MessagePointer, _ type: UnsafePointer<MessageEntry>
    ) throws(TranscodingError) {
        guard depth < maxDepth else { throw WireReader.tooDeep() }
        depth += 1
        unsafe try decode(content, into: message, type)
        depth -= 1
    }

    private mutating func decodeElement(
        _ reader: inout WireReader, _ field: UnsafePointer<FieldEntry>, _ message: MessagePointer
    ) throws(TranscodingError) {
        try countElements(1)
        let kind = unsafe field.pointee.kind
        if unsafe field.pointee.shape == .repeated { unsafe paths.set(depth, index: message.count(field)) }
        switch kind {
        case .message:
            let content = try reader.lengthDelimited()
            guard let type = unsafe field.pointee.message else { return }
            let inner = unsafe try arena.allocateMessage(type)
            let place = unsafe try message.appendElement(field, size: 8, in: arena)
            unsafe place.storeBytes(of: inner, as: MessagePointer.self)
            if unsafe field.pointee.shape == .map {
                // An entry without a key or value has the zero of its type.
                unsafe inner.markSet(type.pointee.fields)
                let value = unsafe type.pointee.fields + 1
                if unsafe value.pointee.kind == .message {
                    _ = unsafe try inner.mutableMessage(value, in: arena)
                } else {
                    if let enumeration = unsafe value.pointee.enumeration, unsafe enumeration.pointee.isClosed {
                        unsafe (inner + value.pointee.offset).storeBytes(of: enumeration.pointee.first, as: Int32.self)
                    }
                    unsafe inner.markSet(value)
                }
            }
            unsafe try decodeInner(content, into: inner, type)
        case .string, .bytes:
            let place = unsafe try message.appendElement(field, size: 16, in: arena)
            // Whole before anything can fail: the list counts it already.
            unsafe place.storeBytes(of: 0, as: Int.self)
            unsafe try decodeBytes(&reader, kind, to: place)
        default:
            let bits = try reader.scalar(kind)
            guard unsafe accepts(field, bits) else { return }
            unsafe store(bits, kind, try message.appendElement(field, size: kind.size, in: arena))
        }
    }

    private mutating func decodePacked(
        _ content: consuming WireReader, _ field: UnsafePointer<FieldEntry>, _ message: MessagePointer
    ) throws(TranscodingError) {
        let kind = unsafe field.pointee.kind
        let size = kind.size
        let length = unsafe content.end - content.cursor
        guard length > 0 else { return }
        if kind.wireType != WireType.varint {
            // As it lies on the wire it lies in memory, on machines of little-endian order.
            guard length % size == 0 else { throw WireReader.truncated() }
            let count = length / size
            try countElements(count)
            let place = unsafe try message.appendElements(field, count, size: size, in: arena)
            unsafe place.copyMemory(from: content.cursor, byteCount: length)
            return
        }
        while !content.isAtEnd {
            try countElements(1)
            let bits = try content.scalar(kind)
            guard unsafe accepts(field, bits) else { continue }
            unsafe store(bits, kind, try message.appendElement(field, size: size, in: arena))
        }
    }

    @inline(__always)
    private func decodeBytes(
        _ reader: inout WireReader, _ kind: FieldKind, to target: UnsafeMutableRawPointer
    ) throws(TranscodingError) {
        let content = try reader.lengthDelimited()
        let count = unsafe content.end - content.cursor
        if kind == .string, unsafe !isUTF8(content.cursor, count) {
            throw TranscodingError(.invalidUTF8, "the string is not UTF-8")
        }
        unsafe target.storeBytes(content.cursor, count)
    }

    @inline(__always)
    private func store(_ bits: UInt64, _ kind: FieldKind, _ target: UnsafeMutableRawPointer) {
        if kind.size == 4 {
            unsafe target.storeBytes(of: UInt32(truncatingIfNeeded: bits), as: UInt32.self)
        } else {
            unsafe target.storeBytes(of: bits, as: UInt64.self)
        }
    }

    /// Whether a closed enum has a value: proto2 takes others as unknown fields.
    @inline(__always)
    private func accepts(_ field: UnsafePointer<FieldEntry>, _ bits: UInt64) -> Bool {
        guard let enumeration = unsafe field.pointee.enumeration, unsafe enumeration.pointee.isClosed else {
            return true
        }
        return unsafe enumeration.pointee.value(number: Int32(truncatingIfNeeded: bits)) != nil
    }

    @inline(__always)
    private mutating func countElements(_ more: Int) throws(TranscodingError) {
        elements += more
        guard elements <= maxElements else {
            throw .exceeded("maxElements", "there are more than \(maxElements) elements")
        }
    }
}

/// Whether bytes are UTF-8. Short ASCII, which most strings are, needs no call.
@inline(__always)
func isUTF8(_ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    var place = 0
    while place + 8 <= count {
        if unsafe loadWord(start + place) & repeated(0x80) != 0 { return unsafe datavault_utf8_is_valid(start, count) }
        place += 8
        if place >= 64 { return unsafe datavault_utf8_is_valid(start, count) }
    }
    while place < count {
        if unsafe start[place] >= 0x80 { return unsafe datavault_utf8_is_valid(start, count) }
        place += 1
    }
    return true
}
