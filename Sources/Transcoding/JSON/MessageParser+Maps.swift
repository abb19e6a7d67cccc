extension MessageParser {
    /// Reads an object into a map: a list of entries, each a message of a key and a value.
    mutating func parseMap(_ field: UnsafePointer<FieldEntry>, _ message: MessagePointer) throws(TranscodingError) {
        guard json.peek == UInt8(ascii: "{") else { throw json.wrongType("an object") }
        unsafe json.next += 1
        if json.peek == UInt8(ascii: "}") {
            unsafe json.next += 1
            return
        }
        let masked = suspendMask()
        guard let entryType = unsafe field.pointee.message else { return }
        let key = unsafe entryType.pointee.fields
        let value = unsafe entryType.pointee.fields + 1
        var isUnknown = false
        repeat {
            guard json.peek == UInt8(ascii: "\"") else { throw json.unexpected("a key") }
            try countElement()
            let text = try json.string()
            unsafe paths.set(depth, key: text.start, count: text.count)
            try json.expect(UInt8(ascii: ":"))
            let entry = unsafe try arena.allocateMessage(entryType)
            unsafe try parseKey(text, key, to: entry + key.pointee.offset)
            unsafe entry.markSet(key)
            if json.peek == UInt8(ascii: "n"), unsafe !value.pointee.takesNull {
                throw TranscodingError(.wrongType, "null cannot be a value of this map")
            }
            if let type = unsafe value.pointee.message {
                guard let inner = unsafe try entry.mutableMessage(value, in: arena) else { return }
                unsafe try parseInner(type, into: inner)
            } else {
                isUnknown = unsafe try !parseScalar(value, to: entry + value.pointee.offset)
                unsafe entry.markSet(value)
            }
            if isUnknown { continue }
            unsafe try message.appendElement(field, size: 8, in: arena).storeBytes(of: entry, as: MessagePointer.self)
        } while try json.anotherElement(UInt8(ascii: "}"))
        if let twice = unsafe try MapKeys.duplicate(field, message, arena) {
            paths.clearKey(depth)
            throw TranscodingError(.duplicate, "the map has the key \(twice) twice")
        }
        resumeMask(masked)
    }

    private func parseKey(
        _ text: TextSlice, _ key: UnsafePointer<FieldEntry>, to target: UnsafeMutableRawPointer
    ) throws(TranscodingError) {
        switch unsafe key.pointee.kind {
        case .string: unsafe target.storeBytes(text.start, text.count)
        case .bool: unsafe target.storeBytes(of: UInt32(try ScalarText.boolean(text)), as: UInt32.self)
        case let kind:
            let bits = try ScalarText.number(text, kind)
            if kind.size == 4 {
                unsafe target.storeBytes(of: UInt32(truncatingIfNeeded: bits), as: UInt32.self)
            } else {
                unsafe target.storeBytes(of: bits, as: UInt64.self)
            }
        }
    }
}

/// Finds keys that a map has twice.
enum MapKeys {
    /// Up to here every pair is compared.
    private static let few = 8

    /// A key that is there twice, as an error shows it; nil where there is none.
    static func duplicate(
        _ field: UnsafePointer<FieldEntry>, _ message: MessagePointer, _ arena: Arena
    ) throws(TranscodingError) -> String? {
        var twice: String?
        unsafe try findDuplicates(field, message, arena) { _, later, key in
            if twice == nil { twice = unsafe show(later, key) }
        }
        return twice
    }

    /// Of several entries with one key the last stays, as protobuf wants it: the others are taken out.
    static func removeOverwritten(
        _ field: UnsafePointer<FieldEntry>, _ message: MessagePointer, _ arena: Arena
    ) throws(TranscodingError) {
        guard unsafe message.count(field) > 1, let start = unsafe message.elements(field) else { return }
        let entries = unsafe start.assumingMemoryBound(to: MessagePointer?.self)
        var found = false
        unsafe try findDuplicates(field, message, arena) { earlier, _, _ in
            unsafe entries[earlier] = nil
            found = true
        }
        guard found else { return }
        var kept = 0
        for index in unsafe 0..<message.count(field) {
            guard let entry = unsafe entries[index] else { continue }
            unsafe entries[kept] = unsafe entry
            kept += 1
        }
        unsafe message.storeBytes(of: kept, toByteOffset: field.pointee.quantifier, as: Int.self)
    }

    /// Calls with the place of an entry, a later one of the same key, and the key's field.
    @inline(__always)
    private static func findDuplicates(
        _ field: UnsafePointer<FieldEntry>, _ message: MessagePointer, _ arena: Arena,
        _ report: (Int, MessagePointer, UnsafePointer<FieldEntry>) -> Void
    ) throws(TranscodingError) {
        let count = unsafe message.count(field)
        guard count > 1, let start = unsafe message.elements(field), let type = unsafe field.pointee.message else {
            return
        }
        let entries = unsafe start.assumingMemoryBound(to: MessagePointer?.self)
        let key = unsafe type.pointee.fields
        if count <= few {
            for later in 1..<count {
                for earlier in 0..<later {
                    guard let one = unsafe entries[earlier], let other = unsafe entries[later],
                        unsafe equal(one, other, key)
                    else { continue }
                    unsafe report(earlier, other, key)
                }
            }
            return
        }
        var size = 16
        while size < count * 2 { size *= 2 }
        // Places of entries, plus one; 0 is free.
        let table = unsafe try arena.allocate(size * 4).assumingMemoryBound(to: UInt32.self)
        unsafe table.initialize(repeating: 0, count: size)
        for later in 0..<count {
            guard let other = unsafe entries[later] else { continue }
            var slot = unsafe hash(other, key) & (size - 1)
            while unsafe table[slot] != 0 {
                let earlier = unsafe Int(table[slot]) - 1
                if let one = unsafe entries[earlier], unsafe equal(one, other, key) {
                    unsafe report(earlier, other, key)
                    break
                }
                slot = (slot + 1) & (size - 1)
            }
            unsafe table[slot] = UInt32(later + 1)
        }
    }

    @inline(__always)
    private static func equal(
        _ one: MessagePointer, _ other: MessagePointer, _ key: UnsafePointer<FieldEntry>
    ) -> Bool {
        let offset = unsafe key.pointee.offset
        if unsafe key.pointee.kind == .string {
            let left = unsafe loadBytes(one + offset)
            let right = unsafe loadBytes(other + offset)
            guard left.count == right.count else { return false }
            guard let leftStart = left.baseAddress, let rightStart = right.baseAddress else { return true }
            return unsafe equalBytes(leftStart, rightStart, left.count)
        }
        if unsafe key.pointee.kind.size == 4 {
            return unsafe one.load(fromByteOffset: offset, as: UInt32.self)
                == other.load(fromByteOffset: offset, as: UInt32.self)
        }
        return unsafe one.load(fromByteOffset: offset, as: UInt64.self)
            == other.load(fromByteOffset: offset, as: UInt64.self)
    }

    /// Keyed anew in each process: nobody can prepare keys that all fall on one place.
    private static func hash(_ entry: MessagePointer, _ key: UnsafePointer<FieldEntry>) -> Int {
        var hasher = Hasher()
        let value = unsafe entry + key.pointee.offset
        if unsafe key.pointee.kind == .string {
            unsafe hasher.combine(bytes: UnsafeRawBufferPointer(loadBytes(value)))
        } else if unsafe key.pointee.kind.size == 4 {
            unsafe hasher.combine(value.load(as: UInt32.self))
        } else {
            unsafe hasher.combine(value.load(as: UInt64.self))
        }
        return hasher.finalize()
    }

    private static func show(_ entry: MessagePointer, _ key: UnsafePointer<FieldEntry>) -> String {
        let value = unsafe entry + key.pointee.offset
        switch unsafe key.pointee.kind {
        case .string:
            let bytes = unsafe loadBytes(value)
            guard let start = bytes.baseAddress else { return "\"\"" }
            return unsafe excerpt(start, bytes.count)
        case .bool: return unsafe value.load(as: UInt32.self) != 0 ? "true" : "false"
        case .uint32, .fixed32: return unsafe String(value.load(as: UInt32.self))
        case .uint64, .fixed64: return unsafe String(value.load(as: UInt64.self))
        case let kind:
            return unsafe kind.size == 4 ? String(value.load(as: Int32.self)) : String(value.load(as: Int64.self))
        }
    }
}
