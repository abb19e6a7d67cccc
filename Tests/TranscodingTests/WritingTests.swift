import Foundation
import SwiftProtobuf
import TestContractProtos
import Testing
import Transcoding

/// What is written for each kind of value.
@Suite struct WritingTests {
    private func expect(_ json: String, _ build: (inout Sink) throws -> Void) throws {
        let message = try Sink.with(build)
        #expect(try Shared.transcoder.text(message) == json)
        let readBack = try Sink(jsonString: json)
        #expect(readBack == message, "swift-protobuf reads it in another way")
    }

    @Test func scalars() throws {
        try expect(#"{"doubleValue":0.1,"floatValue":0.1,"int32Value":-1,"int64Value":"-2"}"#) {
            ($0.doubleValue, $0.floatValue, $0.int32Value, $0.int64Value) = (0.1, 0.1, -1, -2)
        }
        try expect(#"{"uint32Value":4294967295,"uint64Value":"18446744073709551615","boolValue":true}"#) {
            ($0.uint32Value, $0.uint64Value, $0.boolValue) = (.max, .max, true)
        }
        try expect(#"{"sint32Value":-2147483648,"sint64Value":"-9223372036854775808","bytesValue":"/+8A"}"#) {
            ($0.sint32Value, $0.sint64Value, $0.bytesValue) = (.min, .min, Data([0xFF, 0xEF, 0]))
        }
        try expect(#"{"flavor":"FLAVOR_BITTER","level":"LEVEL_LOW","flavors":["FLAVOR_SOUR",9]}"#) {
            ($0.flavor, $0.level, $0.flavors) = (.bitter, .low, [.sour, .UNRECOGNIZED(9)])
        }
    }

    @Test func floatingPoint() throws {
        #expect(
            try Shared.transcoder.text(Sink.with { $0.doubles = [-0.0, 1, 1e15, 1e300, 1e-300, 123456.789] })
                == #"{"doubles":[-0.0,1,1e+15,1e+300,1e-300,123456.789]}"#)
        #expect(try Shared.transcoder.text(Sink.with { $0.doubleValue = -0.0 }) == #"{"doubleValue":-0.0}"#)
        #expect(
            try Shared.transcoder.text(Sink.with { $0.floats = [.nan, .infinity, -.infinity, 16_777_216] })
                == #"{"floats":["NaN","Infinity","-Infinity",16777216]}"#)
    }

    @Test func strings() throws {
        try expect(#"{"stringValue":"\"\\\b\f\n\r\t\u0001\u001f/é😀\u007f"}"#.replacing(#"\u007f"#, with: "\u{7F}")) {
            $0.stringValue = "\"\\\u{8}\u{C}\n\r\t\u{1}\u{1F}/é😀\u{7F}"
        }
        try expect(#"{"stringValue":"a\u0000b"}"#) { $0.stringValue = "a\0b" }
        for length in 0..<40 {
            let text = String(repeating: "x", count: length) + "\"" + String(repeating: "é", count: length)
            #expect(
                try Shared.transcoder.sink(try Shared.transcoder.text(Sink.with { $0.stringValue = text })).stringValue
                    == text)
        }
    }

    @Test func presence() throws {
        try expect(#"{"optionalInt32":0,"optionalString":"","optionalPart":{},"choiceInt64":"0"}"#) {
            ($0.optionalInt32, $0.optionalString, $0.optionalPart, $0.choiceInt64) = (0, "", .init(), 0)
        }
        try expect(#"{"choiceNull":null}"#) { $0.choiceNull = .nullValue }
    }

    @Test func maps() throws {
        try expect(#"{"byInt64":{"-5":"a"},"byUint32":{"7":"b"},"byBool":{"true":"c"},"byString":{"\n":""}}"#) {
            ($0.byInt64, $0.byUint32, $0.byBool, $0.byString) = ([-5: "a"], [7: "b"], [true: "c"], ["\n": ""])
        }
    }

    @Test func lastOfEqualKeysStays() throws {
        // Two entries of by_string (field 72) with one key, and then twenty of by_int32 with ten keys.
        func entry(_ tag: [UInt8], _ key: [UInt8], _ value: [UInt8]) -> [UInt8] {
            tag + [UInt8(key.count + value.count)] + key + value
        }
        var bytes = entry([0xC2, 4], [10, 1, 97], [18, 1, 49]) + entry([0xC2, 4], [10, 1, 97], [18, 1, 50])
        for index in 0..<20 { bytes += entry([0xEA, 3], [8, UInt8(index % 10)], [18, 1, UInt8(65 + index)]) }
        let type = try Shared.transcoder.type("KitchenSink")
        let json = try Shared.transcoder.json(fromProtobuf: bytes, as: type)
        #expect(try Sink(jsonUTF8Bytes: json) == Sink(serializedBytes: bytes))
    }

    @Test func times() throws {
        try expect(#"{"timestamp":"2006-01-02T15:04:05.120Z","duration":"-0.500s"}"#) {
            $0.timestamp = .init(seconds: 1_136_214_245, nanos: 120_000_000)
            $0.duration = .init(seconds: 0, nanos: -500_000_000)
        }
        try expect(
            #"{"timestamps":["0001-01-01T00:00:00Z","9999-12-31T23:59:59.999999999Z","1969-12-31T23:59:59.000001Z"]}"#
        ) {
            $0.timestamps = [
                .init(seconds: -62_135_596_800), .init(seconds: 253_402_300_799, nanos: 999_999_999),
                .init(seconds: -1, nanos: 1_000),
            ]
        }
    }

    @Test func calendarAgreesWithFoundation() throws {
        // One day in a thousand from year 1 to 9999, and the days around it.
        let type = try Shared.transcoder.type("google.protobuf.Timestamp")
        for day in stride(from: -719_162, through: 2_932_896, by: 997) {
            let stamp = Google_Protobuf_Timestamp(seconds: Int64(day) * 86_400 + 3_723)
            let json = try Shared.transcoder.json(fromProtobuf: stamp.serializedBytes(), as: type)
            #expect(try String(decoding: json, as: UTF8.self) == stamp.jsonString())
            #expect(
                try Google_Protobuf_Timestamp(serializedBytes: Shared.transcoder.protobuf(fromJSON: json, as: type))
                    == stamp)
        }
    }

    @Test func otherWellKnownTypes() throws {
        try expect(#"{"fieldMask":"aB.c,d","struct":{"k":[null,true,-1.5,"s",{}]},"empty":{}}"#) {
            $0.fieldMask = .with { $0.paths = ["a_b.c", "d"] }
            $0.struct = try .init(jsonString: #"{"k":[null,true,-1.5,"s",{}]}"#)
            $0.empty = .init()
        }
        try expect(#"{"value":null,"listValue":[[]],"wrappedInt64":"0","wrappedString":"","wrappedBytes":""}"#) {
            $0.value = try .init(jsonString: "null")
            $0.listValue = try .init(jsonString: "[[]]")
            ($0.wrappedInt64, $0.wrappedString, $0.wrappedBytes) = (0, "", .init(Data()))
        }
    }

    @Test func any() throws {
        let row = try Google_Protobuf_Any(message: Datavault_Test_V1_Row.with { $0.id = 5 })
        #expect(
            try Shared.transcoder.text(Sink.with { $0.any = row })
                == #"{"any":{"@type":"type.googleapis.com/datavault.test.v1.Row","id":"5"}}"#)
        let duration = try Google_Protobuf_Any(message: Google_Protobuf_Duration(seconds: 3))
        #expect(
            try Shared.transcoder.text(Sink.with { $0.any = duration })
                == #"{"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"3s"}}"#)
    }

    @Test func refusesWhatHasNoForm() throws {
        func refuses(_ path: String, _ build: (inout Sink) -> Void) throws {
            let error = refusal { try Shared.transcoder.text(Sink.with(build)) }
            #expect(error?.path == path)
        }
        try refuses("timestamp") { $0.timestamp = .init(seconds: 253_402_300_800) }
        try refuses("duration") { $0.duration = .init(seconds: 1, nanos: -1) }
        try refuses("fieldMask") { $0.fieldMask = .with { $0.paths = ["aB"] } }
        try refuses("values[1]") { $0.values = [1, .init(numberValue: .nan)] }
        try refuses("any") { $0.any = .with { $0.typeURL = "x/no.Such" } }
    }

    @Test func options() throws {
        let message = Sink.with {
            $0.flavor = .sweet
            $0.renamed = "r"
        }
        #expect(
            try Shared.transcoder { $0.writesEnumsAsNumbers = true }.text(message)
                == #"{"flavor":1,"calledOtherwise":"r"}"#)
        #expect(
            try Shared.transcoder { $0.preservesProtoNames = true }.text(message)
                == #"{"flavor":"FLAVOR_SWEET","renamed":"r"}"#)
        let whole = try Shared.transcoder { $0.emitsDefaultValues = true }.text(message)
        #expect(
            whole.contains(#""int64Value":"0""#) && whole.contains(#""strings":[]"#) && whole.contains(#""byBool":{}"#))
        #expect(!whole.contains("optionalInt32") && !whole.contains("choiceBool") && !whole.contains("\"part\""))
        let read = try Sink(jsonString: whole)
        #expect(read == message)
        let ignoring = Shared.transcoder { $0.ignoresUnknownFields = true }
        #expect(
            try ignoring.sink(#"{"no":{"a":[1,{"b":"\n"}]},"int32Value":1,"flavor":"NO","flavors":["NO",1]}"#)
                == Sink.with { ($0.int32Value, $0.flavors) = (1, [.sweet]) })
        #expect(refusal { try ignoring.sink(#"{"no":[1 2]}"#) }?.reason == .malformedJSON)
    }
}
