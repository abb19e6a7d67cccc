extension MessageParser {
    /// Reads the next value into a message that has a JSON form of its own.
    mutating func parseWellKnown(
        _ type: UnsafePointer<MessageEntry>, into message: MessagePointer
    ) throws(TranscodingError) {
        let masked = suspendMask()
        switch unsafe type.pointee.wellKnown {
        case .none: unsafe try parseFields(type, into: message)
        case .timestamp, .duration, .fieldMask:
            guard json.peek == UInt8(ascii: "\"") else { throw json.wrongType("a string") }
            unsafe try set(try json.string(), type, into: message)
        case .wrapper:
            let field = unsafe type.pointee.fields
            guard json.peek != UInt8(ascii: "n") else { throw json.wrongType("a value") }
            if unsafe try parseScalar(field, to: message + field.pointee.offset) { unsafe message.markSet(field) }
        case .value: unsafe try parseValue(type, into: message)
        case .structure: unsafe try parseStruct(type, into: message)
        case .listValue: unsafe try parseListValue(type, into: message)
        case .any: unsafe try parseAny(type, into: message)
        }
        resumeMask(masked)
    }

    /// Reads the text of a well-known type that JSON has as a string.
    mutating func set(
        _ text: TextSlice, _ type: UnsafePointer<MessageEntry>, into message: MessagePointer
    ) throws(TranscodingError) {
        if unsafe type.pointee.wellKnown == .fieldMask {
            let maxElements = limits.maxElements
            var elements = self.elements
            unsafe try FieldMaskText.parse(text, type.pointee.fields, into: message, arena) {
                () throws(TranscodingError) in
                elements += 1
                guard elements <= maxElements else {
                    throw .exceeded("maxElements", "there are more than \(maxElements) elements")
                }
            }
            self.elements = elements
            return
        }
        unsafe try setTime(text, type, into: message)
    }
}

/// Reads the text of a timestamp or duration into its message.
func setTime(
    _ text: TextSlice, _ type: UnsafePointer<MessageEntry>, into message: MessagePointer
) throws(TranscodingError) {
    let (seconds, nanos) =
        unsafe type.pointee.wellKnown == .timestamp ? try TimestampText.parse(text) : try DurationText.parse(text)
    unsafe message.storeBytes(of: seconds, toByteOffset: type.pointee.fields[0].offset, as: Int64.self)
    unsafe message.storeBytes(of: nanos, toByteOffset: type.pointee.fields[1].offset, as: Int32.self)
    unsafe message.markSet(type.pointee.fields)
    unsafe message.markSet(type.pointee.fields + 1)
}

extension MessageParser {
    // MARK: Struct, Value, ListValue

    // Value's fields, sorted by number.
    private static let nullValue = 0
    private static let numberValue = 1
    private static let stringValue = 2
    private static let boolValue = 3
    private static let structValue = 4
    private static let listValue = 5

    private mutating func parseValue(
        _ type: UnsafePointer<MessageEntry>, into message: MessagePointer
    ) throws(TranscodingError) {
        let fields = unsafe type.pointee.fields
        let field: UnsafePointer<FieldEntry>
        switch json.peek {
        case UInt8(ascii: "n"):
            try json.literal("null")
            unsafe field = unsafe fields + Self.nullValue
            unsafe message.storeBytes(of: 0, toByteOffset: field.pointee.offset, as: UInt32.self)
        case UInt8(ascii: "\""):
            let text = try json.string()
            unsafe field = unsafe fields + Self.stringValue
            unsafe (message + field.pointee.offset).storeBytes(text.start, text.count)
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            unsafe field = unsafe fields + Self.boolValue
            _ = unsafe try parseScalar(field, to: message + field.pointee.offset)
        case UInt8(ascii: "{"):
            unsafe field = unsafe fields + Self.structValue
            guard let inner = unsafe try message.mutableMessage(field, in: arena),
                let type = unsafe field.pointee.message
            else {
                return
            }
            unsafe try parseNested(type, into: inner)
        case UInt8(ascii: "["):
            unsafe field = unsafe fields + Self.listValue
            guard let inner = unsafe try message.mutableMessage(field, in: arena),
                let type = unsafe field.pointee.message
            else {
                return
            }
            unsafe try parseNested(type, into: inner)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            unsafe field = unsafe fields + Self.numberValue
            _ = unsafe try parseScalar(field, to: message + field.pointee.offset)
        default: throw json.unexpected("a value")
        }
        unsafe message.markSet(field)
    }

    /// A struct or list inside of a value: as deep as the value itself, whose path it goes on.
    private mutating func parseNested(
        _ type: UnsafePointer<MessageEntry>, into message: MessagePointer
    ) throws(TranscodingError) {
        if unsafe type.pointee.wellKnown == .structure {
            unsafe try parseStruct(type, into: message)
        } else {
            unsafe try parseListValue(type, into: message)
        }
    }

    private mutating func parseStruct(
        _ type: UnsafePointer<MessageEntry>, into message: MessagePointer
    ) throws(TranscodingError) {
        unsafe try parseMap(type.pointee.fields, message)
    }

    private mutating func parseListValue(
        _ type: UnsafePointer<MessageEntry>, into message: MessagePointer
    ) throws(TranscodingError) {
        guard json.peek == UInt8(ascii: "[") else { throw json.wrongType("a list") }
        unsafe json.next += 1
        if json.peek == UInt8(ascii: "]") {
            unsafe json.next += 1
            return
        }
        let field = unsafe type.pointee.fields
        guard let valueType = unsafe field.pointee.message else { return }
        repeat {
            unsafe paths.set(depth, index: message.count(field))
            try countElement()
            let inner = unsafe try arena.allocateMessage(valueType)
            unsafe try message.appendElement(field, size: 8, in: arena).storeBytes(of: inner, as: MessagePointer.self)
            unsafe try parseInner(valueType, into: inner)
        } while try json.anotherElement(UInt8(ascii: "]"))
    }

    // MARK: Any

    /// Reads `{"@type": url, …}`: the type may stand anywhere among the keys, so they are gone through twice.
    private mutating func parseAny(
        _ type: UnsafePointer<MessageEntry>, into message: MessagePointer
    ) throws(TranscodingError) {
        guard json.peek == UInt8(ascii: "{") else { throw json.wrongType("an object with @type") }
        guard let url = try findType() else {
            // Nothing at all is an Any that holds nothing.
            let start = unsafe json.next
            unsafe json.next += 1
            if json.peek == UInt8(ascii: "}") {
                unsafe json.next += 1
                return
            }
            unsafe json.next = unsafe start
            throw TranscodingError(.missingField, "the object has no \"@type\", so its type is unknown")
        }
        let inner = unsafe try anyType(url)
        let content = unsafe try arena.allocateMessage(inner)
        guard depth < limits.maxDepth else { throw WireReader.tooDeep() }
        depth += 1
        paths.enter(depth)
        if unsafe inner.pointee.wellKnown == .none {
            unsafe try parseFields(inner, into: content, inAny: true)
        } else {
            unsafe try parseAnyValue(inner, into: content)
        }
        depth -= 1
        if unsafe inner.pointee.canLackRequired { unsafe try RequiredFields.check(content, inner) }
        let packed = try unsafe workspace.encoder.slice(content, inner, limit: limits.maxOutputBytes, arena)
        let fields = unsafe type.pointee.fields
        unsafe (message + fields[0].offset).storeBytes(url.start, url.count)
        unsafe message.markSet(fields)
        unsafe (message + fields[1].offset).storeBytes(packed.start, packed.count)
        unsafe message.markSet(fields + 1)
    }

    /// The value of the key `@type` in the object that comes next, which stays where it is.
    private mutating func findType() throws(TranscodingError) -> TextSlice? {
        let start = unsafe json.next
        var url: TextSlice?
        var nesting = 0
        repeat {
            let token = unsafe json.advance()
            switch unsafe token.pointee {
            case UInt8(ascii: "{"), UInt8(ascii: "["): nesting += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): nesting -= 1
            case UInt8(ascii: "\"") where nesting == 1 && json.peek == UInt8(ascii: ":"):
                guard unsafe try json.stringCopy(token, arena).equals("@type") else { break }
                guard url == nil else { throw TranscodingError(.duplicate, "\"@type\" is there twice") }
                unsafe json.next += 1
                guard json.peek == UInt8(ascii: "\"") else { throw json.wrongType("a type URL") }
                url = unsafe try json.stringCopy(json.advance(), arena)
            case 0: throw json.unexpected("'}'")
            default: break
            }
        } while nesting > 0
        unsafe json.next = unsafe start
        return url
    }

    /// The type that a URL names: what stands behind the last slash.
    private func anyType(_ url: TextSlice) throws(TranscodingError) -> UnsafePointer<MessageEntry> {
        unsafe try pool.anyType(UnsafeBufferPointer(start: UnsafePointer(url.start), count: url.count))
    }

    /// Reads `{"@type": url, "value": …}`, which holds a type with a JSON form of its own.
    private mutating func parseAnyValue(
        _ type: UnsafePointer<MessageEntry>, into message: MessagePointer
    ) throws(TranscodingError) {
        unsafe json.next += 1
        var found = false
        repeat {
            guard json.peek == UInt8(ascii: "\"") else { throw json.unexpected("a key") }
            let key = try json.string()
            try json.expect(UInt8(ascii: ":"))
            if key.equals("@type") {
                try json.skipValue(depth: 0)
            } else if key.equals("value") {
                guard !found else { throw TranscodingError(.duplicate, "\"value\" is there twice") }
                found = true
                unsafe paths.set(depth, key: key.start, count: key.count)
                unsafe try parse(type, into: message)
                paths.enter(depth)
            } else {
                unsafe paths.set(depth, key: key.start, count: key.count)
                guard ignoresUnknown else {
                    throw TranscodingError(.unknownField, "beside \"@type\" only \"value\" can stand here")
                }
                try json.skipValue(depth: limits.maxDepth - depth)
            }
        } while try json.anotherElement(UInt8(ascii: "}"))
        guard found else {
            throw TranscodingError(
                .missingField, unsafe "\(type.pointee.name.string) in an Any needs the key \"value\"")
        }
    }
}

extension DescriptorPool {
    /// The message type that an Any's URL names.
    func anyType(_ url: UnsafeBufferPointer<UInt8>) throws(TranscodingError) -> UnsafePointer<MessageEntry> {
        let shown = unsafe quoted(String(decoding: url.prefix(120), as: UTF8.self))
        guard let slash = unsafe url.lastIndex(of: UInt8(ascii: "/")), url.count <= 1_024 else {
            throw TranscodingError(.invalidValue, "\(shown) is no type URL such as type.googleapis.com/package.Message")
        }
        let name = unsafe String(decoding: UnsafeBufferPointer(rebasing: url[(slash + 1)...]), as: UTF8.self)
        guard let entry = unsafe entry(named: name) else {
            throw TranscodingError(.unknownType, typeName: name, "the type \(shown) is unknown here")
        }
        return unsafe entry
    }
}
