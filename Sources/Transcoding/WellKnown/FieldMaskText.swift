/// google.protobuf.FieldMask as text: paths in lowerCamelCase, joined by commas.
enum FieldMaskText {
    /// Adds the paths of a text to the list in a message.
    static func parse(
        _ text: TextSlice, _ field: UnsafePointer<FieldEntry>, into message: MessagePointer, _ arena: Arena,
        count: () throws(TranscodingError) -> Void
    ) throws(TranscodingError) {
        guard text.count > 0 else { return }
        var start = unsafe text.start
        let end = unsafe text.start + text.count
        while true {
            var comma = unsafe start
            while unsafe comma < end, unsafe comma.pointee != UInt8(ascii: ",") { unsafe comma += 1 }
            try count()
            let path = unsafe try snakeCase(start, comma - start, arena)
            unsafe try message.appendElement(field, size: 16, in: arena).storeBytes(path.start, path.count)
            if unsafe comma == end { return }
            unsafe start = unsafe comma + 1
        }
    }

    private static func snakeCase(
        _ path: UnsafeMutablePointer<UInt8>, _ count: Int, _ arena: Arena
    ) throws(TranscodingError) -> TextSlice {
        let target = unsafe try arena.allocate(count * 2).assumingMemoryBound(to: UInt8.self)
        var written = 0
        for place in 0..<count {
            let byte = unsafe path[place]
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                unsafe target[written] = UInt8(ascii: "_")
                unsafe target[written + 1] = byte | 0x20
                written += 2
            case UInt8(ascii: "_"):
                throw TranscodingError(
                    .invalidValue,
                    unsafe "\(excerpt(path, count)) is no path of a field mask, which has no underscores in JSON")
            default:
                unsafe target[written] = byte
                written += 1
            }
        }
        return unsafe TextSlice(start: target, count: written)
    }

    /// Writes a path in lowerCamelCase, into room for as many bytes as it has. A path that would not come back the same
    /// is refused.
    static func write(
        _ path: UnsafeBufferPointer<UInt8>, to target: inout UnsafeMutablePointer<UInt8>
    ) throws(TranscodingError) {
        var raise = false
        for index in 0..<path.count {
            let byte = unsafe path[index]
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): throw unsafe unwritable(path)
            case UInt8(ascii: "_"):
                if raise { throw unsafe unwritable(path) }
                raise = true
            default:
                if raise {
                    guard (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) else { throw unsafe unwritable(path) }
                    unsafe target.pointee = byte & ~0x20
                } else {
                    guard byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"),
                        byte != UInt8(ascii: ",")
                    else {
                        throw unsafe unwritable(path)
                    }
                    unsafe target.pointee = byte
                }
                raise = false
                unsafe target += 1
            }
        }
        if raise { throw unsafe unwritable(path) }
    }

    static func unwritable(_ path: UnsafeBufferPointer<UInt8>) -> TranscodingError {
        let shown = unsafe quoted(String(decoding: path.prefix(40), as: UTF8.self))
        return TranscodingError(.invalidValue, "the path \(shown) of a field mask has no form in JSON")
    }
}
