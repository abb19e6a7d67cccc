internal import CProtobufC
internal import SwiftProtobuf

/// Lays an enum of a descriptor set out as a protobuf-c descriptor and an entry.
struct EnumBuilder {
    let memory: DescriptorMemory

    func build(_ definition: DefinitionIndex.Enumeration, into entry: UnsafeMutablePointer<EnumEntry>)
        throws(DescriptorError)
    {
        let all = definition.proto.value
        guard let first = all.first else {
            throw DescriptorError(.invalid, definition.name, "the enum has no value")
        }
        guard !definition.isProto3 || first.number == 0 else {
            throw DescriptorError(.invalid, definition.name, "the first value of a proto3 enum must be zero")
        }
        var seen: Set<String> = []
        for value in all {
            guard isIdentifier(value.name) else {
                throw DescriptorError(.invalid, definition.name, "\"\(value.name)\" is no name for a value")
            }
            guard seen.insert(value.name).inserted else {
                throw DescriptorError(.duplicate, definition.name, "has two values called \(value.name)")
            }
        }
        // Of several names for one number the first is the one that is written.
        var distinct: [Google_Protobuf_EnumValueDescriptorProto] = []
        var numbers: Set<Int32> = []
        for value in all where numbers.insert(value.number).inserted { distinct.append(value) }
        distinct.sort { $0.number < $1.number }

        let names = unsafe memory.allocate(EnumValueEntry.self, count: all.count)
        for index in all.indices {
            unsafe names[index] = EnumValueEntry(
                number: all[index].number, literal: memory.bytes("\"\(all[index].name)\""))
        }
        let values = unsafe memory.allocate(EnumValueEntry.self, count: distinct.count)
        for index in distinct.indices {
            unsafe values[index] = EnumValueEntry(
                number: distinct[index].number, literal: memory.bytes("\"\(distinct[index].name)\""))
        }
        let table = unsafe memory.nameTable(all.indices.map { (all[$0].name, $0) })
        unsafe entry.initialize(
            to: EnumEntry(
                descriptor: descriptor(definition, all: all, distinct: distinct),
                isClosed: !definition.isProto3,
                isNullValue: definition.name == "google.protobuf.NullValue",
                first: first.number,
                values: UnsafePointer(values), valueCount: distinct.count,
                allNames: UnsafePointer(names), names: table.slots, nameMask: table.mask))
    }

    private func descriptor(
        _ definition: DefinitionIndex.Enumeration, all: [Google_Protobuf_EnumValueDescriptorProto],
        distinct: [Google_Protobuf_EnumValueDescriptorProto]
    ) -> UnsafePointer<ProtobufCEnumDescriptor> {
        let values = unsafe memory.allocate(ProtobufCEnumValue.self, count: distinct.count)
        var indexOfNumber: [Int32: Int] = [:]
        for index in distinct.indices {
            let name = unsafe memory.copy(distinct[index].name)
            unsafe values[index] = ProtobufCEnumValue(name: name, c_name: name, value: distinct[index].number)
            indexOfNumber[distinct[index].number] = index
        }
        let byName = unsafe memory.allocate(ProtobufCEnumValueIndex.self, count: all.count)
        let sorted = all.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        for index in sorted.indices {
            unsafe byName[index] = ProtobufCEnumValueIndex(
                name: memory.copy(sorted[index].name), index: UInt32(indexOfNumber[sorted[index].number] ?? 0))
        }
        let ranges = unsafe intRanges(distinct.map(\.number), in: memory)
        let descriptor = unsafe memory.allocate(ProtobufCEnumDescriptor.self, count: 1)
        unsafe descriptor.pointee.magic = UInt32(PROTOBUF_C__ENUM_DESCRIPTOR_MAGIC)
        unsafe descriptor.pointee.name = memory.copy(definition.name)
        unsafe descriptor.pointee.short_name = memory.copy(definition.proto.name)
        unsafe descriptor.pointee.c_name = descriptor.pointee.name
        unsafe descriptor.pointee.package_name = memory.copy("")
        unsafe descriptor.pointee.n_values = UInt32(distinct.count)
        unsafe descriptor.pointee.values = UnsafePointer(values)
        unsafe descriptor.pointee.n_value_names = UInt32(all.count)
        unsafe descriptor.pointee.values_by_name = UnsafePointer(byName)
        unsafe descriptor.pointee.n_value_ranges = UInt32(ranges.count)
        unsafe descriptor.pointee.value_ranges = ranges.start
        return unsafe UnsafePointer(descriptor)
    }
}

/// Runs of consecutive numbers with the index of their first, and one more that ends the last: how protobuf-c finds
/// fields and values by number.
func intRanges(_ sorted: [Int32], in memory: DescriptorMemory)
    -> (start: UnsafePointer<ProtobufCIntRange>, count: Int)
{
    var starts: [Int] = []
    for index in sorted.indices where index == 0 || Int(sorted[index]) != Int(sorted[index - 1]) + 1 {
        starts.append(index)
    }
    let ranges = unsafe memory.allocate(ProtobufCIntRange.self, count: starts.count + 1)
    for (place, index) in starts.enumerated() {
        unsafe ranges[place] = ProtobufCIntRange(start_value: sorted[index], orig_index: UInt32(index))
    }
    unsafe ranges[starts.count] = ProtobufCIntRange(start_value: 0, orig_index: UInt32(sorted.count))
    return unsafe (UnsafePointer(ranges), starts.count)
}
