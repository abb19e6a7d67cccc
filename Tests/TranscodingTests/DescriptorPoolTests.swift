import SwiftProtobuf
import Testing
import Transcoding

/// Descriptor sets that can be used, and those that cannot.
@Suite struct DescriptorPoolTests {
    private typealias File = Google_Protobuf_FileDescriptorProto
    private typealias Field = Google_Protobuf_FieldDescriptorProto

    private func file(_ name: String = "a.proto", _ build: (inout Google_Protobuf_FileDescriptorProto) -> Void)
        -> Google_Protobuf_FileDescriptorProto
    {
        .with {
            $0.name = name
            $0.package = "p"
            $0.syntax = "proto3"
            build(&$0)
        }
    }

    private func field(
        _ name: String, _ number: Int32, _ type: Google_Protobuf_FieldDescriptorProto.TypeEnum = .int32,
        typeName: String = ""
    ) -> Google_Protobuf_FieldDescriptorProto {
        .with {
            ($0.name, $0.number, $0.type, $0.label) = (name, number, type, .optional)
            if !typeName.isEmpty { $0.typeName = typeName }
        }
    }

    private func message(
        _ name: String, _ fields: [Google_Protobuf_FieldDescriptorProto]
    ) -> Google_Protobuf_DescriptorProto {
        .with { ($0.name, $0.field) = (name, fields) }
    }

    private func refused(
        _ files: [Google_Protobuf_FileDescriptorProto], _ reason: DescriptorError.Reason, _ subject: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        do {
            _ = try DescriptorPool(.with { $0.file = files })
            Issue.record("was not refused", sourceLocation: sourceLocation)
        } catch {
            #expect(error.reason == reason, "\(error)", sourceLocation: sourceLocation)
            #expect(error.subject == subject, "\(error)", sourceLocation: sourceLocation)
        }
    }

    @Test func knowsItsTypes() throws {
        let pool = Shared.pool
        #expect(pool.messageNames.contains("datavault.test.v1.KitchenSink.Part"))
        #expect(!pool.messageNames.contains("datavault.test.v1.KitchenSink.ByStringEntry"))
        #expect(pool.messageType(named: "datavault.test.v1.Nothing") == nil)
        let sink = try #require(pool.messageType(named: "datavault.test.v1.KitchenSink"))
        #expect(sink.field(named: "part")?.messageType?.fullName == "datavault.test.v1.KitchenSink.Part")
        #expect(sink.field(named: "calledOtherwise") == sink.field(named: "renamed"))
        #expect(sink.field(named: "byString")?.isMap == true)
        #expect(sink.fields.map(\.number) == sink.fields.map(\.number).sorted())
    }

    @Test func refusesBytesThatAreNoSet() {
        #expect(throws: DescriptorError.self) { try DescriptorPool(serializedDescriptorSet: [1, 2, 3]) }
    }

    @Test func refusesWhatIsMissing() {
        refused([file { $0.dependency = ["b.proto"] }], .missingImport, "a.proto")
        refused(
            [file { $0.messageType = [message("M", [field("f", 1, .message, typeName: ".p.N")])] }],
            .unknownType, "p.M.f")
    }

    @Test func refusesDuplicates() {
        let empty = message("M", [])
        refused([file { $0.messageType = [empty, empty] }], .duplicate, "p.M")
        refused([file { $0.messageType = [empty] }, file("b.proto") { $0.messageType = [empty] }], .duplicate, "p.M")
        refused([file { _ in }, file { _ in }], .duplicate, "a.proto")
        refused([file { $0.messageType = [message("M", [field("f", 1), field("g", 1)])] }], .duplicate, "p.M.g")
        refused([file { $0.messageType = [message("M", [field("f", 1), field("f", 2)])] }], .duplicate, "p.M.f")
        refused([file { $0.messageType = [message("M", [field("a_b", 1), field("aB", 2)])] }], .duplicate, "p.M.aB")
    }

    @Test func refusesWhatIsInvalid() {
        refused([file { $0.messageType = [message("M", [field("f", 0)])] }], .invalid, "p.M.f")
        refused([file { $0.messageType = [message("M", [field("f", 536_870_912)])] }], .invalid, "p.M.f")
        refused([file { $0.messageType = [message("M\"", [])] }], .invalid, "a.proto")
        refused([file { $0.messageType = [message("M", [field("f\"", 1)])] }], .invalid, "p.M")
        refused(
            [file { $0.messageType = [message("M", [field("f", 1).with { $0.jsonName = "\"" }])] }], .invalid, "p.M.f")
        refused(
            [file { $0.messageType = [message("M", [field("f", 1).with { $0.oneofIndex = 3 }])] }], .invalid, "p.M.f")
        refused([file { $0.enumType = [.with { $0.name = "E" }] }], .invalid, "p.E")
        refused(
            [file { $0.messageType = [message("M", []), message("N", [field("f", 1, .enum, typeName: ".p.M")])] }],
            .invalid, "p.N.f")
        let stamp = File.with {
            ($0.name, $0.package, $0.syntax) = ("t.proto", "google.protobuf", "proto3")
            $0.messageType = [message("Timestamp", [field("seconds", 1, .string)])]
        }
        refused([stamp], .invalid, "google.protobuf.Timestamp")
    }

    @Test func refusesWhatItDoesNotKnow() {
        refused(
            [file { $0.messageType = [message("M", [field("f", 1, .group, typeName: ".p.M")])] }], .unsupported, "p.M.f"
        )
        refused([file { $0.syntax = "editions" }], .unsupported, "a.proto")
    }

    @Test func resolvesRelativeNames() throws {
        var outer = message(
            "Outer", [field("a", 1, .message, typeName: "Inner"), field("b", 2, .message, typeName: "p.M")])
        outer.nestedType = [message("Inner", [])]
        let pool = try DescriptorPool(.with { $0.file = [file { $0.messageType = [outer, message("M", [])] }] })
        let type = try #require(pool.messageType(named: "p.Outer"))
        #expect(type.fields.map { $0.messageType?.fullName } == ["p.Outer.Inner", "p.M"])
    }

    @Test func manyFieldsAndLargeNumbers() throws {
        let fields = (1...300).map { field("f\($0)", $0 * 1_700_000) }
        let pool = try DescriptorPool(.with { $0.file = [file { $0.messageType = [message("Wide", fields)] }] })
        let transcoder = Transcoder(pool: pool)
        let type = try #require(pool.messageType(named: "p.Wide"))
        let json = "{" + (1...300).reversed().map { "\"f\($0)\":\($0)" }.joined(separator: ",") + "}"
        let bytes = try transcoder.protobuf(fromJSON: Array(json.utf8), as: type)
        let back = try transcoder.json(fromProtobuf: bytes, as: type)
        let inOrder = "{" + (1...300).map { "\"f\($0)\":\($0)" }.joined(separator: ",") + "}"
        #expect(String(decoding: back, as: UTF8.self) == inOrder)
        let twice = "{" + (1...300).map { "\"f\($0)\":1," }.joined() + "\"f299\":1}"
        #expect(refusal { try transcoder.protobuf(fromJSON: Array(twice.utf8), as: type) }?.path == "f299")
    }
}

extension Google_Protobuf_FieldDescriptorProto {
    fileprivate func with(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }
}
