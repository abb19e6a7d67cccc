/// Reads JSON into message memory by the canonical mapping.
///
/// Source: protobuf.dev, “ProtoJSON Format”.
@safe struct MessageParser: ~Copyable {
    var json: JSONReader
    // The caller holds both for longer than this lives: four counts less for each message.
    unowned(unsafe) let workspace: Workspace
    let arena: Arena
    let paths: PathStack
    unowned(unsafe) let pool: DescriptorPool
    let limits: TranscodingLimits
    let ignoresUnknown: Bool
    /// How deep the walk is: where an error was thrown, its path's last level.
    var depth = 0
    var elements = 0
    /// The paths of the leaves that are present, where somebody asked for them.
    var mask: MaskRecorder?

    init(
        _ input: UnsafeRawBufferPointer, _ workspace: borrowing Workspace, pool: DescriptorPool,
        options: TranscodingOptions,
        limits: TranscodingLimits
    ) throws(TranscodingError) {
        guard input.count <= limits.maxBytes else {
            throw .exceeded("maxBytes", "the text is longer than \(limits.maxBytes) bytes")
        }
        workspace.paths.enter(0)
        // Whatever throws comes before the first field is set: what cannot be copied is never half there.
        let reader = try unsafe JSONReader(input, workspace)
        json = reader
        unsafe self.workspace = copy workspace
        unsafe self.pool = pool
        self.limits = limits
        arena = workspace.arena
        paths = workspace.paths
        ignoresUnknown = options.ignoresUnknownFields
    }

    // MARK: Messages

    /// Reads the next value into a message of any type.
    @inline(__always)
    mutating func parse(_ type: UnsafePointer<MessageEntry>, into message: MessagePointer) throws(TranscodingError) {
        if unsafe type.pointee.wellKnown == .none {
            unsafe try parseFields(type, into: message)
        } else {
            unsafe try parseWellKnown(type, into: message)
        }
    }

    /// One level further down.
    @inline(__always)
    mutating func parseInner(
        _ type: UnsafePointer<MessageEntry>, into message: MessagePointer
    ) throws(TranscodingError) {
        guard depth < limits.maxDepth else { throw WireReader.tooDeep() }
        depth += 1
        paths.enter(depth)
        unsafe try parse(type, into: message)
        depth -= 1
    }

    /// Reads an object into a message's fields. Inside of an Any, `@type` has been read already.
    mutating func parseFields(
        _ type: UnsafePointer<MessageEntry>, into message: MessagePointer, inAny: Bool = false
    ) throws(TranscodingError) {
        guard json.peek == UInt8(ascii: "{") else { throw json.wrongType("an object") }
        unsafe json.next += 1
        if json.peek == UInt8(ascii: "}") {
            unsafe json.next += 1
            if mask != nil { mask?.record(paths, depth - 1) }
            return
        }
        var seen = unsafe try SeenFields(type.pointee.fieldCount, arena)
        // Whoever writes JSON keeps to an order: the next key is often the next field's.
        var expected = 0
        repeat {
            guard json.peek == UInt8(ascii: "\"") else { throw json.unexpected("a key") }
            guard let field = unsafe try nextField(type, expected: expected, inAny: inAny) else { continue }
            expected = unsafe field.pointee.index + 1
            unsafe paths.set(depth, field: field)
            guard unsafe seen.insert(field.pointee.index) else {
                throw TranscodingError(.duplicate, "the field is there twice")
            }
            unsafe try parseField(field, message)
        } while try json.anotherElement(UInt8(ascii: "}"))
    }

    /// Steps over a key and its colon; nil where the field is unknown and its value has been skipped.
    @inline(__always)
    private mutating func nextField(
        _ type: UnsafePointer<MessageEntry>, expected: Int, inAny: Bool
    ) throws(TranscodingError) -> UnsafePointer<FieldEntry>? {
        if unsafe expected < type.pointee.fieldCount {
            let guess = unsafe type.pointee.fields + expected
            let token = unsafe json.text + Int(json.next.pointee)
            // Both have their quotes, so an equal key is the whole key.
            let count = unsafe guess.pointee.jsonKey.count - 1
            if unsafe token + count <= json.text + json.length,
                unsafe equalBytes(token, guess.pointee.jsonKey.start, count)
            {
                unsafe json.next += 1
                try json.expect(UInt8(ascii: ":"))
                return unsafe guess
            }
        }
        let key = try json.string()
        try json.expect(UInt8(ascii: ":"))
        if let field = unsafe type.pointee.field(name: key.start, count: key.count) { return unsafe field }
        paths.enter(depth)
        unsafe paths.set(depth, key: key.start, count: key.count)
        if inAny, key.equals("@type") {
            try json.skipValue(depth: 0)
            return nil
        }
        guard ignoresUnknown else {
            throw TranscodingError(.unknownField, unsafe "\(type.pointee.name.string) has no such field")
        }
        try json.skipValue(depth: limits.maxDepth - depth)
        return nil
    }

    // MARK: Fields

    @inline(__always)
    mutating func parseField(_ field: UnsafePointer<FieldEntry>, _ message: MessagePointer) throws(TranscodingError) {
        if json.peek == UInt8(ascii: "n"), unsafe field.pointee.shape != .singular || !field.pointee.takesNull {
            // Null leaves a field as it is when nothing is set; what lies there already is taken away.
            try json.literal("null")
            unsafe message.clear(field)
            if mask != nil { mask?.record(paths, depth) }
            return
        }
        switch unsafe field.pointee.shape {
        case .singular:
            unsafe try message.checkOneof(field)
            unsafe try parseSingular(field, message)
        case .repeated:
            if mask != nil { mask?.record(paths, depth) }
            unsafe try parseList(field, message)
        case .map:
            if mask != nil { mask?.record(paths, depth) }
            unsafe try parseMap(field, message)
        }
    }

    @inline(__always)
    private mutating func parseSingular(
        _ field: UnsafePointer<FieldEntry>, _ message: MessagePointer
    ) throws(TranscodingError) {
        if unsafe field.pointee.kind == .message {
            guard let type = unsafe field.pointee.message,
                let inner = unsafe try message.mutableMessage(field, in: arena)
            else { return }
            if mask != nil, unsafe type.pointee.wellKnown != .none { mask?.record(paths, depth) }
            unsafe try parseInner(type, into: inner)
            return
        }
        if mask != nil { mask?.record(paths, depth) }
        if unsafe try parseScalar(field, to: message + field.pointee.offset) { unsafe message.markSet(field) }
    }

    private mutating func parseList(
        _ field: UnsafePointer<FieldEntry>, _ message: MessagePointer
    ) throws(TranscodingError) {
        guard json.peek == UInt8(ascii: "[") else { throw json.wrongType("a list") }
        unsafe json.next += 1
        if json.peek == UInt8(ascii: "]") {
            unsafe json.next += 1
            return
        }
        let masked = suspendMask()
        let size = unsafe field.pointee.kind.size
        let takesNull = unsafe field.pointee.takesNull
        var index = unsafe message.count(field)
        repeat {
            paths.set(depth, index: index)
            try countElement()
            if json.peek == UInt8(ascii: "n"), !takesNull {
                throw TranscodingError(.wrongType, "null cannot be an element of this list")
            }
            if let type = unsafe field.pointee.message {
                let inner = unsafe try arena.allocateMessage(type)
                unsafe try message.appendElement(field, size: 8, in: arena).storeBytes(
                    of: inner, as: MessagePointer.self)
                unsafe try parseInner(type, into: inner)
            } else {
                let place = unsafe try message.appendElement(field, size: size, in: arena)
                if unsafe try !parseScalar(field, to: place) { unsafe message.removeLast(field) }
            }
            index += 1
        } while try json.anotherElement(UInt8(ascii: "]"))
        resumeMask(masked)
    }

    @inline(__always)
    mutating func countElement() throws(TranscodingError) {
        elements += 1
        guard elements <= limits.maxElements else {
            throw .exceeded("maxElements", "there are more than \(limits.maxElements) elements")
        }
    }

    // MARK: Masks

    /// Inside of lists, maps and well-known types a mask has no paths.
    mutating func suspendMask() -> MaskRecorder? {
        guard mask != nil else { return nil }
        let suspended = mask
        mask = nil
        return suspended
    }

    mutating func resumeMask(_ suspended: MaskRecorder?) {
        if let suspended { mask = suspended }
    }
}

/// Which fields of an object have been there; a second time is an error.
@safe struct SeenFields {
    private var few: UInt64 = 0
    private let many: UnsafeMutablePointer<UInt64>?

    init(_ count: Int, _ arena: Arena) throws(TranscodingError) {
        if count <= 64 {
            unsafe many = nil
            return
        }
        let words = (count + 63) / 64
        let memory = unsafe try arena.allocate(words * 8).assumingMemoryBound(to: UInt64.self)
        unsafe memory.initialize(repeating: 0, count: words)
        unsafe many = unsafe memory
    }

    /// False where it was there before.
    @inline(__always)
    mutating func insert(_ index: Int) -> Bool {
        let bit: UInt64 = 1 &<< UInt64(index & 63)
        if let many = unsafe many {
            let word = unsafe many[index >> 6]
            unsafe many[index >> 6] = word | bit
            return word & bit == 0
        }
        let isNew = few & bit == 0
        few |= bit
        return isNew
    }
}
