/// A message type of a descriptor pool.
///
/// The unchecked conformance: `entry` points into memory of the pool, which nobody writes to any more and which this
/// value keeps alive.
@safe
public struct MessageType: @unchecked Sendable, Hashable, CustomStringConvertible {
    let pool: DescriptorPool
    let entry: UnsafePointer<MessageEntry>

    /// The name with its package, without a leading dot.
    public var fullName: String { unsafe entry.pointee.name.string }

    public var description: String { fullName }

    /// The fields, by ascending number.
    public var fields: [MessageField] {
        (0..<(unsafe entry.pointee.fieldCount)).map { index in
            unsafe MessageField(pool: pool, entry: entry.pointee.fields + index)
        }
    }

    /// The field with an original name or a JSON name.
    public func field(named name: String) -> MessageField? {
        guard let field = unsafe entry.pointee.field(name: name) else { return nil }
        return unsafe MessageField(pool: pool, entry: field)
    }

    public static func == (left: MessageType, right: MessageType) -> Bool { unsafe left.entry == right.entry }

    public func hash(into hasher: inout Hasher) { unsafe hasher.combine(entry) }
}

/// A field of a message type.
///
/// The unchecked conformance has the reason that `MessageType` has.
@safe
public struct MessageField: @unchecked Sendable, Hashable {
    let pool: DescriptorPool
    let entry: UnsafePointer<FieldEntry>

    /// The name that the proto gives.
    public var name: String { unsafe entry.pointee.name }
    /// The name that JSON has.
    public var jsonName: String { unsafe entry.pointee.jsonName }
    public var number: Int { Int(unsafe entry.pointee.number) }
    /// Whether it is a list; maps are none.
    public var isRepeated: Bool { unsafe entry.pointee.shape == .repeated }
    public var isMap: Bool { unsafe entry.pointee.shape == .map }

    /// The type of a message field, or of a list's elements; nil for scalars, enums and maps.
    public var messageType: MessageType? {
        guard !isMap, let message = unsafe entry.pointee.message else { return nil }
        return unsafe MessageType(pool: pool, entry: message)
    }

    public static func == (left: MessageField, right: MessageField) -> Bool { unsafe left.entry == right.entry }

    public func hash(into hasher: inout Hasher) { unsafe hasher.combine(entry) }
}
