import Foundation
import SwiftProtobuf
import TestContractProtos
import Testing
import Transcoding

/// Messages put together of a body and parameters.
@Suite struct BuilderTests {
    private let transcoder = Shared.transcoder

    private func build(_ body: (MessageBuilder) throws -> Void) throws -> Sink {
        let builder = transcoder.makeMessage(try transcoder.type("KitchenSink"))
        try body(builder)
        return try Sink(serializedBytes: try builder.serialize())
    }

    private func path(_ text: String) throws -> FieldPath { try transcoder.type("KitchenSink").path(text) }

    @Test func setsParametersOfEveryKind() throws {
        let sink = try build {
            for (name, text) in [
                ("part.owner.email", "a@b.c"), ("part.count", "-5"), ("int64_value", "9"), ("doubleValue", "1e3"),
                ("floatValue", "NaN"), ("boolValue", "true"), ("bytesValue", "_w"), ("flavor", "FLAVOR_SOUR"),
                ("level", "100000"), ("strings", "a"), ("strings", "b,c"), ("int32s", "1"), ("int32s", "2"),
                ("flavors", "FLAVOR_SWEET"), ("timestamp", "2020-01-01T00:00:00Z"), ("duration", "1.5s"),
                ("fieldMask", "a,bC"), ("wrappedInt64", "7"), ("wrappedString", ""),
                ("timestamps", "1970-01-01T00:00:01Z"),
                ("choiceString", "c"), ("optionalInt32", "0"), ("stringValue", "\u{0}ü"), ("bytesList", "AA=="),
            ] { try $0.setParameter(name, to: text) }
        }
        var expected = Sink()
        expected.part = .with {
            $0.owner.email = "a@b.c"
            $0.count = -5
        }
        (expected.int64Value, expected.doubleValue, expected.boolValue) = (9, 1_000, true)
        expected.floatValue = .nan
        (expected.bytesValue, expected.flavor, expected.level) = (.init([0xFF]), .sour, .high)
        (expected.strings, expected.int32S, expected.flavors) = (["a", "b,c"], [1, 2], [.sweet])
        expected.timestamp = .init(seconds: 1_577_836_800)
        expected.duration = .init(seconds: 1, nanos: 500_000_000)
        expected.fieldMask = .with { $0.paths = ["a", "b_c"] }
        (expected.wrappedInt64, expected.wrappedString) = (7, "")
        (expected.timestamps, expected.choiceString) = ([.init(seconds: 1)], "c")
        (expected.optionalInt32, expected.stringValue, expected.bytesList) = (0, "\u{0}ü", [.init([0])])
        #expect(sink.floatValue.isNaN)
        var comparable = sink
        (comparable.floatValue, expected.floatValue) = (0, 0)
        #expect(comparable == expected)
    }

    @Test(arguments: [
        ("nothing", "1", TranscodingError.Reason.unknownField), ("part.nothing", "1", .unknownField),
        ("int32Value.x", "1", .invalidPath), ("parts.count", "1", .invalidPath), ("", "1", .unknownField),
        ("part..count", "1", .unknownField), ("int32Value", "x", .invalidValue), ("int32Value", "", .invalidValue),
        ("int32Value", "2147483648", .outOfRange), ("boolValue", "1", .invalidValue),
        ("flavor", "x", .unknownEnumValue),
        ("timestamp", "today", .invalidValue), ("part", "{}", .wrongType), ("byString", "x", .wrongType),
        ("struct", "{}", .wrongType), ("bytesValue", "!", .invalidValue), ("wrappedBool", "x", .invalidValue),
    ])
    func refusesParameters(_ name: String, _ text: String, _ reason: TranscodingError.Reason) throws {
        let error = refusal { try build { try $0.setParameter(name, to: text) } }
        #expect(error?.reason == reason)
        #expect(error?.parameter == name)
        #expect(error?.description.contains("\"\(name)\"") == true)
    }

    @Test func refusesWhatIsSetTwice() throws {
        #expect(
            refusal {
                try build {
                    try $0.setParameter("int32Value", to: "1")
                    try $0.setParameter("int32_value", to: "1")
                }
            }?.reason == .duplicate)
        #expect(
            refusal {
                try build {
                    try $0.setParameter("choiceBool", to: "true")
                    try $0.setParameter("choiceString", to: "x")
                }
            }?.reason == .duplicate)
        #expect(
            refusal {
                try build {
                    try $0.mergeJSON(Array(#"{"int32Value":1}"#.utf8))
                    try $0.setParameter("int32Value", to: "1")
                }
            }?.reason == .duplicate)
    }

    @Test func bodyAndPath() throws {
        let name = try path("part.name")
        let sink = try build {
            try $0.mergeJSON(Array(#"{"name":"n","count":3}"#.utf8), at: try path("part"))
            try $0.setPathVariable(name, to: "n")
            try $0.setParameter("int32Value", to: "7")
        }
        #expect(
            sink
                == Sink.with {
                    $0.part.name = "n"
                    $0.part.count = 3
                    $0.int32Value = 7
                })
        let error = refusal {
            try build {
                try $0.mergeJSON(Array(#"{"name":"other"}"#.utf8), at: try path("part"))
                try $0.setPathVariable(name, to: "n")
            }
        }
        #expect(error?.reason == .duplicate)
        #expect(error?.parameter == "part.name")
    }

    @Test func bodyInFieldsOfEveryShape() throws {
        #expect(try build { try $0.mergeJSON(Array("[1,2]".utf8), at: try path("int32s")) }.int32S == [1, 2])
        #expect(
            try build { try $0.mergeJSON(Array(#"{"a":"b"}"#.utf8), at: try path("byString")) }.byString == ["a": "b"])
        #expect(
            try build { try $0.mergeJSON(Array("\"x\"".utf8), at: try path("part.owner.email")) }.part.owner.email
                == "x")
        #expect(try build { try $0.mergeJSON(Array("null".utf8), at: try path("part")) } == Sink())
        #expect(try build { try $0.mergeJSON(Array("null".utf8), at: try path("value")) }.value == nil)
        let error = refusal {
            try build { try $0.mergeJSON(Array(#"{"parts":[{"x":1}]}"#.utf8), at: try path("part")) }
        }
        #expect(error?.path == "parts[0].x")
    }

    @Test func masks() throws {
        let builder = transcoder.makeMessage(try transcoder.type("KitchenSink"))
        let body = #"""
            {"int32Value":1,"part":{"name":"a","owner":{"displayName":null,"email":"x"},"parts":[{"count":1}]},
             "byString":{"a":"b"},"struct":{"z":1},"child":{},"strings":[],"timestamp":null,"optionalPart":{"owner":{}}}
            """#
        try builder.mergeJSON(Array(body.utf8), at: try path("child"), recordsMask: true)
        let expected = [
            "int32_value", "part.name", "part.owner.display_name", "part.owner.email", "part.parts", "by_string",
            "struct", "child", "strings", "timestamp", "optional_part.owner",
        ]
        #expect(builder.presentPaths == expected)
        try builder.setMaskIfEmpty(try path("fieldMask"))
        #expect(try Sink(serializedBytes: try builder.serialize()).fieldMask.paths == expected)
        #expect(refusal { try builder.setMaskIfEmpty(try path("part")) }?.reason == .invalidPath)
    }

    @Test func aMaskThatIsGivenStays() throws {
        let sink = try build {
            try $0.mergeJSON(Array(#"{"int32Value":1}"#.utf8), recordsMask: true)
            try $0.setParameter("fieldMask", to: "stringValue")
            try $0.setMaskIfEmpty(try path("fieldMask"))
        }
        #expect(sink.fieldMask.paths == ["string_value"])
    }

    @Test func responseBody() throws {
        let type = try transcoder.type("KitchenSink")
        let bytes: [UInt8] = try Sink.with {
            $0.part.owner.email = "e"
            $0.int32S = [1]
        }.serializedBytes()
        func field(_ name: String) throws -> String {
            String(decoding: try transcoder.json(fromProtobuf: bytes, as: type, field: try path(name)), as: UTF8.self)
        }
        #expect(try field("part.owner") == #"{"email":"e"}"#)
        #expect(try field("part.owner.email") == #""e""#)
        #expect(try field("int32s") == "[1]")
        #expect(try field("strings") == "[]")
        #expect(try field("child") == "null")
        #expect(try field("child.part") == "null")
        #expect(try field("int64Value") == #""0""#)
        #expect(try field("choiceString") == "null")
        #expect(try field("flavor") == #""FLAVOR_UNSPECIFIED""#)
    }
}
