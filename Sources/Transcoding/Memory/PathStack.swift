/// Where a walk through a message is, so that an error can name the place: one frame for each level.
///
/// A handle, as `Arena` is one.
@safe struct PathStack {
    @safe
    struct Frame {
        /// The field that is being worked on; nil inside of google.protobuf.Struct and for unknown keys.
        var field: UnsafePointer<FieldEntry>?
        /// A map's key, or an unknown one.
        var key: UnsafePointer<UInt8>?
        var keyCount: Int
        /// The element of a list; -1 where there is none.
        var index: Int
    }

    let frames: UnsafeMutablePointer<Frame>
    let capacity: Int

    init(depth: Int) {
        capacity = depth + 2
        unsafe frames = .allocate(capacity: capacity)
        unsafe frames.initialize(repeating: Frame(field: nil, key: nil, keyCount: 0, index: -1), count: capacity)
    }

    func destroy() { unsafe frames.deallocate() }

    @inline(__always)
    func enter(_ depth: Int) {
        unsafe frames[depth] = unsafe Frame(field: nil, key: nil, keyCount: 0, index: -1)
    }

    @inline(__always)
    func set(_ depth: Int, field: UnsafePointer<FieldEntry>) {
        unsafe frames[depth] = unsafe Frame(field: field, key: nil, keyCount: 0, index: -1)
    }

    @inline(__always)
    func set(_ depth: Int, index: Int) { unsafe frames[depth].index = index }

    @inline(__always)
    func set(_ depth: Int, key: UnsafePointer<UInt8>, count: Int) {
        unsafe frames[depth].key = unsafe key
        unsafe frames[depth].keyCount = count
    }

    func clearKey(_ depth: Int) { unsafe frames[depth].key = nil }

    /// The path down to a level, in JSON's names or in the proto's.
    func path(through depth: Int, protoNames: Bool = false) -> String {
        var path = ""
        for level in 0...min(depth, capacity - 1) {
            let frame = unsafe frames[level]
            if let field = unsafe frame.field {
                if !path.isEmpty { path += "." }
                unsafe path += protoNames ? field.pointee.name : field.pointee.jsonName
            }
            if let key = unsafe frame.key {
                // Somebody else's text: bounded, and whatever is no UTF-8 replaced.
                let shown = unsafe String(
                    decoding: UnsafeBufferPointer(start: key, count: min(frame.keyCount, Self.longestKey)),
                    as: UTF8.self)
                if unsafe frame.field == nil, isIdentifier(shown) {
                    path += path.isEmpty ? shown : ".\(shown)"
                } else {
                    path += "[\(quoted(shown))]"
                }
            }
            if frame.index >= 0 { path += "[\(frame.index)]" }
        }
        return path
    }

    /// Characters of a foreign key that an error repeats.
    static let longestKey = 64
}

/// A text as an error shows it: in quotes, without control characters.
func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        if scalar == "\"" || scalar == "\\" {
            result += "\\"
            result.unicodeScalars.append(scalar)
        } else if scalar.value < 0x20 || scalar.value == 0x7F {
            result += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}

/// The beginning of somebody's text, as an error shows it.
func excerpt(_ start: UnsafePointer<UInt8>, _ count: Int) -> String {
    let shown = unsafe String(decoding: UnsafeBufferPointer(start: start, count: min(count, 40)), as: UTF8.self)
    return quoted(shown) + (count > 40 ? "…" : "")
}
