extension MessageWriter {
    /// Writes a message that has a JSON form of its own.
    mutating func writeWellKnown(
        _ message: MessagePointer, _ type: UnsafePointer<MessageEntry>
    ) throws(TranscodingError) {
        let fields = unsafe type.pointee.fields
        switch unsafe type.pointee.wellKnown {
        case .none: unsafe try write(message, type)
        case .timestamp, .duration:
            let seconds = unsafe message.load(fromByteOffset: fields[0].offset, as: Int64.self)
            let nanos = unsafe message.load(fromByteOffset: fields[1].offset, as: Int32.self)
            try output.reserve(max(TimestampText.longest, DurationText.longest) + 2)
            unsafe writeByte("\"", &output.cursor)
            if unsafe type.pointee.wellKnown == .timestamp {
                unsafe try TimestampText.write(seconds: seconds, nanos: nanos, to: &output.cursor)
            } else {
                unsafe try DurationText.write(seconds: seconds, nanos: nanos, to: &output.cursor)
            }
            unsafe writeByte("\"", &output.cursor)
        case .fieldMask: unsafe try writeFieldMask(message, fields)
        case .wrapper: unsafe try writeScalar(fields, message + fields.pointee.offset)
        case .structure: unsafe try writeMap(fields, message)
        case .listValue: unsafe try writeListValue(message, fields)
        case .value: unsafe try writeValueMessage(message, type)
        case .any: unsafe try writeAny(message, fields)
        }
    }

    private mutating func writeFieldMask(
        _ message: MessagePointer, _ field: UnsafePointer<FieldEntry>
    ) throws(TranscodingError) {
        try output.append(UInt8(ascii: "\""))
        if let elements = unsafe message.elements(field) {
            let count = unsafe message.count(field)
            for index in 0..<count {
                if index > 0 { try output.append(UInt8(ascii: ",")) }
                let path = unsafe loadBytes(elements + index * 16)
                // Alone, an empty path would come back as no path.
                guard !path.isEmpty || count > 1 else { throw unsafe FieldMaskText.unwritable(path) }
                try output.reserve(path.count)
                unsafe try FieldMaskText.write(path, to: &output.cursor)
            }
        }
        try output.append(UInt8(ascii: "\""))
    }

    private mutating func writeListValue(
        _ message: MessagePointer, _ field: UnsafePointer<FieldEntry>
    ) throws(TranscodingError) {
        try output.append(UInt8(ascii: "["))
        if let elements = unsafe message.elements(field), let type = unsafe field.pointee.message {
            for index in unsafe 0..<message.count(field) {
                if index > 0 { try output.append(UInt8(ascii: ",")) }
                paths.set(depth, index: index)
                unsafe try writeInner(elements.load(fromByteOffset: index * 8, as: MessagePointer.self), type)
            }
        }
        try output.append(UInt8(ascii: "]"))
    }

    /// Writes a Value: the one member that is set, or null.
    private mutating func writeValueMessage(
        _ message: MessagePointer, _ type: UnsafePointer<MessageEntry>
    ) throws(TranscodingError) {
        guard let field = unsafe type.pointee.field(number: message.quantifier(type.pointee.fields)) else {
            try output.append("null")
            return
        }
        if unsafe field.pointee.kind == .double,
            unsafe !message.load(fromByteOffset: field.pointee.offset, as: Double.self).isFinite
        {
            throw TranscodingError(.invalidValue, "a google.protobuf.Value can be neither NaN nor infinite")
        }
        if let inner = unsafe field.pointee.message {
            // As deep as the value itself, whose path it goes on.
            guard let content = unsafe message.message(field) else { return }
            unsafe try writeWellKnown(content, inner)
        } else {
            unsafe try writeScalar(field, message + field.pointee.offset)
        }
    }

    /// Writes an Any: its type's URL, and the fields of what it holds or its JSON form under "value".
    private mutating func writeAny(
        _ message: MessagePointer, _ fields: UnsafePointer<FieldEntry>
    ) throws(TranscodingError) {
        let url = unsafe loadBytes(message + fields[0].offset)
        let packed = unsafe loadBytes(message + fields[1].offset)
        if url.count == 0, packed.count == 0 {
            try output.append("{}")
            return
        }
        let type = unsafe try pool.anyType(url)
        let content = unsafe try arena.allocateMessage(type)
        guard depth + 1 <= limits.maxDepth else { throw WireReader.tooDeep() }
        depth += 1
        paths.enter(depth)
        if let start = packed.baseAddress {
            var decoder = unsafe WireDecoder(workspace, limits: limits)
            decoder.depth = depth
            do throws(TranscodingError) {
                unsafe try decoder.decode(WireReader(cursor: start, end: start + packed.count), into: content, type)
            } catch {
                depth = decoder.depth
                throw error
            }
        }
        try output.append("{\"@type\":")
        unsafe try output.appendString(url)
        if unsafe type.pointee.wellKnown == .none {
            unsafe try writeFields(content, type, isFirst: false)
        } else {
            try output.append(",\"value\":")
            unsafe try writeWellKnown(content, type)
        }
        try output.append(UInt8(ascii: "}"))
        depth -= 1
    }
}
