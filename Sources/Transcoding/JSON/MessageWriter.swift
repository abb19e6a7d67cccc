/// Writes message memory as JSON by the canonical mapping.
///
/// Source: protobuf.dev, “ProtoJSON Format”.
@safe struct MessageWriter: ~Copyable {
    var output: OutputBuffer
    // The caller holds both for longer than this lives: four counts less for each message.
    unowned(unsafe) let workspace: Workspace
    let arena: Arena
    let paths: PathStack
    unowned(unsafe) let pool: DescriptorPool
    let options: TranscodingOptions
    let limits: TranscodingLimits
    /// How deep the walk is: where an error was thrown, its path's last level.
    var depth = 0

    init(_ workspace: Workspace, pool: DescriptorPool, options: TranscodingOptions, limits: TranscodingLimits) {
        unsafe workspace.output.reset(limit: limits.maxOutputBytes)
        output = unsafe workspace.output
        unsafe self.workspace = workspace
        unsafe self.pool = pool
        self.options = options
        self.limits = limits
        arena = workspace.arena
        paths = workspace.paths
        paths.enter(0)
    }

    // MARK: Messages

    @inline(__always)
    mutating func write(_ message: MessagePointer, _ type: UnsafePointer<MessageEntry>) throws(TranscodingError) {
        if unsafe type.pointee.wellKnown == .none {
            try output.append(UInt8(ascii: "{"))
            unsafe try writeFields(message, type, isFirst: true)
            try output.append(UInt8(ascii: "}"))
        } else {
            unsafe try writeWellKnown(message, type)
        }
    }

    /// One level further down.
    @inline(__always)
    mutating func writeInner(
        _ message: MessagePointer, _ type: UnsafePointer<MessageEntry>
    ) throws(TranscodingError) {
        guard depth + 1 <= limits.maxDepth else { throw WireReader.tooDeep() }
        depth += 1
        paths.enter(depth)
        unsafe try write(message, type)
        depth -= 1
    }

    mutating func writeFields(
        _ message: MessagePointer, _ type: UnsafePointer<MessageEntry>, isFirst: Bool
    ) throws(TranscodingError) {
        var isFirst = isFirst
        for index in unsafe 0..<type.pointee.fieldCount {
            let field = unsafe type.pointee.fields + index
            if unsafe field.pointee.shape == .singular {
                guard unsafe message.isSet(field) || (options.emitsDefaultValues && field.pointee.presence == .implicit)
                else { continue }
            } else {
                guard unsafe message.count(field) > 0 || options.emitsDefaultValues else { continue }
            }
            unsafe paths.set(depth, field: field)
            unsafe try writeKey(field, isFirst: isFirst)
            isFirst = false
            unsafe try writeField(field, message)
        }
    }

    @inline(__always)
    private mutating func writeKey(_ field: UnsafePointer<FieldEntry>, isFirst: Bool) throws(TranscodingError) {
        let key = unsafe options.preservesProtoNames ? field.pointee.protoKey : field.pointee.jsonKey
        try output.reserve(key.count + 1)
        if !isFirst {
            unsafe output.cursor.pointee = UInt8(ascii: ",")
            unsafe output.cursor += 1
        }
        unsafe copyBytes(output.cursor, key.start, key.count)
        unsafe output.cursor += key.count
    }

    // MARK: Fields

    /// Writes a field's value without its key; an unset one's zero.
    @inline(__always)
    mutating func writeField(_ field: UnsafePointer<FieldEntry>, _ message: MessagePointer) throws(TranscodingError) {
        switch unsafe field.pointee.shape {
        case .singular: unsafe try writeValue(field, message + field.pointee.offset)
        case .repeated: unsafe try writeList(field, message)
        case .map: unsafe try writeMap(field, message)
        }
    }

    @inline(__always)
    mutating func writeValue(
        _ field: UnsafePointer<FieldEntry>, _ value: UnsafeMutableRawPointer
    ) throws(TranscodingError) {
        if unsafe field.pointee.kind == .message {
            guard let type = unsafe field.pointee.message, let message = unsafe value.load(as: MessagePointer?.self)
            else {
                try output.append("null")
                return
            }
            unsafe try writeInner(message, type)
        } else {
            unsafe try writeScalar(field, value)
        }
    }

    private mutating func writeList(
        _ field: UnsafePointer<FieldEntry>, _ message: MessagePointer
    ) throws(TranscodingError) {
        try output.append(UInt8(ascii: "["))
        let size = unsafe field.pointee.kind.size
        if let elements = unsafe message.elements(field) {
            for index in unsafe 0..<message.count(field) {
                if index > 0 { try output.append(UInt8(ascii: ",")) }
                paths.set(depth, index: index)
                unsafe try writeValue(field, elements + index * size)
            }
        }
        try output.append(UInt8(ascii: "]"))
    }

    mutating func writeMap(_ field: UnsafePointer<FieldEntry>, _ message: MessagePointer) throws(TranscodingError) {
        try output.append(UInt8(ascii: "{"))
        unsafe try MapKeys.removeOverwritten(field, message, arena)
        if let elements = unsafe message.elements(field), let type = unsafe field.pointee.message {
            let key = unsafe type.pointee.fields
            let value = unsafe type.pointee.fields + 1
            for index in unsafe 0..<message.count(field) {
                if index > 0 { try output.append(UInt8(ascii: ",")) }
                let entry = unsafe elements.load(fromByteOffset: index * 8, as: MessagePointer.self)
                if unsafe key.pointee.kind == .string {
                    let bytes = unsafe loadBytes(entry + key.pointee.offset)
                    if let start = bytes.baseAddress { unsafe paths.set(depth, key: start, count: bytes.count) }
                    unsafe try output.appendString(bytes)
                } else {
                    unsafe try writeKey(key, entry + key.pointee.offset)
                }
                try output.append(UInt8(ascii: ":"))
                unsafe try writeValue(value, entry + value.pointee.offset)
            }
        }
        try output.append(UInt8(ascii: "}"))
    }

    /// Writes a map's key that is no string, in quotes.
    private mutating func writeKey(
        _ key: UnsafePointer<FieldEntry>, _ value: UnsafeMutableRawPointer
    ) throws(TranscodingError) {
        switch unsafe key.pointee.kind {
        case .int64, .uint64, .sint64, .fixed64, .sfixed64: unsafe try writeScalar(key, value)
        default:
            try output.append(UInt8(ascii: "\""))
            unsafe try writeScalar(key, value)
            try output.append(UInt8(ascii: "\""))
        }
    }

    // MARK: Scalars

    @inline(__always)
    mutating func writeScalar(
        _ field: UnsafePointer<FieldEntry>, _ value: UnsafeMutableRawPointer
    ) throws(TranscodingError) {
        switch unsafe field.pointee.kind {
        case .string: unsafe try output.appendString(loadBytes(value))
        case .bytes: unsafe try writeBase64(loadBytes(value))
        case .bool: unsafe try output.append(value.load(as: UInt32.self) != 0 ? "true" : "false")
        case .int32, .sint32, .sfixed32:
            try output.reserve(longestInteger)
            unsafe output.cursor = unsafe writeSigned(Int64(value.load(as: Int32.self)), output.cursor)
        case .uint32, .fixed32:
            try output.reserve(longestInteger)
            unsafe output.cursor = unsafe writeUnsigned(UInt64(value.load(as: UInt32.self)), output.cursor)
        case .int64, .sint64, .sfixed64:
            try output.reserve(longestInteger + 2)
            unsafe writeByte("\"", &output.cursor)
            unsafe output.cursor = unsafe writeSigned(value.load(as: Int64.self), output.cursor)
            unsafe writeByte("\"", &output.cursor)
        case .uint64, .fixed64:
            try output.reserve(longestInteger + 2)
            unsafe writeByte("\"", &output.cursor)
            unsafe output.cursor = unsafe writeUnsigned(value.load(as: UInt64.self), output.cursor)
            unsafe writeByte("\"", &output.cursor)
        case .double: unsafe try writeFloatingPoint(value.load(as: Double.self))
        case .float:
            let number = unsafe value.load(as: Float.self)
            if number.isFinite {
                try output.reserve(longestFloat)
                unsafe output.cursor = unsafe writeFloat(number, output.cursor)
            } else {
                try writeFloatingPoint(Double(number))
            }
        case .enumeration: unsafe try writeEnumeration(field, value.load(as: Int32.self))
        case .message: break
        }
    }

    private mutating func writeFloatingPoint(_ number: Double) throws(TranscodingError) {
        if number.isFinite {
            try output.reserve(longestFloat)
            unsafe output.cursor = unsafe writeDouble(number, output.cursor)
        } else if number.isNaN {
            try output.append("\"NaN\"")
        } else {
            try output.append(number < 0 ? "\"-Infinity\"" : "\"Infinity\"")
        }
    }

    private mutating func writeBase64(_ bytes: UnsafeBufferPointer<UInt8>) throws(TranscodingError) {
        try output.reserve(Base64.encodedCount(bytes.count) + 2)
        unsafe writeByte("\"", &output.cursor)
        unsafe output.cursor = unsafe Base64.encode(bytes, to: output.cursor)
        unsafe writeByte("\"", &output.cursor)
    }

    private mutating func writeEnumeration(
        _ field: UnsafePointer<FieldEntry>, _ number: Int32
    ) throws(TranscodingError) {
        guard let type = unsafe field.pointee.enumeration else { return }
        if unsafe type.pointee.isNullValue {
            try output.append("null")
        } else if !options.writesEnumsAsNumbers, let value = unsafe type.pointee.value(number: number) {
            unsafe try output.append(value.pointee.literal.start, value.pointee.literal.count)
        } else {
            try output.reserve(longestInteger)
            unsafe output.cursor = unsafe writeSigned(Int64(number), output.cursor)
        }
    }
}
