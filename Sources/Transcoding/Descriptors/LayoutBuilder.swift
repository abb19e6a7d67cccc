internal import CProtobufC
internal import SwiftProtobuf

/// Lays a message of a descriptor set out as a protobuf-c descriptor and an entry.
///
/// Strings are described to protobuf-c as bytes: on the wire they are the same, and a C string would end at the first
/// U+0000. Floating-point fields of implicit presence are described as optional ones with a flag: protobuf-c takes -0
/// for unset.
@safe
struct LayoutBuilder {
    let index: DefinitionIndex
    let memory: DescriptorMemory
    let messages: UnsafeMutablePointer<MessageEntry>
    let enumerations: UnsafeMutablePointer<EnumEntry>
    /// One for each message, at its final place: fields refer to them before they are filled.
    let descriptors: UnsafeMutablePointer<ProtobufCMessageDescriptor>

    func build(_ place: Int) throws(DescriptorError) {
        let definition = index.messages[place]
        let sorted = definition.proto.field.sorted { $0.number < $1.number }
        try check(definition, sorted)
        let fields = unsafe memory.allocate(FieldEntry.self, count: sorted.count)
        var layout = MemoryLayoutCursor()
        var oneofCase: [Int32: Int] = [:]
        let inMapEntry = definition.proto.options.mapEntry
        for (number, proto) in sorted.enumerated() {
            var field = try entry(for: proto, in: definition, index: number)
            if inMapEntry, field.presence == .implicit { field.presence = .flag }
            if field.presence == .oneof {
                if let known = oneofCase[proto.oneofIndex] {
                    field.quantifier = known
                } else {
                    field.quantifier = layout.take(4, alignment: 4)
                    oneofCase[proto.oneofIndex] = field.quantifier
                }
            } else if field.shape != .singular {
                field.quantifier = layout.take(8, alignment: 8)
            } else if field.presence == .flag || field.kind == .double || field.kind == .float {
                field.quantifier = layout.take(4, alignment: 4)
            }
            let size = field.shape == .singular ? field.kind.size : 8
            field.offset = layout.take(size, alignment: min(size, 8))
            unsafe (fields + number).initialize(to: field)
        }
        unsafe (messages + place).initialize(to: messageEntry(definition, place, fields, sorted, layout.size))
        describe(definition, place)
        try checkWellKnown(definition, place)
    }

    private func check(
        _ definition: DefinitionIndex.Message, _ fields: [Google_Protobuf_FieldDescriptorProto]
    ) throws(DescriptorError) {
        var names: Set<String> = []
        var jsonNames: Set<String> = []
        var last: Int32 = 0
        for field in fields {
            let subject = "\(definition.name).\(field.name)"
            guard isIdentifier(field.name) else {
                throw DescriptorError(.invalid, definition.name, "\"\(field.name)\" is no name for a field")
            }
            guard (1...536_870_911).contains(field.number) else {
                throw DescriptorError(.invalid, subject, "a field cannot have the number \(field.number)")
            }
            guard field.number != last else {
                throw DescriptorError(.duplicate, subject, "another field has the number \(field.number) too")
            }
            last = field.number
            guard names.insert(field.name).inserted else {
                throw DescriptorError(.duplicate, subject, "the message has two fields of this name")
            }
            let jsonName = field.hasJsonName ? field.jsonName : lowerCamelCase(field.name)
            guard !jsonName.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) else {
                throw DescriptorError(.invalid, subject, "the JSON name has a character that JSON must escape")
            }
            guard jsonNames.insert(jsonName).inserted || !definition.isProto3 else {
                throw DescriptorError(.duplicate, subject, "another field has the JSON name \"\(jsonName)\" too")
            }
            guard !field.hasOneofIndex || definition.proto.oneofDecl.indices.contains(Int(field.oneofIndex)) else {
                throw DescriptorError(.invalid, subject, "belongs to a oneof that the message lacks")
            }
        }
    }

    private func entry(
        for proto: Google_Protobuf_FieldDescriptorProto, in definition: DefinitionIndex.Message, index place: Int
    ) throws(DescriptorError) -> FieldEntry {
        let subject = "\(definition.name).\(proto.name)"
        let type = try resolve(proto, in: definition, subject: subject)
        let isRepeated = proto.label == .repeated
        var shape = isRepeated ? FieldShape.repeated : .singular
        if let message = type.message, index.messages[message].proto.options.mapEntry {
            try checkMapEntry(index.messages[message], isRepeated: isRepeated, subject: subject)
            shape = .map
        }
        let presence: FieldPresence
        if proto.hasOneofIndex, !proto.proto3Optional {
            presence = .oneof
        } else if type.kind == .message {
            presence = .pointer
        } else {
            presence = definition.isProto3 && !proto.proto3Optional ? .implicit : .flag
        }
        guard presence != .oneof || shape == .singular else {
            throw DescriptorError(.invalid, subject, "a repeated field cannot belong to a oneof")
        }
        let packsByDefault = definition.isProto3
        let jsonKey = memory.bytes(
            "\"\(proto.hasJsonName ? proto.jsonName : lowerCamelCase(proto.name))\":")
        let isPacked =
            shape == .repeated && type.kind.isPackable
            && (proto.options.hasPacked ? proto.options.packed : packsByDefault)
        return unsafe FieldEntry(
            number: UInt32(proto.number),
            tag: UInt32(proto.number) << 3 | (isPacked ? WireType.bytes : type.kind.wireType),
            kind: type.kind, shape: shape, presence: presence, isPacked: isPacked,
            isRequired: proto.label == .required,
            offset: 0, quantifier: 0, index: place,
            jsonKey: jsonKey, protoKey: memory.bytes("\"\(proto.name)\":"),
            message: type.message.map { unsafe UnsafePointer(messages + $0) },
            enumeration: type.enumeration.map { unsafe UnsafePointer(enumerations + $0) })
    }

    private struct ResolvedType {
        var kind: FieldKind
        var message: Int?
        var enumeration: Int?
    }

    private func resolve(
        _ proto: Google_Protobuf_FieldDescriptorProto, in definition: DefinitionIndex.Message, subject: String
    ) throws(DescriptorError) -> ResolvedType {
        if let scalar = FieldKind(scalar: proto.type), proto.typeName.isEmpty { return ResolvedType(kind: scalar) }
        guard proto.type != .group else {
            throw DescriptorError(.unsupported, subject, "groups are not supported; use a message")
        }
        switch index.find(proto.typeName, from: definition.name) {
        case .message(let place) where proto.type == .message || !proto.hasType:
            return ResolvedType(kind: .message, message: place)
        case .enumeration(let place) where proto.type == .enum || !proto.hasType:
            return ResolvedType(kind: .enumeration, enumeration: place)
        case .message, .enumeration:
            throw DescriptorError(.invalid, subject, "\(proto.typeName) is not of the kind that the field says")
        case nil:
            throw DescriptorError(.unknownType, subject, "its type \(proto.typeName) stands nowhere in the set")
        }
    }

    private func checkMapEntry(
        _ entry: DefinitionIndex.Message, isRepeated: Bool, subject: String
    ) throws(DescriptorError) {
        let fields = entry.proto.field.sorted { $0.number < $1.number }
        let forbidden: [Google_Protobuf_FieldDescriptorProto.TypeEnum] = [
            .double, .float, .bytes, .message, .enum, .group,
        ]
        guard isRepeated, fields.map(\.number) == [1, 2], !forbidden.contains(fields[0].type),
            fields.allSatisfy({ $0.label != .repeated && !$0.hasOneofIndex })
        else {
            throw DescriptorError(.invalid, subject, "the entries of the map are not a key 1 and a value 2")
        }
    }

    private func messageEntry(
        _ definition: DefinitionIndex.Message, _ place: Int, _ fields: UnsafeMutablePointer<FieldEntry>,
        _ sorted: [Google_Protobuf_FieldDescriptorProto], _ size: Int
    ) -> MessageEntry {
        var names: [(String, Int)] = []
        for index in sorted.indices { names.append(unsafe (fields[index].jsonName, index)) }
        for index in sorted.indices where unsafe fields[index].name != fields[index].jsonName {
            names.append((sorted[index].name, index))
        }
        // One step to any number of a usual message, without a large table for one odd number.
        let largest = Int(sorted.last?.number ?? 0)
        let dense = largest <= 4 * sorted.count + 256 ? largest + 1 : 4 * sorted.count + 256
        let numbers = unsafe memory.allocate(Int32.self, count: dense)
        for number in 0..<dense { unsafe numbers[number] = -1 }
        for index in sorted.indices where Int(sorted[index].number) < dense {
            unsafe numbers[Int(sorted[index].number)] = Int32(index)
        }
        let table = unsafe memory.nameTable(names)
        return unsafe MessageEntry(
            descriptor: UnsafePointer(descriptors + place), name: memory.bytes(definition.name), size: size,
            wellKnown: WellKnownType(messageName: definition.name), canLackRequired: false,
            fields: UnsafePointer(fields), fieldCount: sorted.count,
            names: table.slots, nameMask: table.mask,
            numbers: UnsafePointer(numbers), numberCount: dense)
    }

    private func describe(_ definition: DefinitionIndex.Message, _ place: Int) {
        let entry = unsafe messages[place]
        let fields = unsafe memory.allocate(ProtobufCFieldDescriptor.self, count: entry.fieldCount)
        var namesInOrder: [(name: String, index: Int)] = []
        for index in 0..<entry.fieldCount {
            let field = unsafe entry.fields[index]
            namesInOrder.append((field.name, index))
            unsafe fields[index] = fieldDescriptor(field)
        }
        namesInOrder.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let byName = unsafe memory.allocate(CUnsignedInt.self, count: entry.fieldCount)
        for (place, name) in namesInOrder.enumerated() { unsafe byName[place] = UInt32(name.index) }
        let ranges = unsafe intRanges((0..<entry.fieldCount).map { unsafe Int32(entry.fields[$0].number) }, in: memory)
        let descriptor = unsafe descriptors + place
        unsafe descriptor.pointee.magic = UInt32(PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC)
        unsafe descriptor.pointee.name = memory.copy(definition.name)
        unsafe descriptor.pointee.short_name = memory.copy(definition.proto.name)
        unsafe descriptor.pointee.c_name = descriptor.pointee.name
        unsafe descriptor.pointee.package_name = memory.copy("")
        unsafe descriptor.pointee.sizeof_message = entry.size
        unsafe descriptor.pointee.n_fields = UInt32(entry.fieldCount)
        unsafe descriptor.pointee.fields = UnsafePointer(fields)
        unsafe descriptor.pointee.fields_sorted_by_name = UnsafePointer(byName)
        unsafe descriptor.pointee.n_field_ranges = UInt32(ranges.count)
        unsafe descriptor.pointee.field_ranges = ranges.start
        unsafe descriptor.pointee.message_init = nil
    }

    private func fieldDescriptor(_ field: FieldEntry) -> ProtobufCFieldDescriptor {
        var descriptor = unsafe ProtobufCFieldDescriptor()
        unsafe descriptor.name = memory.copy(field.name)
        unsafe descriptor.id = field.number
        unsafe descriptor.type = field.kind.protobufCType
        unsafe descriptor.quantifier_offset = UInt32(field.quantifier)
        unsafe descriptor.offset = UInt32(field.offset)
        if field.shape != .singular {
            unsafe descriptor.label = PROTOBUF_C_LABEL_REPEATED
        } else if field.isRequired {
            unsafe descriptor.label = PROTOBUF_C_LABEL_REQUIRED
        } else if field.presence == .implicit, field.quantifier == 0 {
            unsafe descriptor.label = PROTOBUF_C_LABEL_NONE
        } else {
            unsafe descriptor.label = PROTOBUF_C_LABEL_OPTIONAL
        }
        if field.isPacked { unsafe descriptor.flags |= PROTOBUF_C_FIELD_FLAG_PACKED.rawValue }
        if field.presence == .oneof { unsafe descriptor.flags |= PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue }
        if let message = unsafe field.message {
            // Not yet filled perhaps, but already at its final place.
            unsafe descriptor.descriptor = UnsafeRawPointer(descriptors + (message - UnsafePointer(messages)))
        } else if let enumeration = unsafe field.enumeration {
            unsafe descriptor.descriptor = UnsafeRawPointer(enumeration.pointee.descriptor)
        }
        return unsafe descriptor
    }

    private func checkWellKnown(_ definition: DefinitionIndex.Message, _ place: Int) throws(DescriptorError) {
        guard let expected = WellKnownType.expectedFields(messageName: definition.name) else { return }
        let entry = unsafe messages[place]
        var matches = entry.fieldCount == expected.count
        for (index, field) in expected.enumerated() where matches {
            let actual = unsafe entry.fields[index]
            matches =
                actual.number == field.number && actual.kind == field.kind
                && (actual.shape != .singular) == field.isRepeated
        }
        guard matches else {
            throw DescriptorError(.invalid, definition.name, "does not have the fields of the well-known type")
        }
    }
}

/// Gives out places in a message's memory, each at its alignment.
private struct MemoryLayoutCursor {
    private var end = unsafe MemoryLayout<ProtobufCMessage>.size

    /// Bytes of the whole message.
    var size: Int { (end + 7) & ~7 }

    mutating func take(_ size: Int, alignment: Int) -> Int {
        let start = (end + alignment - 1) & ~(alignment - 1)
        end = start + size
        return start
    }
}

extension FieldKind {
    /// The kind of a scalar; nil for messages, groups and enums.
    init?(scalar: Google_Protobuf_FieldDescriptorProto.TypeEnum) {
        switch scalar {
        case .double: self = .double
        case .float: self = .float
        case .int32: self = .int32
        case .int64: self = .int64
        case .uint32: self = .uint32
        case .uint64: self = .uint64
        case .sint32: self = .sint32
        case .sint64: self = .sint64
        case .fixed32: self = .fixed32
        case .fixed64: self = .fixed64
        case .sfixed32: self = .sfixed32
        case .sfixed64: self = .sfixed64
        case .bool: self = .bool
        case .string: self = .string
        case .bytes: self = .bytes
        case .message, .group, .enum: return nil
        }
    }

    var protobufCType: ProtobufCType {
        switch self {
        case .double: PROTOBUF_C_TYPE_DOUBLE
        case .float: PROTOBUF_C_TYPE_FLOAT
        case .int32: PROTOBUF_C_TYPE_INT32
        case .int64: PROTOBUF_C_TYPE_INT64
        case .uint32: PROTOBUF_C_TYPE_UINT32
        case .uint64: PROTOBUF_C_TYPE_UINT64
        case .sint32: PROTOBUF_C_TYPE_SINT32
        case .sint64: PROTOBUF_C_TYPE_SINT64
        case .fixed32: PROTOBUF_C_TYPE_FIXED32
        case .fixed64: PROTOBUF_C_TYPE_FIXED64
        case .sfixed32: PROTOBUF_C_TYPE_SFIXED32
        case .sfixed64: PROTOBUF_C_TYPE_SFIXED64
        case .bool: PROTOBUF_C_TYPE_BOOL
        case .string, .bytes: PROTOBUF_C_TYPE_BYTES
        case .enumeration: PROTOBUF_C_TYPE_ENUM
        case .message: PROTOBUF_C_TYPE_MESSAGE
        }
    }
}
