import Foundation
import TestContractProtos
import Testing

@testable import Gateway

/// Every kind of rule that the contract has, as the document tells it.
@Suite struct OpenAPIRuleTests {
    private let properties: [String: [String: Any]]
    private let schema: [String: Any]

    init() throws {
        var schemas = OpenAPISchemas(try DescriptorIndex([EdgeBed.descriptorSet]))
        _ = schemas.reference("datavault.test.v1.Rules")
        let json = try JSONSerialization.jsonObject(with: Data(schemas.components().bytes))
        schema = try #require((json as? [String: Any])?["test.v1.Rules"] as? [String: Any])
        properties = try #require(schema["properties"] as? [String: [String: Any]])
    }

    private func field(_ name: String) throws -> [String: Any] { try #require(properties[name], "\(name)") }

    private func takes(_ field: [String: Any], _ text: String) throws -> Bool {
        let pattern = try #require(field["pattern"] as? String)
        return try Regex(pattern).firstMatch(in: text) != nil
    }

    @Test func integers() throws {
        let least = try field("least")
        #expect(least["minimum"] as? Int == -5)
        #expect(least["maximum"] as? Int == Int(Int32.max))
        // Required and without presence: zero is none.
        #expect((least["not"] as? [String: Any])?["const"] as? Int == 0)
        let greatest = try field("greatest")
        #expect(greatest["x-datavault-maximum"] as? String == "1000000")
        #expect(try takes(greatest, "1000000"))
        #expect(try takes(greatest, "-9223372036854775808"))
        #expect(try !takes(greatest, "1000001"))
        let both = try field("both")
        #expect(both["minimum"] as? Int == 1 && both["maximum"] as? Int == 10)
        let present = try field("present")
        #expect(present["x-datavault-minimum"] as? String == "1")
        #expect(try !takes(present, "0"))
        #expect(try takes(present, "1"))
        #expect(present["not"] == nil)
    }

    @Test func realsAndTruthValues() throws {
        #expect(try field("ratio")["minimum"] as? Double == 0.5)
        #expect(try field("choice")["const"] == nil)
    }

    @Test func textsAndBytes() throws {
        let key = try field("key")
        // 16 to 32 bytes in base64, with or without padding.
        #expect(key["minLength"] as? Int == 22)
        #expect(key["maxLength"] as? Int == 44)
        #expect(key["format"] as? String == "password")
        let quoted = try field("quoted")
        #expect(quoted["maxLength"] as? Int == 20)
        #expect(try takes(quoted, "\"ab\\c\"#"))
        #expect(try !takes(quoted, "ab"))
        let email = try #require(try field("emails")["items"] as? [String: Any])
        #expect(email["format"] as? String == "email" && email["maxLength"] as? Int == 254)
        for text in ["a@b", "a.b+c@d-e.example"] { #expect(try takes(email, text)) }
        for text in ["\"a b\"@c", "a@[192.0.2.1]", "a..b@c", "a@-b", "a@b-", "@b", "a@"] {
            #expect(try !takes(email, text), "\(text)")
        }
    }

    @Test func durations() throws {
        let length = try field("length")
        #expect(length["x-datavault-maximum"] as? String == "1.500s")
        #expect(try takes(length, "1.5s"))
        #expect(try takes(length, "-7s"))
        #expect(try !takes(length, "3s"))
    }

    @Test func listsAndMaps() throws {
        let numbers = try field("numbers")
        #expect(numbers["maxItems"] as? Int == 3)
        #expect(try takes(try #require(numbers["items"] as? [String: Any]), "9"))
        #expect(try !takes(try #require(numbers["items"] as? [String: Any]), "10"))
        let flags = try field("flags")
        #expect(flags["minItems"] as? Int == 2 && flags["maxItems"] as? Int == 3)
        let visits = try field("visits")
        #expect(visits["maxProperties"] as? Int == 2)
        #expect((visits["additionalProperties"] as? [String: Any])?["minimum"] as? Int == 1)
        #expect((visits["propertyNames"] as? [String: Any])?["format"] as? String == "email")
        let books = try #require(try field("books")["propertyNames"] as? [String: Any])
        #expect(books["maxLength"] as? Int == 63)
        let marks = try #require(try field("marks")["propertyNames"] as? [String: Any])
        #expect(try takes(marks, "100"))
        #expect(try !takes(marks, "101"))
    }

    @Test func whatIsRequired() throws {
        #expect(
            Set(try #require(schema["required"] as? [String]))
                == ["least", "present", "choice", "key", "flags", "attributes"])
        // A required choice and a free one.
        let choices = try #require(schema["allOf"] as? [[String: Any]])
        #expect(choices.map { ($0["oneOf"] as? [Any])?.count } == [2, 4])
    }
}
