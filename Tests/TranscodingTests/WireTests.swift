import CProtobufC
import Foundation
import SwiftProtobuf
import TestContractProtos
import Testing

@testable import Transcoding

/// The wire format: what is refused, and that protobuf-c agrees with descriptors, memory and bytes.
@Suite struct WireTests {
    /// A message with something of every kind.
    static let everything = #"""
        {"doubleValue":1.5,"floatValue":-0.0,"int32Value":-3,"int64Value":"-4","uint32Value":5,"uint64Value":"6",
        "sint32Value":-7,"sint64Value":"-8","fixed32Value":9,"fixed64Value":"10","sfixed32Value":-11,"sfixed64Value":"-12",
        "boolValue":true,"stringValue":"text\u0000more","bytesValue":"AAEC","flavor":"FLAVOR_SOUR","part":{"parts":[{},{"count":2}]},
        "optionalDouble":0,"optionalString":"","optionalBytes":"","optionalPart":{},"optionalBool":false,
        "doubles":[1,-0.0],"floats":[2.5],"int32s":[1,-1,300],"int64s":["-1"],"sint32s":[-1,1],"sint64s":["-9"],"fixed32s":[1],
        "fixed64s":["2"],"bools":[true,false],"strings":["a","","b"],"bytesList":["AA==",""],"flavors":[-1,2],"unpackedInt32s":[1,2],
        "byInt32":{"0":"","-1":"x"},"bySint64":{"-5":"y"},"byBool":{"false":"n"},"byString":{"":"","k":"v"},"partMap":{"p":{"count":1}},
        "doubleMap":{"d":0},"flavorMap":{"f":0},"choicePart":{"name":"c"},"otherNumber":0,"timestamp":"2020-01-01T00:00:00.5Z",
        "duration":"-1.5s","fieldMask":"a,b","struct":{"a":[1,null,{"b":false}]},"wrappedDouble":-0.0,"wrappedInt64":"0",
        "any":{"@type":"x/datavault.test.v1.Row","id":"7"},"twoByteTag":1,"threeByteTag":2,"largestTag":3}
        """#

    @Test func protobufCReadsAndWritesTheSame() throws {
        let type = try Shared.transcoder.type("KitchenSink")
        let bytes = try Shared.transcoder.protobuf(fromJSON: Array(Self.everything.utf8), as: type)
        let repacked: [UInt8] = unsafe bytes.withUnsafeBytes { buffer in
            let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard
                let message = unsafe protobuf_c_message_unpack(type.entry.pointee.descriptor, nil, buffer.count, start)
            else { return [] }
            defer { unsafe protobuf_c_message_free_unpacked(message, nil) }
            let isValid = unsafe protobuf_c_message_check(message) != 0
            let unknown = unsafe message.pointee.n_unknown_fields
            #expect(isValid && unknown == 0)
            return unsafe [UInt8](unsafeUninitializedCapacity: protobuf_c_message_get_packed_size(message)) {
                buffer, count in
                count = unsafe protobuf_c_message_pack(message, buffer.baseAddress)
            }
        }
        #expect(repacked == bytes)
        var oracle = try Sink(jsonUTF8Bytes: Array(Self.everything.utf8))
        var ours = try Sink(serializedBytes: bytes)
        // swift-protobuf keeps what an Any held as JSON until somebody registers its type.
        #expect(try Datavault_Test_V1_Row(serializedBytes: ours.any.value).id == 7)
        ours.clearAny()
        oracle.clearAny()
        #expect(ours == oracle)
    }

    @Test func protobufCPacksOurMemory() throws {
        let type = try Shared.transcoder.type("KitchenSink")
        let bytes = try Shared.transcoder.protobuf(fromJSON: Array(Self.everything.utf8), as: type)
        let workspace = Workspace(maxDepth: 100)
        workspace.arena.reset(limit: 1 << 20)
        let message = try unsafe workspace.arena.allocateMessage(type.entry)
        let packed: [UInt8] = try unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return [] }
            var decoder = WireDecoder(workspace, limits: TranscodingLimits())
            try unsafe decoder.decode(WireReader(cursor: start, end: start + buffer.count), into: message, type.entry)
            let typed = unsafe message.assumingMemoryBound(to: ProtobufCMessage.self)
            let isValid = unsafe protobuf_c_message_check(typed) != 0
            #expect(isValid)
            return unsafe [UInt8](unsafeUninitializedCapacity: protobuf_c_message_get_packed_size(typed)) {
                buffer, count in
                count = unsafe protobuf_c_message_pack(typed, buffer.baseAddress)
            }
        }
        #expect(packed == bytes)
    }

    @Test func findsFieldsByName() throws {
        let type = try Shared.transcoder.type("KitchenSink")
        let descriptor = unsafe type.entry.pointee.descriptor
        let number = unsafe protobuf_c_message_descriptor_get_field_by_name(descriptor, "largest_tag")?.pointee.id
        #expect(number == 536_870_911)
        let known = unsafe protobuf_c_message_descriptor_get_field(descriptor, 2048) != nil
        let unknown = unsafe protobuf_c_message_descriptor_get_field(descriptor, 2049) != nil
        #expect(known && !unknown)
    }

    private func json(_ bytes: [UInt8], _ name: String = "KitchenSink") throws -> String {
        String(
            decoding: try Shared.transcoder.json(fromProtobuf: bytes, as: try Shared.transcoder.type(name)),
            as: UTF8.self)
    }

    @Test(
        arguments: [
            [0x08], [0x09, 0, 0], [0x18], [0x18, 0x80], [0x72, 5, 65], [0x00], [0x07], [0x0E], [0x0C],
            [0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
            [0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0xCA, 0x02, 3, 0, 0, 0], [0xD2, 0x02, 3, 0, 0, 0], [0xDA, 0x02, 1, 0x80],
            [0xA3, 0x01], [0xA3, 0x01, 0xAC, 0x01], [0x92, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
        ] as [[UInt8]])
    func refusesMalformed(_ bytes: [UInt8]) throws {
        #expect(refusal { try json(bytes) }?.reason == .malformedProtobuf)
        #expect(throws: (any Error).self) { try Sink(serializedBytes: bytes) }
    }

    @Test func bitsBeyond64Fall() throws {
        let bytes: [UInt8] = [0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02]
        #expect(try json(bytes) == #"{"int32Value":-1}"#)
        #expect(try Sink(serializedBytes: bytes).int32Value == -1)
    }

    @Test func namesThePlace() throws {
        // part { parts { name: <not UTF-8> } }
        #expect(refusal { try json([0x92, 1, 5, 0x1A, 3, 10, 1, 0xFF]) }?.path == "part.parts[0].name")
        #expect(refusal { try json([0x92, 1, 5, 0x1A, 3, 10, 1, 0xFF]) }?.reason == .invalidUTF8)
    }

    @Test func acceptsWhatProtobufAccepts() throws {
        // Packed where unpacked is declared, and the other way round; an unknown field and an unknown group.
        let bytes: [UInt8] =
            [0xD2, 3, 2, 1, 2] + [0xD8, 2, 7] + [0xA0, 1, 5] + [0xA3, 1, 0x08, 1, 0xA4, 1] + [0x18, 1, 0x18, 2]
        #expect(try json(bytes) == #"{"int32Value":2,"int32s":[7],"unpackedInt32s":[1,2]}"#)
        // Of two singular messages one becomes part of the other; of a oneof the last member stays.
        #expect(try json([0x92, 1, 2, 16, 1, 0x92, 1, 3, 10, 1, 65]) == #"{"part":{"name":"A","count":1}}"#)
        #expect(try json([0xDA, 6, 2, 16, 1, 0xA8, 6, 1]) == #"{"choiceBool":true}"#)
        #expect(try json([0xDA, 6, 2, 16, 1, 0xA8, 6, 1, 0xDA, 6, 0]) == #"{"choicePart":{}}"#)
        // An entry of a map that lacks its key, and one that lacks its value.
        #expect(
            try json([0xC2, 4, 3, 18, 1, 65, 0xC2, 5, 3, 10, 1, 66]) == #"{"byString":{"":"A"},"partMap":{"B":{}}}"#)
    }

    @Test func proto2() throws {
        func bytes(_ json: String) throws -> [UInt8] {
            try Shared.transcoder.protobuf(fromJSON: Array(json.utf8), as: try Shared.transcoder.type("Legacy"))
        }
        let text = #"{"name":"n","number":0,"text":"","closed":"CLOSED_SECOND","unpacked":[1],"packed":[2]}"#
        #expect(
            try Datavault_Test_V1_Legacy(serializedBytes: bytes(text)) == Datavault_Test_V1_Legacy(jsonString: text))
        #expect(try json(try bytes(text), "Legacy") == text)
        #expect(refusal { try bytes("{}") }?.reason == .missingField)
        #expect(refusal { try bytes(#"{"name":"","child":{"child":{}}}"#) }?.path == "child.name")
        #expect(refusal { try bytes(#"{"name":"","closed":3}"#) }?.reason == .unknownEnumValue)
        // On the wire an unknown number of a closed enum is an unknown field.
        #expect(
            try json([10, 0, 0x20, 7, 0x38, 7, 0x38, 2], "Legacy") == #"{"name":"","closedList":["CLOSED_SECOND"]}"#)
    }
}
