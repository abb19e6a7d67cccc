import Foundation
import SwiftProtobuf
import TestContractProtos
import Testing
import Transcoding

/// What somebody sends who looks for the places where readers of JSON disagree.
@Suite struct OddInputTests {
    private let transcoder = Shared.transcoder

    private func reason(_ text: String, _ transcoder: Transcoder = Shared.transcoder) -> TranscodingError.Reason? {
        refusal { try transcoder.sink(text) }?.reason
    }

    private let ignoring = Shared.transcoder { $0.ignoresUnknownFields = true }

    // MARK: Keys

    @Test func aKeyTwice() throws {
        #expect(reason(#"{"int32Value":1,"int32Value":1}"#) == .duplicate)
        #expect(reason(#"{"int32Value":1,"int32_value":1}"#) == .duplicate)
        // The same key, written otherwise.
        #expect(reason(#"{"int32Value":1,"int32\u0056alue":2}"#) == .duplicate)
        #expect(reason(#"{"struct":{"a":1,"\u0061":2}}"#) == .duplicate)
        #expect(reason(#"{"byInt32":{"1":"a","1.0":"b"}}"#) == .duplicate)
        #expect(reason(#"{"byInt64":{"-0":"a","0":"b"}}"#) == .duplicate)
        #expect(reason(#"{"byBool":{"true":"a","true":"b"}}"#) == .duplicate)
        #expect(reason(#"{"any":{"@type":"x/google.protobuf.Empty","@type":"x/google.protobuf.Empty"}}"#) == .duplicate)
        // A null takes nothing, and is there all the same.
        #expect(reason(#"{"int32Value":null,"int32Value":1}"#) == .duplicate)
    }

    @Test func halfASurrogatePair() throws {
        for half in [#"\ud800"#, #"\udc00"#, #"\ud800\ud800"#, #"\udc00\ud800"#, #"\ud800x"#, #"\ud83d\\ude00"#] {
            #expect(reason("{\"stringValue\":\"\(half)\"}") == .invalidUTF8, "\(half)")
            #expect(reason("{\"\(half)\":1}") == .invalidUTF8)
            #expect(reason("{\"struct\":{\"\(half)\":1}}") == .invalidUTF8)
            #expect(reason("{\"unknown\":[\"\(half)\"]}", ignoring) == .invalidUTF8)
        }
        #expect(try transcoder.sink(#"{"stringValue":"\ud83d\ude00"}"#).stringValue == "😀")
    }

    // MARK: Numbers

    @Test(arguments: [
        ("9007199254740993.0", Int64(9_007_199_254_740_993)), ("90071992547409930e-1", 9_007_199_254_740_993),
        ("900719925474099300000000000000000000e-20", 9_007_199_254_740_993), ("9223372036854775807.000", .max),
        ("-9223372036854775808e0", .min), ("0.00000000000000000000000e5", 0), ("-0.0000000000000000000000", 0),
        ("1000000000000000000000000e-6", 1_000_000_000_000_000_000), ("0e999999999999", 0),
    ]) func wholeNumbersAreExact(text: String, value: Int64) throws {
        #expect(try transcoder.sink("{\"int64Value\":\(text)}").int64Value == value)
        #expect(try transcoder.sink("{\"int64Value\":\"\(text)\"}").int64Value == value)
    }

    @Test(arguments: [
        "0.99999999999999999999999", "1.00000000000000000000000001", "9223372036854775807.5", "12345678901234567890e-5",
        "9223372036854775808", "9223372036854775808.0000", "1e19", "100000000000000000000e-1", "1e999999999999",
        "123456789012345678901234567890", "-9223372036854775809", "1e-1", "1e-999999999999",
    ]) func othersAreRefused(text: String) {
        #expect([.invalidValue, .outOfRange].contains(reason("{\"int64Value\":\(text)}")))
    }

    @Test func hugeNumbers() throws {
        let digits = String(repeating: "9", count: 1_000_000)
        #expect(reason("{\"doubleValue\":\(digits)}") == .outOfRange)
        #expect(reason("{\"int64Value\":\(digits)}") == .outOfRange)
        #expect(reason("{\"value\":1e400}") == .outOfRange)
        #expect(reason("{\"value\":-1e99999999999999999999}") == .outOfRange)
        #expect(try transcoder.sink("{\"doubleValue\":0.\(digits)}").doubleValue == 1)
        #expect(try transcoder.sink("{\"doubleValue\":\(digits)e-1000000}").doubleValue == 1)
        #expect(try transcoder.sink("{\"doubleValue\":1e-99999999999999999999}").doubleValue == 0)
    }

    @Test func shortDoublesComeBack() throws {
        // Up to nine places have a way of their own to be written.
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let places = Int.random(in: 0...12, using: &generator)
            let whole = Int64.random(in: -10_000_000_000...10_000_000_000, using: &generator)
            let value = Double("\(whole)e-\(places)") ?? 0
            let text = try transcoder.text(Sink.with { $0.values = [.with { $0.numberValue = value }] })
            let number = text.dropFirst(#"{"values":["#.count).dropLast(2)
            #expect(Double(number) == value)
            #expect(number.count <= "\(value)".count)
        }
    }

    // MARK: Well-known types

    @Test func theLongestDurations() throws {
        for text in ["315576000000.999999999s", "-315576000000.999999999s"] {
            let sink = try transcoder.sink("{\"duration\":\"\(text)\"}")
            #expect(try transcoder.text(sink) == "{\"duration\":\"\(text)\"}")
        }
        #expect(reason(#"{"duration":"315576000001s"}"#) == .outOfRange)
    }

    @Test(arguments: [["a,b"], [""], ["a_"], ["a__b"], ["_A"], ["a_1"], ["A"], ["a\"b"], ["a\u{1}"]])
    func masksThatWouldNotComeBack(paths: [String]) {
        #expect(refusal { try transcoder.text(Sink.with { $0.fieldMask.paths = paths }) }?.reason == .invalidValue)
    }

    @Test func anysWithinAnys() throws {
        /// `depth` Anys within each other, whose types stand behind what they hold: where they are looked for last.
        func nested(_ depth: Int) -> String {
            String(repeating: #"{"value":"#, count: depth) + #"{"@type":"x/google.protobuf.Empty"}"#
                + String(repeating: #","@type":"x/google.protobuf.Any"}"#, count: depth)
        }
        let text = try transcoder.text(try transcoder.sink("{\"any\":\(nested(20))}"))
        #expect(text.contains("google.protobuf.Empty"))
        #expect(refusal { try transcoder.sink("{\"any\":\(nested(3_000))}") }?.limit == "maxDepth")
        #expect(reason(#"{"any":{"@type":"x/none.Such","value":1}}"#) == .unknownType)
        #expect(reason(#"{"any":{"@type":"google.protobuf.Empty"}}"#) == .invalidValue)
        #expect(reason(#"{"any":{"@type":["x/google.protobuf.Empty"]}}"#) == .wrongType)
    }

    // MARK: Parameters

    @Test func pathsIntoListsMapsAndOneofs() throws {
        func build(_ parameters: (String, String)...) throws -> Sink {
            let builder = transcoder.makeMessage(try transcoder.type("KitchenSink"))
            for (name, text) in parameters { try builder.setParameter(name, to: text) }
            return try Sink(serializedBytes: try builder.serialize())
        }
        for path in ["parts.name", "partMap.a.name", "byString.a", "struct.a", "value.stringValue.x", "strings.0"] {
            #expect(refusal { try build((path, "1")) }?.parameter == path, "\(path)")
        }
        #expect(refusal { try build(("choiceInt64", "1"), ("choiceBool", "true")) }?.reason == .duplicate)
        #expect(refusal { try build(("choiceInt64", "1"), ("choicePart.name", "x")) }?.reason == .duplicate)
        #expect(refusal { try build(("choiceInt64", "1"), ("choice_int64", "1")) }?.reason == .duplicate)
        #expect(try build(("choicePart.name", "x"), ("choicePart.count", "2")).choicePart.count == 2)
        #expect(refusal { try build(("flavor", "flavor_sour")) }?.reason == .unknownEnumValue)
        #expect(refusal { try build(("stringValue", "\u{FFFD}"), ("string_value", "b")) }?.reason == .duplicate)
    }

    @Test func aPathThatSaysSomethingElseThanTheBody() throws {
        let type = try transcoder.type("KitchenSink")
        func build(_ body: String, _ name: String, _ text: String) throws -> Sink {
            let builder = transcoder.makeMessage(type)
            try builder.mergeJSON(Array(body.utf8))
            try builder.setPathVariable(try type.path(name), to: text)
            return try Sink(serializedBytes: try builder.serialize())
        }
        let time = #"{"timestamp":"2020-01-01T00:00:00Z","wrappedInt64":"7","choicePart":{"name":"x"}}"#
        #expect(try build(time, "timestamp", "2020-01-01T01:00:00+01:00").timestamp.seconds == 1_577_836_800)
        #expect(refusal { try build(time, "timestamp", "2020-01-02T00:00:00Z") }?.reason == .duplicate)
        #expect(try build(time, "wrappedInt64", "7").wrappedInt64.value == 7)
        #expect(refusal { try build(time, "wrappedInt64", "8") }?.reason == .duplicate)
        #expect(refusal { try build(time, "choiceInt64", "1") }?.reason == .duplicate)
        #expect(refusal { try build(#"{"choiceInt64":"1"}"#, "choicePart.name", "x") }?.reason == .duplicate)
        #expect(try build(time, "choicePart.count", "2").choicePart.name == "x")
    }

    @Test func unknownEnumNames() throws {
        #expect(reason(#"{"flavor":"FLAVOR_SALTY"}"#) == .unknownEnumValue)
        #expect(reason(#"{"flavor":"flavor_sour"}"#) == .unknownEnumValue)
        #expect(reason(#"{"flavorMap":{"a":"FLAVOR_SALTY"}}"#) == .unknownEnumValue)
        let sink = try ignoring.sink(
            #"{"flavor":"SALTY","flavors":["SALTY","FLAVOR_SOUR"],"flavorMap":{"a":"SALTY","b":"FLAVOR_SOUR"}}"#)
        #expect((sink.flavor, sink.flavors, sink.flavorMap) == (.unspecified, [.sour], ["b": .sour]))
        #expect(try transcoder.text(try transcoder.sink(#"{"flavor":77}"#)) == #"{"flavor":77}"#)
    }
}
