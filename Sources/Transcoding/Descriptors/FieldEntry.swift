internal import CProtobufC

/// What a field's values are; each has one form in memory and on the wire.
enum FieldKind: UInt8 {
    case double, float, int32, int64, uint32, uint64, sint32, sint64, fixed32, fixed64, sfixed32, sfixed64, bool
    case string, bytes, enumeration, message

    /// Bytes of one value in a message or an array, as protobuf-c lays them out: its booleans are ints.
    var size: Int {
        switch self {
        case .float, .int32, .uint32, .sint32, .fixed32, .sfixed32, .bool, .enumeration: 4
        case .double, .int64, .uint64, .sint64, .fixed64, .sfixed64, .message: 8
        case .string, .bytes: 16
        }
    }

    var isPackable: Bool { self != .string && self != .bytes && self != .message }
}

enum FieldShape: UInt8 { case singular, repeated, map }

/// How a singular field tells whether it is set.
enum FieldPresence: UInt8 {
    /// It is set where it differs from zero.
    case implicit
    /// A flag of its own says so.
    case flag
    /// The oneof's case says so.
    case oneof
    /// It is a message, and its pointer says so.
    case pointer
}

/// Bytes of a name, in the memory of a descriptor pool.
@safe struct NameBytes {
    var start: UnsafePointer<UInt8>
    var count: Int

    var string: String { unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self) }
}

/// What transcoding needs to know of a field beside its protobuf-c descriptor, in one piece of memory.
@safe struct FieldEntry {
    var number: UInt32
    /// The number and the wire type, as they stand before the value on the wire.
    var tag: UInt32
    var kind: FieldKind
    var shape: FieldShape
    var presence: FieldPresence
    var isPacked: Bool
    var isRequired: Bool
    /// Where the value lies in the message: of a list, the pointer to its elements.
    var offset: Int
    /// Where the flag, the oneof's case or the list's count lies; 0 where there is none.
    var quantifier: Int
    /// Place among the message's fields, which are sorted by number.
    var index: Int
    /// The whole key as JSON has it, `"name":`.
    var jsonKey: NameBytes
    /// The key with the name that the proto gives, `"original_name":`.
    var protoKey: NameBytes
    /// The entries themselves lie in the same pool.
    var message: UnsafePointer<MessageEntry>?
    var enumeration: UnsafePointer<EnumEntry>?

    /// The name that the proto gives.
    var name: String { String(protoKey.string.dropFirst().dropLast(2)) }
    var jsonName: String { String(jsonKey.string.dropFirst().dropLast(2)) }

    /// Whether null is a value of the field, not the absence of one.
    var takesNull: Bool {
        if let message = unsafe message { return unsafe message.pointee.wellKnown == .value }
        if let enumeration = unsafe enumeration { return unsafe enumeration.pointee.isNullValue }
        return false
    }
}

/// One place of a table that finds something by its name; free where `index` is negative.
struct NameSlot {
    var hash: UInt32
    var index: Int32
}

/// What transcoding needs to know of a message type.
@safe struct MessageEntry {
    var descriptor: UnsafePointer<ProtobufCMessageDescriptor>
    var name: NameBytes
    /// Bytes of the message's memory.
    var size: Int
    var wellKnown: WellKnownType
    /// Whether it or something in it can lack a required field.
    var canLackRequired: Bool
    /// Sorted by number.
    var fields: UnsafePointer<FieldEntry>
    var fieldCount: Int
    /// Finds fields by JSON name and by original name; the count is `nameMask + 1`, a power of two.
    var names: UnsafePointer<NameSlot>
    var nameMask: Int
    /// Finds a field's index by its number; -1 where there is none. Numbers from `numberCount` on are searched for.
    var numbers: UnsafePointer<Int32>
    var numberCount: Int

    /// The field with a number.
    @inline(__always)
    func field(number: UInt32) -> UnsafePointer<FieldEntry>? {
        if number < numberCount {
            let index = Int(unsafe numbers[Int(number)])
            return index < 0 ? nil : unsafe fields + index
        }
        var low = 0
        var high = fieldCount
        while low < high {
            let middle = (low + high) / 2
            let found = unsafe fields[middle].number
            if found == number { return unsafe fields + middle }
            if found < number { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// The field with a JSON name or an original name.
    func field(name start: UnsafePointer<UInt8>, count: Int) -> UnsafePointer<FieldEntry>? {
        let hash = unsafe hashName(start, count)
        var slot = Int(hash) & nameMask
        while true {
            let candidate = unsafe names[slot]
            if candidate.index < 0 { return nil }
            if candidate.hash == hash {
                let field = unsafe fields + Int(candidate.index)
                if unsafe isKey(field.pointee.jsonKey, start, count) || isKey(field.pointee.protoKey, start, count) {
                    return unsafe field
                }
            }
            slot = (slot + 1) & nameMask
        }
    }

    func field(name: String) -> UnsafePointer<FieldEntry>? {
        var name = name
        return name.withUTF8 { bytes in
            guard let start = bytes.baseAddress else { return nil }
            return unsafe field(name: start, count: bytes.count)
        }
    }
}

@inline(__always)
private func isKey(_ key: NameBytes, _ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    unsafe key.count == count + 3 && equalBytes(key.start + 1, start, count)
}

/// One value of an enum: its number, and its name as JSON has it, in quotes.
@safe struct EnumValueEntry {
    var number: Int32
    var literal: NameBytes
}

/// What transcoding needs to know of an enum.
@safe struct EnumEntry {
    var descriptor: UnsafePointer<ProtobufCEnumDescriptor>
    /// Refuses numbers that have no name (proto2).
    var isClosed: Bool
    /// Whether it is google.protobuf.NullValue, which JSON writes as null.
    var isNullValue: Bool
    /// Its first value: what an unset field of proto2 has.
    var first: Int32
    /// One for each number, sorted.
    var values: UnsafePointer<EnumValueEntry>
    var valueCount: Int
    /// All names, aliases too, each with its number.
    var allNames: UnsafePointer<EnumValueEntry>
    var names: UnsafePointer<NameSlot>
    var nameMask: Int

    /// The value with a number.
    @inline(__always)
    func value(number: Int32) -> UnsafePointer<EnumValueEntry>? {
        // Most enums count from zero.
        if number >= 0, number < valueCount, unsafe values[Int(number)].number == number {
            return unsafe values + Int(number)
        }
        var low = 0
        var high = valueCount
        while low < high {
            let middle = (low + high) / 2
            let found = unsafe values[middle].number
            if found == number { return unsafe values + middle }
            if found < number { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// The number of a name.
    func number(name start: UnsafePointer<UInt8>, count: Int) -> Int32? {
        let hash = unsafe hashName(start, count)
        var slot = Int(hash) & nameMask
        while true {
            let candidate = unsafe names[slot]
            if candidate.index < 0 { return nil }
            let value = unsafe allNames[Int(candidate.index)]
            if candidate.hash == hash, value.literal.count == count + 2,
                unsafe equalBytes(value.literal.start + 1, start, count)
            {
                return value.number
            }
            slot = (slot + 1) & nameMask
        }
    }
}

/// FNV-1a. The tables are filled from descriptors and only read afterwards, so nobody gains from colliding names.
@inline(__always)
func hashName(_ start: UnsafePointer<UInt8>, _ count: Int) -> UInt32 {
    var hash: UInt32 = 2_166_136_261
    for index in 0..<count { hash = unsafe (hash ^ UInt32(start[index])) &* 16_777_619 }
    return hash
}
